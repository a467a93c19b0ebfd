"""API-5 and the reading half of API-8: every list of the contract comes in pages, alike."""

import base64
import itertools
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st
from test_matrix import OPERATIONS, World, ask
from test_matrix import world as traded

from jaringan_usaha.api.access.vault import Vault, new_line
from jaringan_usaha.api.asked import new_id
from jaringan_usaha.api.paging import MOST_ROWS
from jaringan_usaha.embedded import EmbeddedServer
from market import Market, oil, opened
from service import MASTER_KEY, NETWORK, assert_refused, cursor_of

__all__ = ["traded"]  # a fixture

pytestmark = pytest.mark.asyncio(loop_scope="module")

LISTS = {
    name: each
    for name, each in OPERATIONS.items()
    if "cursor" in each.query and name != "listChanges"  # which only leads on
}
SLOW_LINE_BYTES = 16 << 10
NAMED = {"listCosts": "cycle_id", "listOrders": "koperasi_id"}
"""What these lists must be told besides."""
OF_DAYS = {"listAffectedPersons", "listMarketPrices", "listSaleFlags", "listSales"}
"""They show few days where none are named."""
OF_BULOG = {"cycle_id": "billed", "supplier_id": "bulog"}
BILLED_LATER: Mapping[str, Mapping[str, Any]] = {
    "/v1/invoice-payments/bca-32": {
        "invoice_id": "dear",
        "amount_idr": 100_000,
        "paid_on": "2026-02-10",
        "reference": "BCA 32",
    },
    "/v1/rebates/bca-45": {
        **OF_BULOG,
        "amount_idr": 1,
        "received_on": "2026-03-10",
        "reference": "BCA 45",
    },
    "/v1/charges/truck-10": {
        "cycle_id": "billed",
        "payee": "Truk",
        "kind": "freight",
        "key": "manual",
        "manual": {"rice": 1},
        "amount_idr": 20_000,
        "billed_on": "2026-02-03",
        "reference": "TRK 10",
    },
}
"""So that payments, rebates and charges are of several days."""
FILE = "Kode;Nama;Isi;Harga\nA1;Kopi 200 g;12;17.250\nA2;Teh;12;TBA\nA3;Gula;12;TBA\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(traded: World) -> World:
    """With an open file, and a second row or day wherever there is only one."""
    market = traded.market
    mawar, melati = await market.koperasi("mawar"), await market.koperasi("melati")
    about = {"supplier_id": "bulog", "file_name": "harga.csv", "valid_from_on": "2028-01-01"}
    headers = {"authorization": f"Bearer {market.operator.key}"}
    line = {"item_id": "oil", "quantity": 1, "amount_idr": 200_000}
    done = [
        await market.client.put(
            "/v1/price-imports/open", content=FILE.encode(), params=about, headers=headers
        ),
        *[
            await market.place(koperasi, {"cycle_id": "reopened", "lines": [oil(1)]})
            for koperasi in (mawar, mawar, melati, melati)
        ],
        await mawar.put(f"/v1/sales/{new_id()}", sold_on="2026-02-15", lines=[line]),
        *[await market.operator.put(path, **body) for path, body in BILLED_LATER.items()],
    ]
    assert [each.text for each in done if not each.is_success] == []
    await market.settle()
    for names in traded.names.values():
        names["import_id"] = "open"
    return traded


async def listed(
    world: World, name: str, names: Mapping[str, str], **query: Any
) -> httpx2.Response:
    """A page as the operator sees it, of the things named."""
    operation = LISTS[name]
    if name in OF_DAYS:
        query = {"from": "2026-01-01", "to": "2026-12-31", **query}
    if name in NAMED:
        query = {NAMED[name]: names[NAMED[name]], **query}
    return await ask(world, operation, world.keys["operator"], names, **query)


async def fullest(world: World, name: str) -> Mapping[str, str]:
    """Names of which a list has most to show."""
    if name not in _fullest:
        asked = {*re.findall(r"{(\w+)}", LISTS[name].path), *LISTS[name].required, NAMED.get(name)}
        several = {each: there for each, there in (await _there(world)).items() if each in asked}
        most = -1
        for values in itertools.product(*several.values()):
            names = {**world.names["mawar"], **dict(zip(several, values, strict=True))}
            answer = await listed(world, name, names, limit=MOST_ROWS)
            rows = len(answer.json()["items"]) if answer.is_success else -1
            if rows > most:
                most, _fullest[name] = rows, names
    return _fullest[name]


_fullest: dict[str, Mapping[str, str]] = {}


