"""Issue B: every list states the totals of all its rows, which are what its pages add up to."""

import itertools
import tomllib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from test_matrix import World, ask
from test_pages import LISTS, NAMED, OF_DAYS, fullest, traded, world

from jaringan_usaha.app import openapi_document

__all__ = ["traded", "world"]  # fixtures

pytestmark = pytest.mark.asyncio(loop_scope="module")

TABLE: Mapping[str, Any] = tomllib.loads((Path(__file__).parent / "filters.toml").read_text())
WITHOUT: Mapping[str, str] = TABLE["without_totals"]
UNCOUNTED: Mapping[str, str] = TABLE["without_rows"]

ROLES = ("operator", "melati", "mawar", "supplier", "auditor", "office")
PARTS = ("koperasi_id", "supplier_id", "cycle_id", "item_id", "state", "status", "role")
"""Filters whose values the rows of the whole list tell."""

Rows = Sequence[Mapping[str, Any]]
Sum = Callable[[Rows], int]


def each(of: Callable[[Mapping[str, Any]], Any]) -> Sum:
    """What each row adds; nothing where it has nothing to tell."""
    return lambda rows: sum(of(row) or 0 for row in rows)


def where(of: Callable[[Mapping[str, Any]], Any], column: str) -> Sum:
    return each(lambda row: row[column] if of(row) else 0)


def distinct(*columns: str) -> Sum:
    return lambda rows: len({tuple(row[column] for column in columns) for row in rows})


def billed(row: Mapping[str, Any]) -> int:
    return int(row["goods_idr"] + row["ppn_idr"] + row["deposit_idr"])


COUNT = each(lambda _: 1)
OF_ORDERS = None
"""What the same consolidated orders come to besides, whatever rows the list has."""
ON_THEM = dict.fromkeys(
    (
        "invoices",
        "held",
        "billed_idr",
        "held_idr",
        "claimed_idr",
        "owed_idr",
        "paid_idr",
        "rebate_idr",
        "rebate_received_idr",
    ),
    OF_ORDERS,
)
AMOUNT = each(lambda row: row["amount_idr"])
SUMS: Mapping[str, Mapping[str, Sum | None]] = {
    "compareWithMarket": {
        "items": COUNT,
        "compared": each(lambda row: row["market_amount_idr"] is not None),
        "exceeding": each(lambda row: row["exceeds_market"]),
        "amount_idr": each(
            lambda row: row["market_amount_idr"] is not None and row["goods_idr"] + row["ppn_idr"]
        ),
    },
    "listCharges": {
        "amount_idr": each(lambda row: _own(row, "amount_idr")),
        "shared_idr": each(lambda row: _own(row, "shared_idr")),
    },
    "listDebitNotes": {**ON_THEM, "claimed_idr": each(billed)},
    "listDeliveryStates": {"received": each(lambda row: row["given"])},
    "listEntitlements": {"items": distinct("supplier_id", "item_id")},
    "listInvoicePayments": {**ON_THEM, "paid_idr": AMOUNT},
    "listMarketPrices": {"days": distinct("day_on"), "commodities": distinct("commodity")},
    "listMinimums": {"undecided": each(lambda row: row["decision"] is None)},
    "listOrders": {
        "placed": each(lambda row: row["state"] == "placed"),
        "order_lines": each(lambda row: row["state"] == "placed" and len(row["lines"])),
        "amount_idr": each(
            lambda row: (
                row["state"] == "placed" and sum(line.get("amount_idr", 0) for line in row["lines"])
            )
        ),
    },
    "listPostings": {"debit_idr": AMOUNT, "credit_idr": AMOUNT},
    "listPriceImports": {"confirmed": each(lambda row: row["state"] == "confirmed")},
    "listRebates": {**ON_THEM, "rebate_received_idr": AMOUNT},
    "listReceipts": {"receipts": COUNT},
    "listSaleFlags": {"flags": COUNT, "sales": distinct("sale_id")},
    "listShareEntries": {
        "pledged_idr": where(lambda row: row["kind"] == "pledge", "amount_idr"),
        "paid_idr": where(lambda row: row["kind"] == "payment", "amount_idr"),
    },
    "listShortfalls": {"items": COUNT},
    "listSupplierInvoices": {
        "invoices": each(lambda row: not row["refused"]),
        "billed_idr": each(lambda row: not row["refused"] and billed(row)),
        "held_idr": each(lambda row: row["held"] and billed(row)),
        "rebate_idr": OF_ORDERS,
        "rebate_received_idr": OF_ORDERS,
    },
    "listSurplus": {"lines": COUNT},
}
"""What makes a total that is neither `rows` nor the sum of a field of the same name."""


def _own(row: Mapping[str, Any], column: str) -> int:
    own = row["own_idr"]
    return int(row[column] if own is None else own)


# -- the contract --------------------------------------------------------------------------


