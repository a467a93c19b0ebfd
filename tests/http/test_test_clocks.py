"""A sandbox whose clock is set forward: what falls due is done, there and nowhere else."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from jaringan_usaha import house
from jaringan_usaha.api.access import issuing
from jaringan_usaha.api.access.issuing import Wanted, issue
from jaringan_usaha.api.asked import new_id
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.migrate import migrate
from jaringan_usaha.kernel.calendar import JAKARTA, day_of_business
from jaringan_usaha.people import people
from market import Market, later, oil, opened
from service import NETWORK, Speaker, assert_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLOCKS = "/v1/test/clocks"
OTHER = NETWORK + 1


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    """A sandbox; the live key that every market begins with is taken back first."""
    async with opened(postgres, template) as market:
        live = market.operator
        assert_refused(await live.get(CLOCKS), 404, "not-found")
        assert_refused(await live.post(CLOCKS), 404, "not-found")
        assert_refused(
            await live.post(f"{CLOCKS}/clock/advance", to=later(days=1)), 404, "not-found"
        )
        market.service.operator = await sandbox(market, NETWORK)
        await market.stock()
        yield market


async def sandbox(market: Market, network_id: int) -> Speaker:
    """Make a network a sandbox; its operator."""
    pool, clock = market.door.write_pool, market.door.clock
    await pool.execute(
        "insert into access.sandboxes (network_id, made_at) values ($1, now())", network_id
    )
    key = await issue(pool, clock, network_id, Wanted("operator"))
    assert key.startswith("ju_test_")
    return Speaker(market.client, market.projector, key)


async def state_of(market: Market, cycle_id: str) -> str:
    """As the follower has shown it so far; empty before it has."""
    headers = {"authorization": f"Bearer {market.operator.key}"}
    answer = await market.client.get(f"/v1/cycles/{cycle_id}", headers=headers)
    return str(answer.json().get("state", ""))


async def test_api_13_a_cycle_of_next_week_closes_by_itself(market: Market) -> None:
    """The real follower runs beside; nobody tells it but the clock."""
    melati, post = await market.koperasi("melati"), market.operator.post
    made = await post(CLOCKS)
    assert (made.status_code, made.json()["ahead_seconds"]) == (201, 0)
    assert (await post(CLOCKS)).json()["clock_id"] == made.json()["clock_id"]
    await market.open_cycle("next-week", closes_at=later(days=7))
    order = {"cycle_id": "next-week", "lines": [oil(40)]}
    assert (await market.place(melati, order)).status_code == 201
    following = asyncio.create_task(market.follower.run())
    try:
        advanced = await post(f"{CLOCKS}/clock/advance", to=later(days=8))
        assert advanced.status_code == 200, advanced.text
        shown = datetime.fromisoformat(advanced.json()["now"]) - market.door.clock.now()
        assert abs(shown - timedelta(days=8)) < timedelta(minutes=5)
        async with asyncio.timeout(60):
            while await state_of(market, "next-week") != "consolidated":  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    finally:
        following.cancel()
        await asyncio.wait([following])
    await asyncio.sleep(0.6)  # a key is looked at again after half a second
    refused = await market.place(melati, order)
    assert_refused(refused, 409, "order-window-closed")
    (clock,) = (await market.operator.get(CLOCKS)).json()["items"]
    assert clock["ahead_seconds"] > 7 * 86_400


async def test_api_13_a_clock_goes_forward_and_not_too_far(market: Market) -> None:
    post = market.operator.post
    await post(CLOCKS)
    path = f"{CLOCKS}/clock/advance"
    assert (await post(path, to=later(days=20))).status_code == 200
    assert_refused(await post(path, to=later(days=19)), 409, "clock-goes-forward")
    assert_refused(await post(path, to=later(days=800)), 422, "validation-failed")
    assert_refused(await post(f"{CLOCKS}/other/advance", to=later(days=30)), 404, "not-found")
    melati = await market.koperasi("melati")
    assert_refused(await melati.post(path, to=later(days=30)), 403, "forbidden")


async def test_api_1_an_advance_whose_answer_was_lost_may_be_sent_again(market: Market) -> None:
    """By then its instant is a little behind the clock, which has gone on."""
    await market.operator.post(CLOCKS)

    async def advance(days: int) -> httpx2.Response:
        body = {"to": later(days=days)[:10] + "T00:00:00Z"}
        path = f"{CLOCKS}/clock/advance"
        return await market.send(market.operator, "POST", path, body=body, idempotency_key=key)

    key = new_id()
    first, again = await advance(40), await advance(40)
    assert (first.status_code, again.status_code) == (200, 200), again.text
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["ahead_seconds"] == first.json()["ahead_seconds"]
    assert_refused(await advance(39), 422, "idempotency-key-reused")
    key = new_id()
    assert_refused(await advance(40), 409, "clock-goes-forward")


async def test_api_13_another_network_keeps_its_time(market: Market) -> None:
    pool = market.door.write_pool
    key = await issuing.issue(pool, market.door.clock, OTHER, issuing.Wanted(role="operator"))
    caller = await market.door.keys.caller(f"Bearer {key}")
    assert (caller.sandbox, caller.ahead) == (False, timedelta(0))


async def test_api_13_duties_go_by_the_clock_of_their_own_network(
    postgres: EmbeddedServer, template: str
) -> None:
    """Two sandboxes with the same trade in one database, and one follower for both."""
    async with opened(postgres, template) as market:
        await migrate(market.url, house.event_types(), house.topics(), [NETWORK, OTHER])
        networks = {number: await sandbox(market, number) for number in (NETWORK, OTHER)}
        for speaker in networks.values():
            market.service.operator = speaker
            await market.stock()
            assert (await speaker.put("/v1/koperasi/melati", title="Melati")).status_code == 201
            await market.open_cycle("next-week", closes_at=later(days=7))
            order = {"cycle_id": "next-week", "lines": [oil(40)], "koperasi_id": "melati"}
            assert (await market.place(speaker, order)).status_code == 201
            assert (await speaker.post(CLOCKS)).status_code == 201

        async def duties_done() -> list[str]:
            """What has become of each network's cycle when nothing is due any more."""
            states = []
            for number, speaker in networks.items():
                head = -1
                while head != (head := await market.door.log(number).head()):
                    await market.projector.catch_up(number)
                    await market.follower.tend(number)
                await market.projector.catch_up(number)
                market.service.operator = speaker
                states.append(await state_of(market, "next-week"))
            return states

        assert await duties_done() == ["open", "open"]
        for days, number, states in (
            (6, OTHER, ["open", "open"]),
            (8, NETWORK, ["consolidated", "open"]),
            (8, OTHER, ["consolidated", "consolidated"]),
        ):
            done = await networks[number].post(f"{CLOCKS}/clock/advance", to=later(days=days))
            assert done.status_code == 200, done.text
            assert await duties_done() == states