async def _there(world: World) -> dict[str, list[str]]:
    """What there is to ask about, by parameter."""
    tables = ("cycle", "koperasi", "supplier", "item", "price_list", "receipt", "charge", "account")
    found = {}
    for name in tables:
        table = {"koperasi": "koperasi", "account": "balances"}.get(name, f"{name}s")
        column = name if name == "account" else f"{name}_id"
        rows = await world.market.worker.fetch(f"select distinct {column} from {table}")
        found[column] = [row[0] for row in rows]
    return found


def links(answer: httpx2.Response) -> dict[str, str]:
    """What the header `Link` says, by relation."""
    parts = filter(None, answer.headers.get("link", "").split(", "))
    return {rel[5:-1]: url[1:-1] for url, rel in (part.split("; ") for part in parts)}


async def follow(world: World, link: str, role: str = "operator") -> httpx2.Response:
    headers = {"authorization": f"Bearer {world.keys[role]}"}
    return await world.market.client.get(link, headers=headers)


# -- every list ----------------------------------------------------------------------------


async def test_the_lists_are_found() -> None:
    assert len(LISTS) > 50
    described = {name for name in OPERATIONS if name.startswith("list")}
    assert described - LISTS.keys() == {"listChanges", "listTestClocks"}


@pytest.mark.parametrize("name", sorted(LISTS))
async def test_api_5_every_list_is_walked_there_and_back(world: World, name: str) -> None:
    assert {"limit", "cursor", "fields"} <= LISTS[name].query
    names = await fullest(world, name)
    whole = (await listed(world, name, names, limit=MOST_ROWS)).json()
    assert (whole["next"], whole["prev"]) == (None, None)
    answer = await listed(world, name, names, limit=1)
    there = [answer.json()]
    while there[-1]["next"] is not None:
        assert links(answer)["next"] == there[-1]["next"]
        answer = await follow(world, there[-1]["next"])
        there.append(answer.json())
    assert [row for page in there for row in page["items"]] == whole["items"]
    back = there[-1:]
    while back[-1]["prev"] is not None:
        assert links(answer)["prev"] == back[-1]["prev"]
        answer = await follow(world, back[-1]["prev"])
        back.append(answer.json())
    assert [page["items"] for page in back[::-1]] == [page["items"] for page in there]
    assert [page.get("totals") for page in back[::-1]] == [page.get("totals") for page in there]
    assert (there[0]["prev"], back[-1]["prev"]) == (None, None)


@pytest.mark.parametrize("name", sorted(LISTS))
async def test_api_5_every_list_refuses_the_cursors_of_others(world: World, name: str) -> None:
    strange = await someones(world, "/v1/items?limit=1")
    if name == "listItems":
        strange = await someones(world, "/v1/koperasi?limit=1")
    names = await fullest(world, name)
    refused = await listed(world, name, names, cursor=strange)
    assert_refused(refused, 400, "cursor-filter-mismatch")
    for broken in ("x", "====", "é", strange[:-2], strange[::-1], f"{strange}AAAA", "A" * 64):
        refused = await listed(world, name, names, cursor=broken)
        assert_refused(refused, 400, "cursor-invalid")
    for limit in (0, MOST_ROWS + 1):
        refused = await listed(world, name, names, limit=limit)
        assert_refused(refused, 422, "validation-failed")


@pytest.mark.parametrize("name", sorted(LISTS))
async def test_api_8_of_every_list_single_fields_can_be_asked(world: World, name: str) -> None:
    names = await fullest(world, name)
    (row, *_) = (await listed(world, name, names, limit=1)).json()["items"] or [None]
    refused = await listed(world, name, names, fields="nonsense")
    (error,) = assert_refused(refused, 422, "validation-failed")["errors"]
    assert (error["pointer"], error["code"]) == ("/fields", "unknown-field")
    if row is not None:
        asked = sorted(row)[:2]
        assert all(each in error["detail"] for each in row)
        page = (await listed(world, name, names, limit=1, fields=",".join(asked))).json()
        assert page["items"] == [{each: row[each] for each in asked}]
        assert page["next"] is None or f"fields={asked[0]}%2C{asked[1]}" in page["next"]


@pytest.mark.parametrize("name", sorted(LISTS))
async def test_api_8_a_usual_page_of_every_list_is_small(world: World, name: str) -> None:
    for names in (await fullest(world, name), *world.names.values()):
        answer = await listed(world, name, names)
        assert len(answer.content) < SLOW_LINE_BYTES


