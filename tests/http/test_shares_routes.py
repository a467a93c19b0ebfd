"""Pledged and paid capital over HTTP: one done and one refused call per route."""

from typing import Any

import pytest
import pytest_asyncio

from service import Service, assert_refused

MILLION = 1_000_000
PLEDGES = "/v1/koperasi/melati/shares/pledges"
PAYMENTS = "/v1/koperasi/melati/shares/payments"


def payment(amount_idr: int, reference: str = "BCA 17") -> dict[str, Any]:
    return {"amount_idr": amount_idr, "paid_on": "2026-01-15", "reference": reference}


@pytest_asyncio.fixture
async def founded(service: Service) -> Service:
    """A network with one koperasi and the rule of shares."""
    await service.operator.put("/v1/koperasi/melati", title="Koperasi Melati")
    values = {"minimum_idr": 100 * MILLION, "target_idr": 5_000 * MILLION}
    rule = await service.operator.put(
        "/v1/rules/shares/2018-01-01", values=values, source="RAT 2018"
    )
    assert rule.status_code == 201
    return service


async def test_h2_a_koperasi_pledges_and_pays_in_parts(founded: Service) -> None:
    melati = await founded.koperasi("melati")
    pledged = await melati.post(PLEDGES, amount_idr=150 * MILLION)
    assert pledged.status_code == 201
    assert pledged.headers["location"] == "/v1/koperasi/melati/shares"
    for amount, reference in ((100 * MILLION, "BCA 17"), (30 * MILLION, "BCA 18")):
        paid = await founded.operator.post(PAYMENTS, **payment(amount, reference))
        assert paid.status_code == 201
    account = (await melati.get("/v1/koperasi/melati/shares")).json()
    expected = {
        "koperasi_id": "melati",
        "pledged_idr": 150 * MILLION,
        "paid_idr": 130 * MILLION,
        "outstanding_idr": 20 * MILLION,
        "pledges": 1,
        "payments": 2,
        "stale": False,
    }
    assert expected.items() <= account.items()
    listed = (await melati.get("/v1/koperasi/melati/shares/entries", limit=2)).json()
    pledge, first_payment = listed["items"]
    assert (pledge["kind"], pledge["rule"], pledge["rule_version_no"]) == ("pledge", "shares", 1)
    assert (first_payment["reference"], first_payment["paid_on"]) == ("BCA 17", "2026-01-15")
    rest = await melati.get(listed["next"])
    assert [each["reference"] for each in rest.json()["items"]] == ["BCA 18"]


async def test_h2_no_more_is_paid_than_was_pledged(founded: Service) -> None:
    await founded.operator.post(PLEDGES, amount_idr=150 * MILLION)
    await founded.operator.post(PAYMENTS, **payment(130 * MILLION))
    more = await founded.operator.post(PAYMENTS, **payment(30 * MILLION, "BCA 18"))
    problem = assert_refused(more, 409, "share-overpaid")
    assert problem["outstanding_idr"] == 20 * MILLION


async def test_a_first_pledge_below_the_minimum_is_refused(founded: Service) -> None:
    short = await founded.operator.post(PLEDGES, amount_idr=100 * MILLION - 1)
    problem = assert_refused(short, 409, "share-below-minimum")
    assert problem["minimum_idr"] == 100 * MILLION


async def test_a_payment_sent_twice_counts_once(founded: Service) -> None:
    await founded.operator.post(PLEDGES, amount_idr=150 * MILLION)
    for replayed in (None, "true"):
        sent = await founded.operator.post(PAYMENTS, **payment(MILLION))
        assert sent.headers.get("idempotent-replayed") == replayed
    account = (await founded.operator.get("/v1/koperasi/melati/shares")).json()
    assert account["paid_idr"] == MILLION
    other = await founded.operator.post(PAYMENTS, **payment(2 * MILLION))
    assert_refused(other, 409, "payment-reference-reused")


async def test_only_the_operator_says_that_money_came_in(founded: Service) -> None:
    melati = await founded.koperasi("melati")
    assert_refused(await melati.post(PAYMENTS, **payment(1)), 403, "forbidden")


@pytest.mark.parametrize("path", ["/v1/koperasi/mawar/shares", "/v1/koperasi/mawar/shares/entries"])
async def test_a_koperasi_sees_its_own_account_only(founded: Service, path: str) -> None:
    melati = await founded.koperasi("melati")
    assert_refused(await melati.get(path), 403, "forbidden")
    refused = await melati.post("/v1/koperasi/mawar/shares/pledges", amount_idr=1)
    assert_refused(refused, 403, "forbidden")


async def test_who_pledged_nothing_has_no_account(founded: Service) -> None:
    missing = await founded.operator.get("/v1/koperasi/melati/shares")
    assert_refused(missing, 404, "share-account-unknown")


async def test_progress_counts_what_is_paid_and_shows_pledges_apart(founded: Service) -> None:
    await founded.operator.post(PLEDGES, amount_idr=3_000 * MILLION)
    await founded.operator.post(PAYMENTS, **payment(1_000 * MILLION))
    melati = await founded.koperasi("melati")
    progress = (await melati.get("/v1/shares")).json()
    expected = {
        "koperasi_count": 1,
        "pledged_idr": 3_000 * MILLION,
        "paid_idr": 1_000 * MILLION,
        "minimum_idr": 100 * MILLION,
        "target_idr": 5_000 * MILLION,
        "rule_version_no": 1,
        "paid_bp": 2_000,
        "pledged_bp": 6_000,
        "stale": False,
    }
    assert expected.items() <= progress.items()


async def test_before_the_first_rule_there_is_no_target(founded: Service) -> None:
    progress = (await founded.operator.get("/v1/shares", on="2017-12-31")).json()
    assert (progress["target_idr"], progress["paid_bp"], progress["paid_idr"]) == (None, None, 0)


async def test_progress_of_a_day_that_does_not_exist_is_refused(founded: Service) -> None:
    assert_refused(await founded.operator.get("/v1/shares", on="x"), 422, "validation-failed")
