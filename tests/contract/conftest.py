"""A running service that the contract is tried on: a process of its own, on an empty database."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from jaringan_usaha.api.access.caller import Role
from jaringan_usaha.cli.own_service import OwnService, own_service, temporary_folder

ROOT = Path(__file__).parents[2]
OWN, OTHER = "kop-melati", "kop-mawar"


@pytest.fixture(scope="session")
def running() -> Iterator[OwnService]:
    """Keys: of the operator, of a koperasi, of another one."""
    wanted: list[tuple[Role, str | None]]
    wanted = [("operator", None), ("koperasi", OWN), ("koperasi", OTHER)]
    unlimited = {"JARINGAN_RATE_FACTOR": "0"}  # a fuzzer asks more often than one may
    with temporary_folder() as folder, own_service(folder, 0, wanted, unlimited) as service:
        yield service


@pytest.fixture(scope="session")
def contract() -> Path:
    """The file that stands for the service."""
    path = ROOT / "openapi" / "openapi.json"
    assert json.loads(path.read_text())["openapi"].startswith("3.1")
    return path