async def test_most_lists_have_something_to_show_here(world: World) -> None:
    single = set()
    for name in LISTS:
        answer = await listed(world, name, await fullest(world, name), limit=1)
        single |= set() if answer.json()["next"] else {name}
    assert len(single) < len(LISTS) * 2 / 5, single


async def test_api_8_consolidated_orders_come_with_their_lines_when_asked(world: World) -> None:
    path = "/v1/consolidated-orders?limit=200"
    plain = (await follow(world, path)).json()["items"]
    assert {row["lines"] is None for row in plain} == {True}
    full = (await follow(world, f"{path}&expand=lines")).json()["items"]
    assert sum(len(row["lines"]) for row in full) >= len(full) > 3
    for row in full:
        of_order = f"/v1/consolidated-orders/{row['cycle_id']}/{row['supplier_id']}/lines"
        assert row["lines"] == (await follow(world, of_order)).json()["items"]
    for row in (await follow(world, f"{path}&expand=lines", "supplier")).json()["items"]:
        assert row["alone_idr"] is None
        assert {line["alone_idr"] for line in row["lines"]} == {None}
    refused = await follow(world, f"{path}&expand=everything")
    assert_refused(refused, 422, "validation-failed")
    nothing = await follow(world, f"{path}&expand=lines&cycle_id=nowhere")
    assert nothing.json()["items"] == []


async def someones(world: World, link: str, role: str = "operator") -> str:
    """The cursor that leads on from a page."""
    return cursor_of((await follow(world, link, role)).json()["next"])


# -- cursors -------------------------------------------------------------------------------


async def test_api_5_a_cursor_holds_for_its_filters_and_its_caller_alone(world: World) -> None:
    mine = await someones(world, "/v1/orders?cycle_id=reopened&koperasi_id=melati&limit=1")
    path = f"/v1/orders?koperasi_id=melati&limit=3&after=1&fields=order_id&cursor={mine}"
    answer = await follow(world, f"{path}&cycle_id=reopened")
    assert answer.status_code == 200, "limit, after and fields may change"
    assert_refused(await follow(world, f"{path}&cycle_id=amended"), 400, "cursor-filter-mismatch")
    own = f"/v1/orders?cycle_id=reopened&koperasi_id=mawar&cursor={mine}"
    assert_refused(await follow(world, own, "koperasi"), 400, "cursor-filter-mismatch")
    public = await someones(world, "/v1/items?limit=1", "supplier")
    assert (await follow(world, f"/v1/items?cursor={public}", "supplier")).status_code == 200
    other = await follow(world, f"/v1/items?cursor={public}", "koperasi")
    assert_refused(other, 400, "cursor-filter-mismatch")


async def test_api_5_a_forged_cursor_is_refused(world: World) -> None:
    cursor = await someones(world, "/v1/items?limit=1")
    sealed = bytearray(base64.urlsafe_b64decode(cursor + "==="))
    for place in range(len(sealed)):
        sealed[place] ^= 1
        forged = base64.urlsafe_b64encode(sealed).decode().rstrip("=")
        sealed[place] ^= 1
        assert_refused(await follow(world, f"/v1/items?cursor={forged}"), 400, "cursor-invalid")


async def test_api_5_cursors_outlive_a_change_of_the_master_key(
    world: World, tmp_path: Path
) -> None:
    cursor = await someones(world, "/v1/items?limit=1")
    door, old = world.market.door, world.market.door.vault
    keys = tmp_path / "keys"
    try:
        keys.write_text(new_line() + MASTER_KEY.read_text())
        door.vault = Vault.from_file(keys)
        assert (await follow(world, f"/v1/items?cursor={cursor}")).status_code == 200
        keys.write_text(new_line())
        door.vault = Vault.from_file(keys)
        refused = await follow(world, f"/v1/items?cursor={cursor}")
        assert_refused(refused, 400, "cursor-invalid")
    finally:
        door.vault = old


async def test_api_5_a_walk_goes_on_over_midnight_with_the_days_it_began_with(
    world: World,
) -> None:
    clock, before = world.market.door.clock, world.market.door.clock.offset
    for path, names in (("/v1/sales", ("from", "to")), ("/v1/koperasi", ("on",))):
        clock.offset = datetime(2026, 2, 20, tzinfo=UTC) - datetime.now(UTC)
        try:
            page = (await follow(world, f"{path}?limit=1")).json()
            assert all(f"{name}=2026-" in page["next"] for name in names)
            clock.offset += timedelta(days=1)
            assert (await follow(world, page["next"])).status_code == 200
        finally:
            clock.offset = before


