"""Two generators make a client of the contract each; it compiles strictly and plays a cycle."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jaringan_usaha.api.asked import new_id
from jaringan_usaha.cli.own_service import OwnService

from .conftest import OWN, ROOT

PLAYS = Path(__file__).parent / "plays"
GENERATORS = Path(os.environ.get("JARINGAN_GENERATORS", ROOT / ".venv" / "generators"))
NODE_MODULES = ROOT / "openapi" / "node_modules"
TYPESCRIPT = {
    "compilerOptions": {
        "strict": True,
        "target": "es2022",
        "module": "node16",
        "types": ["node"],
        "outDir": "made",
    },
    "files": ["play.ts"],
}
SEEN = {
    "placed": 201,
    "repeated": 200,
    "same": True,
    "changed": 200,
    "stale": 412,
    "ordered_idr": [120 * 12_000],
}


def run(*words: str | Path, cwd: Path, **environment: str) -> str:
    """What a program says, once it has ended well."""
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-4_000:]}\n{done.stderr[-4_000:]}"
    return done.stdout


def scene(running: OwnService, name: str) -> str:
    """Ids of its own for every play, so that they may share a service."""
    return json.dumps(
        {
            "url": running.url,
            "operator": running.keys[0],
            "koperasi": running.keys[1],
            "koperasi_id": OWN,
            "cycle": f"{name}-1",
            "item": f"{name}-beras",
            "supplier": f"{name}-bulog",
            "order": new_id(),
            "close_key": new_id(),
        }
    )


@pytest.fixture(scope="module")
def python_client(contract: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("python")
    run(
        *(GENERATORS / "bin" / "openapi-python-client", "generate", "--fail-on-warning"),
        *("--path", contract, "--output-path", folder / "made"),
        *("--config", PLAYS / "python_client.yaml"),
        cwd=folder,
    )
    return folder / "made"


@pytest.fixture(scope="module")
def typescript_client(contract: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("typescript")
    (folder / "node_modules").symlink_to(NODE_MODULES)
    (folder / "package.json").write_text('{"type": "commonjs"}')
    (folder / "tsconfig.json").write_text(json.dumps(TYPESCRIPT))
    shutil.copy(PLAYS / "play.ts", folder)
    run(
        *(NODE_MODULES / ".bin" / "openapi-ts", "--input", contract, "--output", "client"),
        *("--client", "@hey-api/client-fetch"),
        cwd=folder,
    )
    return folder


def test_the_python_client_compiles_strictly(python_client: Path) -> None:
    shutil.copy(PLAYS / "play.py", python_client)
    said = run(
        *(sys.executable, "-m", "mypy", "--strict", "--no-incremental"),
        *("--python-executable", GENERATORS / "bin" / "python"),
        *("jaringan_usaha_koperasi_client", "play.py"),
        cwd=python_client,
    )
    assert "no issues found" in said


def test_the_python_client_plays_a_cycle(python_client: Path, running: OwnService) -> None:
    said = run(
        *(GENERATORS / "bin" / "python", PLAYS / "play.py", scene(running, "python")),
        cwd=python_client,
        PYTHONPATH=str(python_client),
    )
    assert json.loads(said) == SEEN


def test_the_typescript_client_compiles_strictly_and_plays_a_cycle(
    typescript_client: Path, running: OwnService
) -> None:
    run(NODE_MODULES / ".bin" / "tsc", "--project", "tsconfig.json", cwd=typescript_client)
    said = run(
        *("node", "made/play.js", scene(running, "typescript")),
        cwd=typescript_client,
    )
    assert json.loads(said) == SEEN
