"""Running services that the contract is tried on: processes of their own; one has nothing in its
database yet, one has lived through a day of trade."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from house.planting import plant
from house.trading import trade
from jaringan_usaha.api.access.caller import Role
from jaringan_usaha.cli.database import Database, make_ready, settings_with, the_database
from jaringan_usaha.cli.own_service import OwnService, own_service, temporary_folder
from market import served
from service import MASTER_KEY, NETWORK

ROOT = Path(__file__).parents[2]
OWN, OTHER = "kop-melati", "kop-mawar"
TABLES = {
    "koperasi_id": "koperasi",
    "supplier_id": "suppliers",
    "item_id": "items",
    "price_list_id": "price_lists",
    "cycle_id": "cycles",
    "order_id": "orders",
    "receipt_id": "receipts",
    "charge_id": "charges",
    "sale_id": "sales",
    "account": "balances",
}
"""Where a column names what there is."""


@pytest.fixture(scope="session")
def running() -> Iterator[OwnService]:
    """Keys: of the operator, of a koperasi, of another one."""
    wanted: list[tuple[Role, str | None]]
    wanted = [("operator", None), ("koperasi", OWN), ("koperasi", OTHER)]
    unlimited = {"JARINGAN_RATE_FACTOR": "0"}  # a fuzzer asks more often than one may
    with temporary_folder() as folder, own_service(folder, 0, wanted, unlimited) as service:
        yield service


@dataclass(frozen=True)
class LivedIn:
    """A service after a day of trade, and what there is by then, by the name of a parameter."""

    service: OwnService
    there: Path


@pytest.fixture(scope="session")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivedIn]:
    """Keys: of the operator, of a koperasi that traded."""
    wanted: list[tuple[Role, str | None]] = [("operator", None), ("koperasi", "mawar")]
    settings = {"JARINGAN_RATE_FACTOR": "0", "JARINGAN_MASTER_KEY_FILE": str(MASTER_KEY)}
    there = tmp_path_factory.mktemp("lived-in") / "there.json"
    with temporary_folder() as folder:
        with the_database(settings_with(), folder) as database:
            there.write_text(json.dumps(asyncio.run(_a_day_of_trade(database))))
        with own_service(folder, 0, wanted, settings) as service:
            yield LivedIn(service, there)


async def _a_day_of_trade(database: Database) -> dict[str, list[str]]:
    there: dict[str, set[str]] = {}
    await make_ready(database, NETWORK)
    async with served(database.url) as market:
        market.live_at(timedelta(days=2))
        await trade(market)
        for names in (await plant(market)).values():
            for name, value in names.items():
                there.setdefault(name, set()).add(value)
        for name, table in TABLES.items():
            rows = await market.worker.fetch(f"select distinct {name}::text from {table} limit 20")
            there.setdefault(name, set()).update(row[0] for row in rows)
    return {name: sorted(values) for name, values in there.items()}


@pytest.fixture(scope="session")
def contract() -> Path:
    """The file that stands for the service."""
    path = ROOT / "openapi" / "openapi.json"
    assert json.loads(path.read_text())["openapi"].startswith("3.1")
    return path