# -- the property --------------------------------------------------------------------------


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(postgres: EmbeddedServer, template: str) -> AsyncIterator[Market]:
    async with opened(postgres, template) as market:
        yield market


RULES = st.tuples(
    st.from_regex(r"[aB9][aB9-]{0,2}", fullmatch=True), st.integers(1, 300), st.just("a law")
)
GOODS = st.tuples(
    st.dates(date(2026, 1, 1), date(2026, 1, 4)), st.sampled_from("aBc"), st.sampled_from("xYz")
)
INSERT_RULE = (
    "insert into rules values ($1, $2, $3, '2026-01-01', '{}', $4, 1, now()) on conflict do nothing"
)
SHAPES = {
    "/v1/rules": (
        RULES,
        ("rule_id", "version_no"),
        INSERT_RULE,
        "delete from rules",
    ),
    "/v1/sales?from=2026-01-01&to=2026-01-04": (
        GOODS,
        ("sold_on", "koperasi_id", "item_id"),
        "insert into sold_goods values ($1, $2, $3, $4, 1, 1, 0, 1) on conflict do nothing",
        "delete from sold_goods",
    ),
}
"""Lists by keys of different kinds: their keys, columns, and how a row comes and all go."""


@pytest.mark.parametrize("path", SHAPES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
async def test_api_5_every_row_of_the_start_comes_once_whatever_is_inserted(
    market: Market, path: str, data: st.DataObject
) -> None:
    """There and back, while rows are inserted between pages, of any number of rows each."""
    keys, columns, insert, empty = SHAPES[path]
    db = market.worker

    async def add(rows: Sequence[tuple[Any, ...]]) -> None:
        await db.executemany(insert, [(NETWORK, *row) for row in rows])

    async def walk(link: str | None, towards: str) -> list[list[tuple[Any, ...]]]:
        pages = []
        while link is not None:
            answer = (await market.send(market.operator, "GET", link)).json()
            pages.append([tuple(row[column] for column in columns) for row in answer["items"]])
            ends.append(answer)
            await add(data.draw(st.lists(keys, max_size=3)))
            link = answer[towards]
            if link is not None:
                link = link.replace(
                    f"limit={answer_limit(link)}", f"limit={data.draw(st.integers(1, 5))}"
                )
            assert len(pages) < 200
        return pages

    ends: list[dict[str, Any]] = []
    await db.execute(empty)
    await add(data.draw(st.lists(keys, max_size=12)))
    joint = "&" if "?" in path else "?"
    start = f"{path}{joint}limit={data.draw(st.integers(1, 5))}"
    there_at_first = Counter(await everything(market, path, columns))
    there = [row for page in await walk(start, "next") for row in page]
    assert Counter(row for row in there if row in there_at_first) == there_at_first
    assert max(Counter(there).values(), default=1) == 1
    in_order = await everything(market, path, columns)
    assert there == [row for row in in_order if row in set(there)]

    last = [tuple(row[column] for column in columns) for row in ends[-1]["items"]]
    before = in_order[: in_order.index(last[0])] if ends[-1]["prev"] else []
    back = [row for page in await walk(ends[-1]["prev"], "prev") for row in reversed(page)]
    assert [row for row in back if row in set(before)] == before[::-1]
    assert max(Counter([*last, *back]).values(), default=1) == 1


def answer_limit(link: str) -> str:
    return link.partition("limit=")[2].partition("&")[0]


async def everything(market: Market, path: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """The keys of all rows in the order of the list."""
    found: list[tuple[Any, ...]] = []
    for page in await market.operator.pages(f"{path}{'&' if '?' in path else '?'}limit=200"):
        found += [tuple(row[column] for column in columns) for row in page["items"]]
    return found


# -- sizes ---------------------------------------------------------------------------------


async def test_api_8_a_page_ends_where_a_slow_line_has_enough(market: Market) -> None:
    rows = [(NETWORK, f"wide-{number:02}", 1, "x" * 900) for number in range(60)]
    await market.worker.executemany(INSERT_RULE, rows)
    pages = await market.operator.pages("/v1/rules")
    assert 5 < len(pages[0]["items"]) < 50
    named = await market.send(market.operator, "GET", "/v1/rules?limit=50")
    assert len(named.json()["items"]) == 50
    assert len(named.content) > SLOW_LINE_BYTES, "a limit that is named is kept to"
    for page in pages:
        assert len(str(page)) < SLOW_LINE_BYTES
    few = (await market.send(market.operator, "GET", "/v1/rules?fields=rule_id")).json()
    assert len(few["items"]) == 50