# -- what is asked for without a day ---------------------------------------------------------


async def test_api_13_today_is_the_day_of_the_test_clock(market: Market) -> None:
    """What holds from a day on is not shown the day before, and is shown on it, unasked."""
    melati, put = await market.koperasi("melati"), market.operator.put
    assert (await market.operator.post(CLOCKS)).status_code in (200, 201)
    day = day_of_business(market.door.clock.now()) + timedelta(days=300)
    tiers = {"rows": [{"item_id": "tea", "tiers": [{"from_quantity": 1, "idr": 9, "per": 1}]}]}
    valid = {"valid_from_on": f"{day}", "valid_until_on": f"{day}", "tier_mode": "all_units"}
    values = {"minimum_idr": 3_000_000, "target_idr": 4_000_000_000}
    for path, body in (
        ("items/tea", {"title": "Teh", "base_unit": "XPK", "case_size": 1}),
        ("price-lists/tea", {"supplier_id": "indofood", **valid, **tiers}),
        (
            f"koperasi/melati/classification/{day}",
            {"vat_registered": True, "price_zone": 3, "tax_id": ""},
        ),
        (f"rules/shares/{day}", {"values": values, "source": "RAT"}),
    ):
        done = await put(f"/v1/{path}", **body)
        assert done.status_code == 201, done.text

    async def shown() -> dict[str, Any]:
        get = market.operator.get
        comparison = (await get("/v1/items/tea/comparison", quantity=1)).json()
        export = await get("/v1/market-prices.csv", region_code="31.74")
        return {
            "prices": len((await get("/v1/items/tea/prices")).json()["items"]),
            "zone": (await melati.get("/v1/koperasi/melati")).json()["price_zone"],
            "zones": [each["price_zone"] for each in (await get("/v1/koperasi")).json()["items"]],
            "target": (await get("/v1/shares")).json()["target_idr"],
            "offers": len(comparison["offers"]),
            "compared on": comparison["priced_on"],
            "exported": export.headers["content-disposition"],
        }

    async def at(instant: datetime) -> dict[str, Any]:
        done = await market.operator.post(f"{CLOCKS}/clock/advance", to=instant.isoformat())
        assert done.status_code == 200, done.text
        await asyncio.sleep(0.6)  # a key is looked at again after half a second
        return await shown()

    noon = datetime.combine(day, time(12), JAKARTA)
    csv = 'attachment; filename="harga-konsumen-31.74-{}-{}.csv"'
    month = timedelta(days=30)
    eve = day - timedelta(days=1)
    assert await at(noon - timedelta(days=1)) == {
        "prices": 0,
        "zone": None,
        "zones": [None],
        "target": None,
        "offers": 0,
        "compared on": f"{eve}",
        "exported": csv.format(eve - month, eve),
    }
    assert await at(noon) == {
        "prices": 1,
        "zone": 3,
        "zones": [3],
        "target": 4_000_000_000,
        "offers": 1,
        "compared on": f"{day}",
        "exported": csv.format(day - month, day),
    }


