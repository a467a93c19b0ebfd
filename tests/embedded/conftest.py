"""Folders for servers, and the proof after each test that nothing of them runs on."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.embedded.binaries import find_binaries
from jaringan_usaha.embedded.place import we_are_root

from .world import nothing_runs, until


def open_folder(usual: Path) -> Path:
    """Root's server runs as another user, whom pytest's closed folders keep out."""
    if not we_are_root():
        return usual
    made = Path(tempfile.mkdtemp(prefix="embedded-"))
    made.chmod(0o755)
    return made


@pytest.fixture(scope="session")
def ready_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = open_folder(tmp_path_factory.mktemp("ready"))
    with EmbeddedServer(folder):
        pass
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def empty_folder(tmp_path: Path) -> Iterator[Path]:
    folder = open_folder(tmp_path)
    yield folder
    until(lambda: nothing_runs(folder))
    if folder != tmp_path:
        shutil.rmtree(folder)


@pytest.fixture
def folder(ready_cluster: Path) -> Iterator[Path]:
    """A cluster shared by the tests that leave it as sound as they found it."""
    yield ready_cluster
    until(lambda: nothing_runs(ready_cluster))


@pytest.fixture
def own_folder(empty_folder: Path, ready_cluster: Path) -> Path:
    """A cluster to be spoilt."""
    subprocess.run(["cp", "-a", ready_cluster / "postgres", empty_folder], check=True)
    return empty_folder


@pytest.fixture
def wrap(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Put a script in front of one of PostgreSQL's programs, by way of PG_BIN."""
    real = find_binaries().folder

    def put(tool: str, script: str) -> None:
        made = empty_folder / "bin"
        made.mkdir(exist_ok=True)
        made.chmod(0o755)
        for program in real.iterdir():
            before = script if program.name == tool else ""
            (made / program.name).write_text(f'#!/bin/sh\n{before}\nexec "{program}" "$@"\n')
            (made / program.name).chmod(0o755)
        monkeypatch.setenv("PG_BIN", str(made))

    return put
