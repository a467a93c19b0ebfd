"""The import contracts bite: one forbidden import planted for each, on a copy of the tree."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = [
    contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
]
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"

PLANTED = {
    "floors": ("kernel/money.py", "import jaringan_usaha.settings"),
    "features follow the goods, never back": (
        "features/catalog/views.py",
        "import jaringan_usaha.features.cycles.events",
    ),
    "features share events and nothing else": (
        "features/cycles/views.py",
        "import jaringan_usaha.features.catalog.domain",
    ),
    "rules are pure: no driver, no framework, no log": (
        "features/cycles/group/consolidation.py",
        "import fastapi",
    ),
    "only eventlog names the driver and the event-sourcing library": (
        "api/paging.py",
        "import asyncpg",
    ),
    "only what speaks to a running service names the HTTP client": (
        "eventlog/marks.py",
        "import httpx2",
    ),
    "the client that integrators copy stands alone": (
        "client/till.py",
        "import jaringan_usaha.api.asked",
    ),
}


def lint(folder: Path) -> dict[str, str]:
    """KEPT or BROKEN, by contract."""
    ran = subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src"), "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    verdicts = dict(re.findall(r"^(.*?) (KEPT|BROKEN)\b", ran.stdout, re.MULTILINE))
    assert verdicts, ran.stdout + ran.stderr
    assert (ran.returncode == 0) == (set(verdicts.values()) == {"KEPT"}), ran.stdout
    return verdicts


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The package as it is, in a place where it may be spoiled."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(
        ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.sql")
    )
    return tmp_path


def test_every_contract_has_its_plant() -> None:
    assert set(PLANTED) == set(CONTRACTS)


def test_the_tree_keeps_every_contract(tree: Path) -> None:
    assert lint(tree) == dict.fromkeys(CONTRACTS, "KEPT")


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_planted_import_breaks_its_contract(tree: Path, contract: str) -> None:
    place, forbidden = PLANTED[contract]
    module = tree / "src" / "jaringan_usaha" / place
    module.write_text(f"{module.read_text()}\n{forbidden}\n")
    assert lint(tree)[contract] == "BROKEN"


def test_a_new_feature_must_find_its_place(tree: Path) -> None:
    """The goods' way is exhaustive: a room that nobody put in order is an error."""
    room = tree / "src" / "jaringan_usaha" / "features" / "demand"
    room.mkdir()
    (room / "__init__.py").write_text('"""What koperasi will need."""\n')
    assert lint(tree)["features follow the goods, never back"] == "BROKEN"
