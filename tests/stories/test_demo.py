"""`jaringan demo` as people run it: it ends well, its sums agree, and its curl works."""

import asyncio
import copy
import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from rich.console import Console

from databases import make_template
from jaringan_usaha import house
from jaringan_usaha.api.access.issuing import Wanted, issue
from jaringan_usaha.api.door import Door
from jaringan_usaha.app import create_app
from jaringan_usaha.client.service import Service
from jaringan_usaha.demo import ordering
from jaringan_usaha.demo.goods import BY_ID
from jaringan_usaha.demo.ordering import Reached
from jaringan_usaha.demo.places import koperasi_ids
from jaringan_usaha.demo.result import (
    CEILING,
    COSTS,
    DEBIT,
    ORDERS,
    PARTIES,
    TIER,
    Result,
)
from jaringan_usaha.demo.scene import Scene
from jaringan_usaha.demo.stage import Stage
from jaringan_usaha.demo.story import CLOSED_CYCLE
from jaringan_usaha.demo.tills import Tills
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.database import WORKER, open_pool
from jaringan_usaha.eventlog.projector import Projector
from logins import listening, serving
from service import NETWORK, settings_for

PATIENCE_SECONDS = 180
TABLES = ("Perum Bulog", "Indofood", "Unilever", "SB Mart", "Semua / all 100")
CHECKS = {ORDERS, COSTS, PARTIES, TIER, CEILING, DEBIT}
OF_THIS_RUN = {"position", "placed_position", "recorded_at", "as_of", "at"}

Told = dict[str, Any]


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """Where the demo keeps what it throws away; the service's account must get in."""
    folder = Path(tempfile.mkdtemp(prefix="jaringan-story-"))
    folder.chmod(0o755)
    yield folder
    assert list(folder.iterdir()) == []
    folder.rmdir()


@pytest.fixture(scope="module")
def told(place: Path) -> Told:
    """The story, told once."""
    return told_once(place)


