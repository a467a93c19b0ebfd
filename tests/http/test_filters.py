"""Issue B: every view answers for one koperasi, one supplier, one cycle and some days, with the
totals of all rows. `filters.toml` says which list takes what, and why another does not."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from test_matrix import World
from test_pages import LISTS, MOST_ROWS, follow, fullest, listed, traded, world

from jaringan_usaha.kernel.calendar import day_of_business
from service import assert_refused

__all__ = ["traded", "world"]  # fixtures

pytestmark = pytest.mark.asyncio(loop_scope="module")

TABLE: Mapping[str, Any] = tomllib.loads((Path(__file__).parent / "filters.toml").read_text())
FILTERS = {name: row.split() for name, row in TABLE.items() if isinstance(row, str)}
PARAMETERS = {
    "koperasi": ("koperasi_id",),
    "supplier": ("supplier_id",),
    "cycle": ("cycle_id",),
    "days": ("from", "to"),
}
THERE = {"month": ("from_month", "to_month"), "on": ("on",)}
"""Parameters of other names that serve the same end."""

OWN_DAY = {
    "listCharges": "billed_on",
    "listCycles": "closes_at",
    "listDebitNotes": "recorded_at",
    "listInvoicePayments": "paid_on",
    "listRebates": "received_on",
    "listReceipts": "received_on",
    "listShareEntries": "paid_on",
    "listSupplierInvoices": "invoiced_on",
}
BY_CYCLE = {"listConsolidatedOrderStates", "listConsolidatedOrders", "listCosts", "listTierDrops"}
"""Their rows count on the day on which their cycle closes."""
COUNTS = {"rows", "items", "count", "lines", "receipts"}
SUMS = {"listInvoicePayments": "paid_idr", "listRebates": "rebate_received_idr"}
"""What of their totals comes of the `amount_idr` of their rows."""
TOLD_ELSEWHERE = {
    ("listAccountPostings", "days"),  # test_ledger_routes
    ("listAccountPostings", "koperasi"),
    ("listAccountPostings", "supplier"),
    ("listAccountPostings", "cycle"),
    ("listPostings", "days"),
    ("listPostings", "koperasi"),
    ("listPostings", "supplier"),
    ("listPostings", "cycle"),
    ("listMargins", "koperasi"),  # test_margin: its rows come from sums
    ("listMargins", "supplier"),
    ("listMargins", "cycle"),
    ("listContacts", "koperasi"),  # test_contact_routes
    ("listContacts", "supplier"),
    ("listDeliveries", "koperasi"),  # test_fulfilment_routes: here it gets what it never ordered
    ("listShortfalls", "koperasi"),  # test_fulfilment_routes
    ("listCharges", "koperasi"),  # what it bears is no charge: below
    ("listCharges", "supplier"),  # with those for all suppliers: below
    ("listInvoiceStates", "days"),  # of several invoices: below
}


async def test_b_every_list_says_what_it_can_be_asked_for() -> None:
    assert FILTERS.keys() == LISTS.keys()
    for name, row in FILTERS.items():
        operation = LISTS[name]
        for said, (about, parameters) in zip(row, PARAMETERS.items(), strict=True):
            asked = THERE.get(said, parameters)
            if said == "path":
                assert f"{{{parameters[0]}}}" in operation.path, (name, about)
            elif said in ("ask", "must", "own", *THERE):
                assert operation.query.issuperset(asked), (name, about)
                assert (said == "must") == operation.required.issuperset(asked), (name, about)
            else:
                assert said in TABLE["why"], (name, about)
                assert not operation.query.intersection(parameters), (name, about)
                assert f"{{{parameters[0]}}}" not in operation.path or said == "of", (name, about)
    words = {word for row in FILTERS.values() for word in row}
    assert TABLE["why"].keys() <= words, "a reason that nobody gives"


ASKED = [
    (name, about)
    for name, row in FILTERS.items()
    for said, about in zip(row, PARAMETERS, strict=True)
    if said == "ask" and (name, about) not in TOLD_ELSEWHERE
]


@pytest.mark.parametrize(("name", "about"), ASKED)
async def test_b_a_filter_shows_what_the_whole_list_has_of_it(
    world: World, name: str, about: str
) -> None:
    """Rows and totals, for everything that the rows of the unfiltered list name."""
    names = await fullest(world, name)
    whole = (await listed(world, name, names, limit=MOST_ROWS)).json()
    assert whole["next"] is None
    of_rows = [await value(world, name, about, row) for row in whole["items"]]
    for wanted in sorted(set(of_rows) - {NOBODYS}) or [NOTHING[about]]:
        asked = dict(zip(PARAMETERS[about], (wanted, wanted), strict=False))
        rows = [row for row, of in zip(whole["items"], of_rows, strict=True) if of == wanted]
        await shows(world, name, names, asked, rows)
    if about == "days" and of_rows:
        first, last = min(of_rows), max(of_rows)
        await shows(world, name, names, {"from": first}, whole["items"])
        await shows(world, name, names, {"to": last}, whole["items"])
        await shows(world, name, names, {"to": next_day(first, -1)}, [])
        await shows(world, name, names, {"from": next_day(last, 1)}, [])
        refused = await listed(world, name, names, **{"from": last, "to": next_day(last, -1)})
        assert_refused(refused, 422, "period-invalid")


NOBODYS = ""
NOTHING = {
    "koperasi": "nobody",
    "supplier": "nobody",
    "cycle": "nowhere",
    "days": "2020-02-02",
}


async def shows(
    world: World,
    name: str,
    names: Mapping[str, str],
    asked: Mapping[str, str],
    rows: Sequence[Mapping[str, Any]],
) -> None:
    """One page and one by one, these rows are shown and summed up."""
    page = (await listed(world, name, names, limit=MOST_ROWS, **asked)).json()
    assert page["items"] == rows, asked
    single = [(await listed(world, name, names, limit=1, **asked)).json()]
    while single[-1]["next"] is not None:
        single.append((await follow(world, single[-1]["next"])).json())
    assert [row for each in single for row in each["items"]] == rows
    totals = page["totals"] or {}
    assert all(each["totals"] == page["totals"] for each in single)
    for key, sum_of in totals.items():
        if name in SUMS and key == SUMS[name]:
            assert sum_of == sum(row["amount_idr"] for row in rows), key
        elif key == "invoices" and name == "listSupplierInvoices":
            assert sum_of == sum(not row["refused"] for row in rows)
        elif name == "listShareEntries" and isinstance(sum_of, int) and key.endswith("_idr"):
            kind = {"pledged_idr": "pledge", "paid_idr": "payment"}[key]
            assert sum_of == sum(row["amount_idr"] for row in rows if row["kind"] == kind)
        elif key in COUNTS and isinstance(sum_of, int):
            assert sum_of == len(rows), key
        elif rows and isinstance(sum_of, int) and isinstance(rows[0].get(key), int):
            assert sum_of == sum(row[key] or 0 for row in rows), key


async def value(world: World, name: str, about: str, row: Mapping[str, Any]) -> str:
    """What a row is of: an id, which some lack, or its day."""
    if about != "days":
        return row[PARAMETERS[about][0]] or NOBODYS
    if name in BY_CYCLE:
        cycle = (await follow(world, f"/v1/cycles/{row['cycle_id']}")).json()
        return day_of(cycle["closes_at"])
    if name == "listSurplus":
        row = (await follow(world, f"/v1/receipts/{row['receipt_id']}")).json()
        return day_of(row["received_on"])
    return day_of(row[OWN_DAY[name]] or row["recorded_at"])


def day_of(told: str) -> str:
    if "T" not in told:
        return told
    return day_of_business(datetime.fromisoformat(told)).isoformat()


def next_day(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


async def test_b_orders_are_found_by_the_days_of_their_invoices(world: World) -> None:
    states = (await follow(world, "/v1/invoice-states?limit=200")).json()["items"]
    invoices = (await follow(world, "/v1/supplier-invoices?limit=200")).json()["items"]
    days = {invoice["invoiced_on"] for invoice in invoices}
    assert days
    assert len(states) > 1
    for day in (*days, "2020-02-02"):
        of_day = {
            (invoice["cycle_id"], invoice["supplier_id"])
            for invoice in invoices
            if invoice["invoiced_on"] == day
        }
        rows = [row for row in states if (row["cycle_id"], row["supplier_id"]) in of_day]
        asked = {"from": day, "to": day}
        await shows(world, "listInvoiceStates", await fullest(world, "listCharges"), asked, rows)


async def test_b_a_koperasi_sees_what_it_bears_of_the_charges_of_some_days(world: World) -> None:
    path = "/v1/charges?limit=200&koperasi_id=melati"
    whole = (await follow(world, path)).json()["items"]
    days = {row["billed_on"] for row in whole}
    assert len(days) > 1
    for day in (*days, "2020-02-02"):
        rows = [row for row in whole if row["billed_on"] == day]
        shown = (await follow(world, f"{path}&from={day}&to={day}")).json()
        assert shown["items"] == rows
        assert shown["totals"]["amount_idr"] == sum(row["own_idr"] for row in rows)
    of_all = f"/v1/charges?limit=200&supplier_id=bulog&from={max(days)}"
    assert (await follow(world, of_all)).json()["items"], "what is for all suppliers is its, too"


async def test_b_price_lists_are_those_that_hold_on_a_day(world: World) -> None:
    whole = (await follow(world, "/v1/price-lists?limit=200")).json()["items"]
    for supplier_id in {row["supplier_id"] for row in whole}:
        for day in {row["valid_from_on"] for row in whole} | {"2020-02-02"}:
            for named in ({}, {"supplier_id": supplier_id}):
                rows = [
                    row
                    for row in whole
                    if row["valid_from_on"] <= day <= (row["valid_until_on"] or day)
                    and named.items() <= row.items()
                ]
                await shows(world, "listPriceLists", {}, {"on": day, **named}, rows)


async def test_b_costs_are_found_by_days_alone(world: World) -> None:
    refused = await follow(world, "/v1/costs")
    assert_refused(refused, 422, "validation-failed")
    costs = (await follow(world, "/v1/costs?from=2020-02-02&limit=200")).json()
    of_cycles = [
        (await follow(world, f"/v1/costs?limit=200&cycle_id={cycle_id}")).json()
        for cycle_id in sorted({row["cycle_id"] for row in costs["items"]})
    ]
    assert costs["items"] == [row for each in of_cycles for row in each["items"]] != []
    for key, sum_of in costs["totals"].items():
        assert sum_of == sum(each["totals"][key] for each in of_cycles)
