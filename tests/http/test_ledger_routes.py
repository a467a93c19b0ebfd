"""The ledger over HTTP: every position, every subject, the events behind a balance, months."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from jaringan_usaha import house
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.database import Connection
from jaringan_usaha.eventlog.projector import Page, Projector
from jaringan_usaha.features.margin.domain import last_day
from jaringan_usaha.features.margin.views import margin_views
from ledgers import Log
from market import Market, opened
from service import NETWORK, assert_refused
from trades import costed, delivered, matched_invoice, ordered, sold, whole_trade

pytestmark = pytest.mark.asyncio(loop_scope="module")

OWED = 18_270_000 + 2_009_700


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    """One trade twice: in March for everybody, in April for who stocks up."""
    async with opened(postgres, template) as market:
        log = Log(market.worker, await house.type_ids(market.worker))
        await log.append(*whole_trade())
        await log.append(
            *delivered("tp2", {"a": 5}, receipt_id="r2", received_on=date(2026, 4, 20))
        )
        await market.projector.catch_up(NETWORK)
        yield market


@pytest_asyncio.fixture(loop_scope="module")
async def log(market: Market) -> Log:
    log = Log(market.worker, await house.type_ids(market.worker))
    log._commands = 1_000_000 + await market.event_count()
    return log


async def shown(market: Market, path: str, **query: str | int) -> dict[str, Any]:
    answer = await market.operator.get(path, **query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def accounts(balance: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {
        each["account"]: (each["debit_idr"], each["credit_idr"]) for each in balance["accounts"]
    }


async def test_the_trial_balance_has_names_and_sides(market: Market) -> None:
    balance = await shown(market, "/v1/trial-balance")
    payable = next(each for each in balance["accounts"] if each["account"] == "2110")
    assert payable == {
        "account": "2110",
        "title": "Utang usaha",
        "kind": "liabilitas",
        "side": "credit",
        "debit_idr": 0,
        "credit_idr": OWED,
        "balance_idr": OWED,
    }
    assert balance["debit_idr"] == balance["credit_idr"]
    assert balance["at"] == balance["as_of"] == await market.event_count()


async def test_the_trial_balance_at_a_position(market: Market) -> None:
    """After the delivery, before the invoice: received, not invoiced."""
    balance = await shown(market, "/v1/trial-balance", at=3)
    assert accounts(balance) == {"1310": (18_270_000, 0), "2120": (0, 18_270_000)}
    assert balance["at"] == 3
    assert accounts(await shown(market, "/v1/trial-balance", at=0)) == {}
    far = await shown(market, "/v1/trial-balance", at=2**40)
    assert far["at"] == far["as_of"]
    bad = await market.operator.get("/v1/trial-balance", at=-1)
    assert_refused(bad, 422, "validation-failed")


async def test_the_trial_balance_of_one(market: Market) -> None:
    cycle = await shown(market, "/v1/trial-balance", cycle_id="tp2")
    assert accounts(cycle) == {"1310": (870_000, 0), "2120": (0, 870_000)}
    april = {"from": "2026-04-01", "to": "2026-04-30"}
    assert accounts(await shown(market, "/v1/trial-balance", **april)) == accounts(cycle)
    both = {"koperasi_id": "a", "supplier_id": "indofood"}
    assert accounts(await shown(market, "/v1/trial-balance", **both, cycle_id="tp2")) == accounts(
        cycle
    )
    assert accounts(await shown(market, "/v1/trial-balance", **both, **april)) == accounts(cycle)
    refused = await market.operator.get("/v1/trial-balance", **both)
    problem = assert_refused(refused, 422, "validation-failed")
    assert problem["errors"][0]["pointer"] == "/cycle_id"


async def test_from_a_balance_to_the_events_behind_it(market: Market) -> None:
    found = await shown(market, "/v1/accounts/2110/postings", party="indofood", limit=200)
    assert found["totals"] == {"debit_idr": 0, "credit_idr": OWED}
    assert sum(each["amount_idr"] for each in found["items"]) == OWED
    (event,) = {(each["position"], each["event"]) for each in found["items"]}
    assert event[1] == "invoicing.invoice_costed.1"
    posted = await shown(market, f"/v1/postings/{event[0]}")
    assert posted["event"]["name"] == "invoicing.invoice_costed.1"
    assert posted["event"]["body"]["invoice_id"] == "f1"
    assert posted["amount_idr"] == sum(each["amount_idr"] for each in posted["postings"])
    assert {each["document_on"] for each in posted["postings"]} == {"2026-03-03"}


async def test_the_postings_of_an_account_are_filtered_and_paged(market: Market) -> None:
    path = "/v1/accounts/1310/postings"
    whole = await shown(market, path, cycle_id="tp1", party="a", limit=200)
    found: list[dict[str, Any]] = []
    for page in await market.operator.pages(path, cycle_id="tp1", party="a", limit=2):
        found += page["items"]
        assert page["totals"] == {"debit_idr": 7_969_461, "credit_idr": 7_969_461}
    assert found == whole["items"]
    assert len(found) > 4
    dated = await shown(market, path, **{"from": "2026-03-04", "to": "2026-03-04"})
    assert {each["event"] for each in dated["items"]} == {"invoicing.landed_cost_adjusted.1"}
    assert dated["totals"]["debit_idr"] == 366_086
    truck = await shown(market, "/v1/accounts/2130/postings", party="truk-jaya")
    assert truck["totals"]["credit_idr"] == 366_086
    fees = await shown(market, "/v1/accounts/4210/postings", party="consortium")
    assert fees["totals"]["credit_idr"] == 164_430
    assert_refused(await market.operator.get("/v1/accounts/9999/postings"), 404, "account-unknown")
    bad = await market.operator.get(path, **{"from": "2026-02-30"})
    assert_refused(bad, 422, "validation-failed")


async def test_the_journal_of_one_cycle_with_its_sum(market: Market) -> None:
    found = await shown(market, "/v1/postings", cycle_id="tp2")
    assert [each["amount_idr"] for each in found["items"]] == [870_000]
    assert found["totals"] == {"debit_idr": 870_000, "credit_idr": 870_000}


async def test_a_position_without_postings_is_not_found(market: Market) -> None:
    assert_refused(await market.operator.get("/v1/postings/1"), 404, "posting-unknown")
    assert_refused(await market.operator.get("/v1/postings/999999"), 404, "posting-unknown")


async def test_a_koperasi_sees_what_is_about_itself(market: Market) -> None:
    a = await market.koperasi("a")
    own = (await a.get("/v1/accounts/1310/postings")).json()
    assert {each["koperasi_id"] for each in own["items"]} == {"a"}
    assert own["totals"]["debit_idr"] == 7_969_461 + 870_000
    payable = (await a.get("/v1/accounts/2110/postings")).json()
    assert payable["totals"]["credit_idr"] == 6_960_000 + 765_600
    other = await a.get("/v1/accounts/1310/postings", koperasi_id="b")
    assert_refused(other, 403, "forbidden")
    items = (await a.get("/v1/margin/items", cycle_id="tp1")).json()
    assert {each["koperasi_id"] for each in items["items"]} == {"a"}
    assert items["totals"]["margin_idr"] == 430_539
    assert_refused(
        await a.get("/v1/margin/items", cycle_id="tp1", koperasi_id="b"), 403, "forbidden"
    )
    assert_refused(await a.get("/v1/margin/unknown", koperasi_id="b"), 403, "forbidden")
    assert_refused(await a.get("/v1/margin/items"), 422, "validation-failed")
    for path in ("/v1/trial-balance", "/v1/postings", "/v1/postings/3", "/v1/months"):
        assert_refused(await a.get(path), 403, "forbidden")
    assert_refused(await a.post("/v1/months/2026-03/close"), 403, "forbidden")


async def test_a_month_is_closed_and_its_balances_are_carried_on(market: Market, log: Log) -> None:
    close = await market.operator.post("/v1/months/2026-03/close")
    assert close.status_code == 201, close.text
    assert close.headers["location"] == "/v1/months/2026-03"
    await market.settle()
    month = await shown(market, "/v1/months/2026-03")
    march = await shown(market, "/v1/trial-balance", to="2026-03-31")
    assert accounts(month) == accounts(march)
    assert month["debit_idr"] == month["credit_idr"] == march["debit_idr"]
    assert month["closed_position"] == close.json()["position"]
    assert month["carried_position"] == await market.event_count()

    late = await log.append(sold("a", 1, sale_id="late", sold_on=date(2026, 3, 31)))
    posted = await shown(market, f"/v1/postings/{late}")
    days = {(each["posted_on"], each["document_on"]) for each in posted["postings"]}
    assert days == {("2026-04-01", "2026-03-31")}
    assert accounts(await shown(market, "/v1/trial-balance", to="2026-03-31")) == accounts(march)

    before = await market.event_count()
    again = await market.operator.post("/v1/months/2026-03/close")
    assert again.status_code == 201
    assert await market.event_count() == before


async def test_the_next_month_carries_on_from_there(market: Market) -> None:
    refused = await market.operator.post("/v1/months/2026-05/close")
    assert assert_refused(refused, 409, "month-out-of-order")["following"] == "2026-04"
    assert (await market.operator.post("/v1/months/2026-04/close")).status_code == 201
    await market.settle()
    month = await shown(market, "/v1/months/2026-04")
    assert accounts(month) == accounts(await shown(market, "/v1/trial-balance", to="2026-04-30"))
    listed = await shown(market, "/v1/months", limit=1)
    assert [each["month_id"] for each in listed["items"]] == ["2026-03"]
    rest = await shown(market, listed["next"])
    assert [each["month_id"] for each in rest["items"]] == ["2026-04"]


async def test_what_is_no_closed_month(market: Market) -> None:
    assert_refused(await market.operator.get("/v1/months/2026-12"), 404, "month-unknown")
    for wrong in ("2026-13", "2026-3", "march"):
        assert_refused(
            await market.operator.post(f"/v1/months/{wrong}/close"), 422, "validation-failed"
        )


async def test_the_month_that_runs_stays_open(postgres: EmbeddedServer, template: str) -> None:
    async with opened(postgres, template) as fresh:
        now = fresh.door.clock.now() + timedelta(hours=7)
        refused = await fresh.operator.post(f"/v1/months/{now:%Y-%m}/close")
        assert_refused(refused, 409, "month-not-over")


async def test_a_ledger_that_stopped_closes_no_month(market: Market, log: Log) -> None:
    """The last test: it stays stopped."""

    async def broken(page: Page, db: Connection) -> None:
        if page.events:
            raise ZeroDivisionError("a planted fault")

    await market.projector.catch_up(NETWORK)
    projections = [
        replace(each, write=broken) if each is margin_views else each for each in house.PROJECTIONS
    ]
    await log.append(ordered("tp9"), matched_invoice("tp9"), costed("tp9"))
    faulty = Projector(market.worker, house.event_types(), projections)
    await faulty.catch_up(NETWORK)
    await faulty.catch_up(NETWORK)
    refused = await market.operator.post("/v1/months/2026-05/close")
    assert_refused(refused, 409, "ledger-stopped")
    assert last_day("2026-05") < datetime.now(UTC).date()