def demo(place: Path, *options: str, first: str = "") -> "subprocess.Popen[str]":
    """The command, as another process; `first`: what is done there before."""
    kept = {name: at for name, at in os.environ.items() if not name.startswith("JARINGAN_")}
    run = f"{first}; import runpy; runpy.run_module('jaringan_usaha', run_name='__main__')"
    program = ["-c", run] if first else ["-m", "jaringan_usaha"]
    return subprocess.Popen(
        [sys.executable, *program, "demo", "--fast", *options],
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


def told_once(place: Path) -> Told:
    telling = demo(place, "--once", "--json")
    stdout, stderr = telling.communicate(timeout=PATIENCE_SECONDS)
    assert telling.returncode == 0, stderr
    until(lambda: processes_in(place) == [])
    found: Told = json.loads(stdout)
    return found


def as_result(told: Told) -> Result:
    """What was told in JSON, as it was before; without the reasons."""
    return Result(
        cycle_id=told["cycle_id"],
        suppliers=told["suppliers"],
        koperasi=told["koperasi"],
        figures=told["items"],
        totals=told["total"],
        shortfalls=told["shortfalls"],
        invoices=told["invoices"],
        debit_notes=told["debit_notes"],
        charges=told["charges"],
        shares=told["shares"],
        balance=told["trial_balance"],
        why=(),
        orders=told["orders"],
        reached=Reached(**told["last_order"]),
        too_dear=told["too_dear_sale"],
    )


def without_this_run(value: Any) -> Any:
    """Without positions of the log and times."""
    match value:
        case dict():
            return {
                name: without_this_run(each)
                for name, each in value.items()
                if name not in OF_THIS_RUN
            }
        case list():
            return [without_this_run(each) for each in value]
    return value


def test_once_ends_with_sums_that_agree(told: Told) -> None:
    assert told["checks"] == dict.fromkeys(CHECKS, True)
    suppliers, koperasi, total = told["suppliers"], told["koperasi"], told["total"]
    assert {each["title"] for each in suppliers} == {
        "Perum Bulog",
        "Indofood",
        "Unilever",
        "SB Mart",
    }
    assert len(koperasi) == 100
    ordered = [line["amount_idr"] for each in suppliers for line in each["lines"]]
    assert sum(ordered) == sum(each["ordered_idr"] for each in koperasi) == total["ordered_idr"]
    for name in ("saving_idr", "landed_saving_idr", "landed_idr", "revenue_idr", "margin_idr"):
        assert sum(each[name] for each in koperasi) == total[name]
        assert all(each[name] > 0 for each in koperasi), name
    assert total["margin_idr"] == total["revenue_idr"] - total["landed_idr"]
    balance = told["trial_balance"]
    assert balance["debit_idr"] == balance["credit_idr"] >= told["shares"]["paid_idr"] > 0
    assert told["api"] is None


def test_the_last_order_reaches_the_tier(told: Told) -> None:
    last = told["last_order"]
    (line,) = (
        line
        for supplier in told["suppliers"]
        for line in supplier["lines"]
        if line["item_id"] == last["item_id"]
    )
    assert line["quantity"] == last["before"] + last["lacking"] == 16_800
    assert (line["price_idr"], line["amount_idr"]) == (12_613, 16_800 * 12_613)
    assert last["less_idr"] == last["before"] * 13_063 - line["amount_idr"] > 0
    wanted = told["orders"]["minyakita"]
    assert list(wanted)[-1] == last["koperasi_id"]
    assert wanted[last["koperasi_id"]] == last["lacking"]


@pytest.fixture(scope="module")
def template(postgres: EmbeddedServer) -> str:
    """A migrated database with one network."""
    return make_template(postgres, "template_demo", house.event_types(), house.topics(), [NETWORK])


async def test_a_slow_machine_reaches_the_tier_too(database: str) -> None:
    """Nothing is shown before a second has gone by in which nobody recorded anything: the last
    order is what is lacking then."""
    app = create_app(settings_for(database, rate_factor=0))
    titles = koperasi_ids()
    async with listening() as (listener, url), serving(app, listener):
        door: Door = app.state.door
        operator, *keys = [
            await issue(door.write_pool, door.clock, NETWORK, wanted)
            for wanted in (Wanted("operator"), *(Wanted("koperasi", each) for each in titles))
        ]
        async with (
            await open_pool(database, most=2, role=WORKER) as worker,
            Service(url, operator) as service,
            Tills(url, dict(zip(titles, keys, strict=True))) as tills,
        ):
            projector = Projector(worker, house.event_types(), house.PROJECTIONS)

            async def fold_late() -> None:
                before = -1
                while True:
                    head = await door.log(NETWORK).head()
                    if head == before:
                        await projector.catch_up(NETWORK)
                    before = head
                    await asyncio.sleep(1)

            folding = asyncio.create_task(fold_late())
            stage = Stage(Console(file=io.StringIO()), pause_seconds=0)
            scene = Scene(service, tills, stage, titles)
            await ordering.join(scene)
            await ordering.agree(scene)
            await ordering.open_cycle(scene, CLOSED_CYCLE, "Ronde")
            orders, last = await ordering.order_round(scene, CLOSED_CYCLE, "Ronde")
            folding.cancel()
    best = BY_ID[last.item_id].steps[-1].from_quantity
    assert sum(orders[last.item_id].values()) == last.before + last.lacking == best


def test_one_delivery_comes_in_parts_and_one_falls_short(told: Told) -> None:
    receipts = {each["supplier_id"]: each["delivery"]["receipts"] for each in told["suppliers"]}
    assert receipts == {"bulog": 2, "indofood": 1, "sb-mart": 1, "unilever": 1}
    (short,) = told["shortfalls"]
    assert (short["item_id"], short["short"], short["rejected"]) == ("mi-instan", 3_040, 240)
    assert short["final"]
    rows = [row for row in told["items"] if row["item_id"] == "mi-instan"]
    assert sum(row["units"] for row in rows) == short["accepted"] == short["ordered"] - 3_040
    for row in rows:
        exact = row["expected_units"] * short["accepted"] / short["ordered"]
        assert abs(row["units"] - exact) < 1


def test_what_never_came_is_claimed_back_and_freight_comes_late(told: Told) -> None:
    (note,) = told["debit_notes"]
    assert (note["supplier_id"], note["reason"]) == ("indofood", "over_billed")
    assert (note["goods_idr"], note["ppn_idr"]) == (3_040 * 2_850, 953_040)
    (charge,) = told["charges"]
    assert (charge["bill_no"], charge["amount_idr"]) == (2, 9_640_000)
    assert sum(row["freight_idr"] for row in told["items"]) == 9_640_000
    fees = told["fees"]
    assert fees["consortium_idr"] + fees["host_idr"] == told["total"]["fee_idr"]
    assert abs(fees["consortium_idr"] * 40 - fees["host_idr"] * 60) < 1_000
    assert told["too_dear_sale"] == "het-exceeded"


def test_three_koperasi_are_told_why(told: Told) -> None:
    tier, short, freight = told["why"]
    assert [each["kind"] for each in told["why"]] == ["tier", "shortfall", "freight"]
    assert f"dicapai oleh {tier['title']}" in tier["id"]
    assert tier["koperasi_id"] == told["last_order"]["koperasi_id"]
    (row,) = (
        row
        for row in told["items"]
        if (row["koperasi_id"], row["item_id"]) == (short["koperasi_id"], "mi-instan")
    )
    least = row["expected_units"] - row["units"]
    assert f"{least} unit dari jatah" in short["id"]
    assert f"{least} units of your" in short["en"]
    assert "Rp9.000.000" in freight["id"]
    assert "Rp9.640.000" in freight["id"]


def test_a_second_telling_is_the_same(told: Told, place: Path) -> None:
    assert without_this_run(told_once(place)) == without_this_run(told)


@pytest.mark.parametrize(
    ("at", "checks"),
    [
        (("suppliers", 0, "lines", 0, "quantity"), {ORDERS}),
        (("suppliers", 0, "lines", 0, "alone_idr"), {ORDERS}),
        (("suppliers", 1, "amount_idr"), {PARTIES}),
        *(
            (("items", 17, name), {COSTS})
            for name in ("units", "alone_idr", "goods_idr", "freight_idr", "fee_idr", "ppn_idr")
        ),
        (("koperasi", 3, "margin_idr"), {COSTS}),
        (("koperasi", 3, "landed_idr"), {COSTS}),
        (("total", "revenue_idr"), {COSTS}),
        (("total", "freight_idr"), {COSTS, PARTIES}),
        (("invoices", "owed_idr"), {PARTIES}),
        (("debit_notes", 0, "ppn_idr"), {PARTIES}),
        (("charges", 0, "shared_idr"), {PARTIES}),
        (("orders", "garam", "kop-dago"), {ORDERS, COSTS, PARTIES}),
        (("last_order", "lacking"), {TIER}),
        (("trial_balance", "credit_idr"), {DEBIT}),
    ],
)
def test_a_planted_rupiah_is_found(told: Told, at: tuple[str | int, ...], checks: set[str]) -> None:
    planted: Any = copy.deepcopy(told)
    within = planted
    for step in at[:-1]:
        within = within[step]
    within[at[-1]] = within.get(at[-1], 0) + 1
    found = as_result(planted).checks
    assert {name for name, holds in found.items() if not holds} == checks
    assert all(as_result(told).checks.values())


def test_a_sale_above_the_ceiling_that_is_not_refused_is_found(told: Told) -> None:
    found = as_result({**told, "too_dear_sale": ""}).checks
    assert [name for name, holds in found.items() if not holds] == [CEILING]


def test_it_fails_when_a_sum_does_not_agree(place: Path) -> None:
    """One rupiah of freight that nobody agreed to."""
    first = "from jaringan_usaha.demo import billing; billing.LATE_FREIGHT_IDR += 1"
    telling = demo(place, "--once", "--json", first=first)
    stdout, stderr = telling.communicate(timeout=PATIENCE_SECONDS)
    assert telling.returncode == 1
    assert "the sums do not agree" in stderr
    checks = json.loads(stdout)["checks"]
    assert {name for name, holds in checks.items() if not holds} == {COSTS, PARTIES}


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

    (login,) = re.findall(r"^Masuk / log in: (\S+) .*eko pengawas", shown, re.MULTILINE)
    assert approvals_seen_by("eko", login)["totals"] == {"rows": 0, "amount_idr": 0}

    told.send_signal(signal.SIGINT)
    _, stderr = told.communicate(timeout=PATIENCE_SECONDS)
    assert told.returncode == 0, stderr
    assert "nothing is left running" in stderr
    assert "Traceback" not in stderr
    until(lambda: processes_in(place) == [])


def approvals_seen_by(person: str, login: str) -> Told:
    """What the service shows to somebody who logs in as a browser does."""

    def cookie(answer: httpx2.Response) -> dict[str, str]:
        return {"cookie": answer.headers.get_list("set-cookie")[-1].partition(";")[0]}

    with httpx2.Client() as browser:
        begun = browser.get(login)
        assert begun.status_code == 302, begun.text
        place = begun.headers["location"]
        assert person in browser.get(place).text
        chosen = browser.get(f"{place}&person={person}&amr=pwd+otp")
        back = browser.get(chosen.headers["location"], headers=cookie(begun))
        assert 'url=/v1/me"' in back.text, back.text
        seen = browser.get(login.replace("/auth/login", "/v1/approvals"), headers=cookie(back))
    assert seen.status_code == 200, seen.text
    found: Told = seen.json()
    return found


def test_kill_9_leaves_nothing_running(place: Path) -> None:
    told = demo(place)
    assert told.stdout
    while not told.stdout.readline().startswith("curl "):
        pass
    assert processes_in(place)
    told.kill()
    told.communicate(timeout=PATIENCE_SECONDS)
    until(lambda: processes_in(place) == [])
    left = list(place.iterdir())  # nobody was there to remove the data and the tills' journals
    assert len(left) == 2
    subprocess.run(["rm", "-r", *left], check=True)
