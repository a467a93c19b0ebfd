"""docs/integrators.md tried as a new integrator would: every command of the page, in its order."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from jaringan_usaha.cli.own_service import OwnService

from .conftest import ROOT

PAGE = (ROOT / "docs" / "integrators.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
CYCLE, KOPERASI = "bandung-ronde-2", "kop-sukarasa"


@pytest.fixture(scope="module")
def scene(running: OwnService) -> None:
    """What the demo leaves behind, as far as the page speaks of it."""
    now = datetime.now(UTC)
    price = {"item_id": "minyakita", "tiers": [{"from_quantity": 1, "idr": 14_000}]}
    bodies = {
        f"koperasi/{KOPERASI}": {"title": "Koperasi satu"},
        "suppliers/bulog": {"title": "Perum Bulog"},
        "items/minyakita": {"title": "Minyakita", "base_unit": "LTR", "case_size": 12},
        "price-lists/minyakita": {
            "supplier_id": "bulog",
            "valid_from_on": "2026-01-01",
            "tier_mode": "all_units",
            "rows": [price],
        },
        f"cycles/{CYCLE}": {
            "title": "Ronde 2",
            "opens_at": (now - timedelta(minutes=1)).isoformat(),
            "closes_at": (now + timedelta(days=1)).isoformat(),
            "priced_on": now.date().isoformat(),
        },
    }
    with httpx2.Client(
        base_url=running.url, headers={"Authorization": f"Bearer {running.keys[0]}"}
    ) as operator:
        for path, body in bodies.items():
            done = operator.put(f"/v1/{path}", json=body)
            assert done.status_code in (200, 201), done.text


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """As it lies at an integrator's after `make demo`."""
    there = tmp_path / "repository"
    there.mkdir()
    (there / "src").symlink_to(ROOT / "src")
    (there / ".venv").symlink_to(sys.prefix)
    return there


def test_the_page_says_what_happens(
    scene: None, running: OwnService, repository: Path, tmp_path: Path
) -> None:
    place = f"URL={running.url}\nKEY={running.keys[0]}\nHERE={repository}\n"
    assert COMMANDS[0].startswith("URL=http://127.0.0.1:8000\nKEY=ju_live_")
    variables, said = place, []
    for command in COMMANDS[1:]:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", variables + command],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
        variables += "".join(re.findall(r"^ORDER=.*\n", command, re.MULTILINE))
        variables += "".join(
            f"POSITION={position}\n" for position in re.findall(r'"position":(\d+)', done.stdout)
        )
    placed, changed, shown, cancelled, margin, synced, operation, snapshot, till = said
    assert "201 Created" in placed
    assert 'etag: "v1"' in placed
    assert "200 OK" in changed
    assert 'etag: "v2"' in changed
    assert '"quantity":132' in shown.replace(" ", "")
    assert "200 OK" in cancelled
    assert 'etag: "v3"' in cancelled
    assert "landed_saving_idr" in json.loads(margin)["totals"]
    first, second = synced.splitlines()
    assert '"status":201' in first
    assert '"code":"cycle-unknown"' in second
    assert '"done"' in operation
    assert "/v1/changes?cursor=" in json.loads(snapshot)["next"]
    assert "Synced(settled=3, waiting=0, trouble='')" in till
    assert "refused: " in till
    assert "no-such-cycle" in till
    assert "/v1/orders" in till
