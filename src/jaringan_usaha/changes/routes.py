"""Sync down over HTTP: what a device that was away must fetch."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect

from jaringan_usaha.api.access.admission import anyone
from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.door import Door, DoorNow
from jaringan_usaha.api.paging import After
from jaringan_usaha.api.strict_route import StrictRoute
from jaringan_usaha.changes import cursors, views
from jaringan_usaha.changes.announcing import audiences_of
from jaringan_usaha.changes.kinds import KINDS, lists_for, within
from jaringan_usaha.changes.views import Key
from jaringan_usaha.changes.waiting import Waiter, Waiting, first_of
from jaringan_usaha.kernel.rejections import Gone

router = APIRouter(prefix="/v1", route_class=StrictRoute, tags=["changes"])

CHANGES = "/v1/changes"
SNAPSHOT = "/v1/changes/snapshot"
BEGINNING: Key = (1, "", "")
MOST_A_PAGE = 100  # below 64 KiB with the longest names there are
STEP = 1_024
"""The cursor of somebody who is told nothing moves on by so many positions at once, so that the
same question has the same answer, and the same `ETag`, for a while."""

ChangesCaller = Annotated[Caller, Depends(anyone)]
Cursor = Annotated[
    str,
    Query(
        max_length=cursors.MOST_CHARACTERS,
        description="stands in `next` of the page before, and in that of the snapshot",
    ),
]


class CursorExpired(Gone):
    code = "cursor-expired"


class ChangeView(BaseModel):
    """Fetch `url`, which may be a list, unless the thing was deleted. A thing may be announced as
    created again: it may have been hidden, or drafted, before."""

    position: int = Field(description="of the event in the log")
    kind: str = Field(description="what it is, as `order`; more may come")
    id: str = Field(description="its parts are separated by `|`")
    change: str = Field(description="created, changed or deleted; more may come")
    url: str


class ChangeList(BaseModel):
    """Changes in the order of the log. `next` is a link, to which `limit` and `wait` may be added.
    `more`: follow it at once, else with `wait`."""

    items: list[ChangeView] = Field(max_length=100)
    next: str
    more: bool


class Snapshot(BaseModel):
    """Fetch these lists to their ends, then the changes from `next` on: nothing is missed."""

    next: str
    lists: list[str] = Field(
        max_length=64, description="`{cycle_id}`: for each cycle; so koperasi and suppliers"
    )


@router.get(
    "/changes",
    operation_id="listChanges",
    response_model=ChangeList,
    responses={410: {"description": "Kept no longer; `snapshot_url` says where to begin again."}},
)
async def list_changes(
    request: Request,
    caller: ChangesCaller,
    door: DoorNow,
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=200, description="changes a page; 100 at most")] = 50,
    wait: Annotated[
        int, Query(ge=0, le=25, description="seconds to wait when there is nothing yet")
    ] = 0,
    after: After = 0,
) -> Response:
    """What was created, changed or deleted since, for this caller. Figures that follow from
    other things (totals, prices, margins, balances) are not announced.

    Changes are kept for 35 days: 410 says where to begin again.
    """
    limit = min(limit, MOST_A_PAGE)
    key = cursors.read(door.vault, caller, cursor) if cursor else BEGINNING
    page, as_of = await _page(door, caller, key, limit, after)
    if wait and not page.items:
        end = asyncio.get_running_loop().time() + wait
        waiter = Waiter(caller.network_id, caller.key_id, audiences_of(caller), as_of)
        request.scope["at_rest"]()  # who waits takes nobody's place
        with _waiting(door).place(waiter):
            while not page.items and (left := end - asyncio.get_running_loop().time()) > 0:
                if not await first_of(waiter.news, lambda: _hung_up(request), left):
                    raise ClientDisconnect
                waiter.news.clear()
                page, waiter.seen = await _page(door, caller, key, limit, 0)
    body = page.model_dump_json().encode()
    return Response(body, media_type="application/json")


@router.get("/changes/snapshot", operation_id="getSnapshot")
async def get_snapshot(caller: ChangesCaller, door: DoorNow, after: After = 0) -> Snapshot:
    """Where to begin: the lists that show everything there is, and a cursor taken before."""
    async with door.reading(caller, after) as db:
        row = await views.kept(db, caller.network_id)
    now: Key = (row["as_of"] + 1, "", "")
    return Snapshot(next=_on_from(door, caller, now), lists=lists_for(caller))


async def _page(
    door: Door, caller: Caller, key: Key, limit: int, after: int
) -> tuple[ChangeList, int]:
    """The page behind a key, and the position up to which it looked. Raises CursorExpired."""
    kinds = None
    if caller.scopes:
        kinds = [name for name, kind in KINDS.items() if within(caller, kind.area)]
    async with door.reading(caller, after, isolation="repeatable read") as db:
        kept = await views.kept(db, caller.network_id)
        if key[0] + bool(key[1]) < kept["first_position"]:
            raise CursorExpired(
                "changes so long ago are not kept; fetch what `snapshot_url` names, then go on "
                "from its cursor",
                snapshot_url=SNAPSHOT,
            )
        rows = await views.changes(
            db, caller.network_id, audiences_of(caller), after=key, kinds=kinds, limit=limit
        )
    items = [ChangeView(**dict(row), url=KINDS[row["kind"]].url_of(row["id"])) for row in rows]
    more = len(rows) == limit
    if rows:
        key = (rows[-1]["position"], rows[-1]["kind"], rows[-1]["id"])
    if not more:
        key = max(key, (kept["as_of"] // STEP * STEP + 1, "", ""))
    return ChangeList(items=items, next=_on_from(door, caller, key), more=more), kept["as_of"]


def _on_from(door: Door, caller: Caller, key: Key) -> str:
    return f"{CHANGES}?cursor={cursors.written(door.vault, caller, key)}"


def _waiting(door: Door) -> Waiting:
    if "changes" not in door.shelf:
        door.shelf["changes"] = Waiting(door.read_pool)
    waiting: Waiting = door.shelf["changes"]
    return waiting


async def _hung_up(request: Request) -> None:
    """Returns when nobody listens any more."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
