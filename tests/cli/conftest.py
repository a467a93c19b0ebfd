"""Data folders for whole programs, and the proof that nothing of them runs on."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.world import until

from .world import Serving, jaringan, nothing_runs


def new_folder() -> Path:
    """Root's database runs as another user, who must be let in."""
    folder = Path(tempfile.mkdtemp(prefix="jaringan-cli-"))
    if os.geteuid() == 0:
        folder.chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def ready_folder() -> Iterator[Path]:
    """A migrated embedded database that no test touches."""
    folder = new_folder()
    done = jaringan("migrate", folder=folder)
    assert done.returncode == 0, done.stderr
    until(lambda: nothing_runs(folder))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def empty_folder() -> Iterator[Path]:
    folder = new_folder()
    yield folder
    until(lambda: nothing_runs(folder))
    shutil.rmtree(folder)


@pytest.fixture
def folder(empty_folder: Path, ready_folder: Path) -> Path:
    """A copy of the migrated database, to be used and spoilt."""
    subprocess.run(["cp", "-a", ready_folder / "postgres", empty_folder], check=True)
    return empty_folder


@pytest.fixture
def serving(folder: Path) -> Iterator[Serving]:
    """A running service that answers to an operator's key."""
    with Serving(folder) as service:
        service.operate()
        yield service