def answers() -> dict[str, Mapping[str, Any]]:
    """The answers of the contract that hold items: their schemas, by operation."""
    document = openapi_document()
    found = {}
    for methods in document["paths"].values():
        for operation in methods.values():
            content = operation["responses"].get("200", {}).get("content", {})
            reference = content.get("application/json", {}).get("schema", {}).get("$ref", "")
            schema = document["components"]["schemas"].get(reference.rpartition("/")[2], {})
            if schema.get("properties", {}).get("items", {}).get("type") == "array":
                found[operation["operationId"]] = schema
    return found


async def test_b_a_list_states_totals_or_says_why_not() -> None:
    found = answers()
    assert LISTS.keys() <= found.keys()
    silent = {name for name, schema in found.items() if "totals" not in schema["required"]}
    assert silent == WITHOUT.keys()


async def test_b_totals_say_how_many_rows_there_are_or_why_not() -> None:
    schemas = openapi_document()["components"]["schemas"]
    uncounted = set()
    for name, schema in answers().items():
        totals = schema["properties"].get("totals", {})
        of = next(iter(each for each in (totals, *totals.get("anyOf", ())) if "$ref" in each), None)
        if of and "rows" not in schemas[of["$ref"].rpartition("/")[2]]["required"]:
            uncounted.add(name)
    assert uncounted == UNCOUNTED.keys()


# -- what is stated ------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", sorted(LISTS))
async def test_b_totals_are_what_all_pages_add_up_to(world: World, name: str, role: str) -> None:
    """Of everything that a role may see, and of every part of it that a filter chooses."""
    names = await fullest(world, name)
    whole = await add_up(world, name, role, names, {})
    for part in parts(name, whole):
        await add_up(world, name, role, names, part)


async def add_up(
    world: World, name: str, role: str, names: Mapping[str, str], part: Mapping[str, str]
) -> Rows:
    pages = [page async for page in walk(world, name, role, names, part)]
    rows = [row for page in pages for row in page["items"]]
    for page in pages:
        assert page["totals"] == pages[0]["totals"]
    for key, total in pages[0]["totals"].items() if pages else ():
        stated = _sum_of(name, names, key, rows)
        if total is not None and stated is not OF_ORDERS:
            assert total == stated(rows), (key, part)
    return rows


def _sum_of(name: str, names: Mapping[str, str], key: str, rows: Rows) -> Sum | None:
    if name == "listAccountPostings":
        side = key.replace("_idr", "_account")
        return where(lambda row: row[side] == names["account"], "amount_idr")
    if key in SUMS.get(name, {}):
        return SUMS[name][key]
    if key == "rows":
        return COUNT
    assert all(key in row for row in rows), f"say in SUMS what makes {key}"
    return each(lambda row: row[key])


def parts(name: str, rows: Rows) -> list[dict[str, str]]:
    """Ways to ask for a part of the list: by what its rows tell of themselves, and by days."""
    found = [
        {column: value}
        for column in PARTS
        if column in LISTS[name].query - LISTS[name].required
        for value in sorted({each for row in rows for each in _told(row, column)})
    ]
    found += [
        {**one, **other}
        for one, other in itertools.combinations(found, 2)
        if not one.keys() & other.keys()
    ]
    if {"from", "to"} <= LISTS[name].query:
        found += [{"from": day, "to": day} for day in ("2026-01-31", "2026-02-28")]
        found += [{**part, "from": "2026-01-01", "to": "2026-12-31"} for part in found[:-2]]
    return found


def _told(row: Mapping[str, Any], column: str) -> list[str]:
    values = row.get("roles", []) if column == "role" else [row.get(column)]
    return [str(value) for value in values if value not in (None, "", "consortium")]


async def walk(
    world: World, name: str, role: str, names: Mapping[str, str], part: Mapping[str, str]
) -> AsyncIterator[dict[str, Any]]:
    """The pages of a list as a role sees them; none where it may not."""
    key = world.keys[role] if role in world.keys else (await world.market.koperasi(role)).key
    query: dict[str, Any] = {"limit": 2}
    if name in OF_DAYS:
        query |= {"from": "2026-01-01", "to": "2026-12-31"}
    if name in NAMED:
        query[NAMED[name]] = names[NAMED[name]]
    if role in ("mawar", "melati"):
        names = {**names, "koperasi_id": role}
        query |= {"koperasi_id": role} if "koperasi_id" in query else {}
    answer = await ask(world, LISTS[name], key, names, **{**query, **part})
    while answer.is_success:
        page: dict[str, Any] = answer.json()
        yield page
        if page["next"] is None:
            return
        headers = {"authorization": f"Bearer {key}"}
        answer = await world.market.client.get(page["next"], headers=headers)
    asked = {*part, *(("koperasi_id",) if role in ("mawar", "melati") else ())}
    several = (
        name in ("listAccountPostings", "listPostings")
        and role not in ("supplier", "office")
        and {"koperasi_id", "supplier_id"} <= asked
        and not {"cycle_id", "from"} & asked
    )
    expected = (422,) if several else (403, 404)
    assert answer.status_code in expected, answer.text