async def test_api_13_people_live_by_the_clock_of_their_sandbox(market: Market) -> None:
    """As keys do: what a person commands is asked at its time."""
    pool, clock = market.door.write_pool, market.door.clock
    ani = people.NewPerson(issuer="https://idp.test", subject="ani", role="operator")
    await people.add(pool, clock, NETWORK, ani)
    secret = await people.begin_session(pool, clock, ani.issuer, ani.subject, second_factor=True)
    by_key = await market.door.keys.caller(f"Bearer {market.operator.key}")
    in_session = await market.door.sessions.caller(secret)
    assert (in_session.sandbox, in_session.ahead) == (True, by_key.ahead)
    assert in_session.ahead > timedelta(days=7)


async def test_api_13_an_operation_is_told_whatever_the_clock_showed(market: Market) -> None:
    """Keys in free text are looked up by the days on which they may have been used."""
    assert (await market.operator.post(CLOCKS)).status_code in (200, 201)
    keys = []
    for days in (310, 400):
        advance = f"{CLOCKS}/clock/advance"
        assert (await market.operator.post(advance, to=later(days=days))).status_code == 200
        await asyncio.sleep(0.6)  # a key is looked at again after half a second
        keys.append(f"till-7-request-{days:06}")
        body, path = {"title": "Tulip"}, f"/v1/koperasi/tulip-{days}"
        sent = {"body": body, "idempotency_key": keys[-1]}
        made = await market.send(market.operator, "PUT", path, **sent)
        assert made.status_code == 201, made.text
        for key in keys:
            found = await market.operator.get(f"/v1/operations/{key}")
            assert (found.status_code, found.json().get("state")) == (200, "done"), days


async def test_api_13_no_route_takes_today_from_another_clock() -> None:
    """`Door.today` is the day where the caller trades."""
    routes = list(Path(house.__file__).parent.rglob("*routes.py"))
    assert len(routes) > 20
    assert [path.name for path in routes if "day_of_business" in path.read_text()] == []
