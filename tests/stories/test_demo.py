"""`jaringan demo` as people run it: it ends well, its sums agree, and its curl works."""

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PATIENCE_SECONDS = 180
TABLES = ("Perum Bulog", "Indofood", "Unilever", "SB Mart", "Semua / all 100")


@pytest.fixture
def place() -> Iterator[Path]:
    """Where the demo keeps what it throws away; the service's account must get in."""
    folder = Path(tempfile.mkdtemp(prefix="jaringan-story-"))
    folder.chmod(0o755)
    yield folder
    assert list(folder.iterdir()) == []
    folder.rmdir()


def demo(place: Path, *options: str) -> "subprocess.Popen[str]":
    kept = {name: at for name, at in os.environ.items() if not name.startswith("JARINGAN_")}
    return subprocess.Popen(
        [sys.executable, "-m", "jaringan_usaha", "demo", "--fast", *options],
        env={**kept, "TMPDIR": str(place), "COLUMNS": "120"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until(happens: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happens():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def processes_in(place: Path) -> list[str]:
    """Everything whose command line or environment names this place."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                seen = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except OSError:  # it ended while we looked
                continue
            if os.fsencode(place) in seen:
                found.append(seen.decode(errors="replace"))
    return found


def test_once_ends_with_sums_that_agree(place: Path) -> None:
    told = demo(place, "--once", "--json")
    stdout, stderr = told.communicate(timeout=PATIENCE_SECONDS)
    assert told.returncode == 0, stderr
    result = json.loads(stdout)
    assert result["checks"] == {
        "equal_to_separate_calculation": True,
        "suppliers_equal_koperasi": True,
        "debit_equals_credit": True,
    }
    suppliers, koperasi, total = result["suppliers"], result["koperasi"], result["total"]
    assert {each["title"] for each in suppliers} == {
        "Perum Bulog",
        "Indofood",
        "Unilever",
        "SB Mart",
    }
    assert len(koperasi) == 100
    for name in ("amount_idr", "alone_idr"):
        lines = [line[name] for each in suppliers for line in each["lines"]]
        assert sum(lines) == sum(each[name] for each in koperasi) == total[name]
    assert total["saving_idr"] == sum(each["saving_idr"] for each in koperasi) > 0
    assert all(each["saving_idr"] > 0 for each in koperasi)
    balance = result["trial_balance"]
    assert balance["debit_idr"] == balance["credit_idr"] >= result["shares"]["paid_idr"] > 0
    assert result["api"] is None
    until(lambda: processes_in(place) == [])


def test_it_stays_until_ctrl_c_and_the_curl_that_it_prints_works(place: Path) -> None:
    told = demo(place, "--port", "8640")
    assert told.stdout
    shown, commands = "", []
    while len(commands) < 3:
        line = told.stdout.readline()
        assert line, told.communicate()[1]
        shown += line
        if line.startswith("curl "):
            commands.append(line.strip())
    assert all(each in shown for each in TABLES)
    assert "debit Rp" in shown
    assert " = kredit Rp" in shown
    listing, placing, totals = commands
    orders = json.loads(subprocess.check_output(shlex.split(listing), text=True))["items"]
    assert len(orders) == 4
    first = json.loads(subprocess.check_output(shlex.split(placing), text=True))
    again = json.loads(subprocess.check_output(shlex.split(placing), text=True))
    assert first == again
    assert first["version"] == 1
    counted = json.loads(subprocess.check_output(shlex.split(totals), text=True))["items"]
    assert "minyakita" in {each["item_id"] for each in counted}

    told.send_signal(signal.SIGINT)
    _, stderr = told.communicate(timeout=PATIENCE_SECONDS)
    assert told.returncode == 0, stderr
    assert "nothing is left running" in stderr
    assert "Traceback" not in stderr
    until(lambda: processes_in(place) == [])


def test_kill_9_leaves_nothing_running(place: Path) -> None:
    told = demo(place)
    assert told.stdout
    while not told.stdout.readline().startswith("curl "):
        pass
    assert processes_in(place)
    told.kill()
    told.communicate(timeout=PATIENCE_SECONDS)
    until(lambda: processes_in(place) == [])
    (left,) = place.iterdir()  # nobody was there to remove it
    subprocess.run(["rm", "-r", left], check=True)
