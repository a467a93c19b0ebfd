"""Pages of lists: one dependency that knows what was asked for, reads from where a cursor points,
and answers with the way to the next page and to the one before."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Generic, TypeVar, cast, get_args
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec
from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, Field

from jaringan_usaha.api.access.admission import anyone
from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.door import Door, door_of, shown
from jaringan_usaha.api.problems import Problem
from jaringan_usaha.eventlog.database import Connection, Isolation
from jaringan_usaha.eventlog.queries import Part

T = TypeVar("T")
S = TypeVar("S")
P = TypeVar("P", bound="PageOf[Any]")

USUAL_ROWS = 50
MOST_ROWS = 200
USUAL_BYTES = 12 << 10
"""Of the rows of a page for which nobody named a limit: with totals and links it stays below
16 KiB, which a slow line takes in its stride."""

VERSION = 1
SIGNATURE_BYTES = 16
FIRST: Mapping[type, Any] = {str: "", int: 0, date: date.min, UUID: UUID(int=0)}
"""Before every key of a kind."""

FREE = ("cursor", "limit", "after", "fields", "expand")
"""What may change from one page to the next."""

After = Annotated[
    int,
    Query(ge=0, le=2**53 - 1, description="wait until this position of the log is shown"),
]
Limit = Annotated[
    int,
    Query(
        ge=1,
        le=MOST_ROWS,
        description="rows a page; where it is not named, as many of 50 as make 16 KiB",
    ),
]
Cursor = Annotated[
    str, Query(max_length=1_024, description="from `next` or `prev`, with the same filters")
]
Fields = Annotated[
    str,
    Query(
        max_length=1_024,
        description="only these fields of each of `items`, separated by commas",
        examples=["position"],
    ),
]
Link = Annotated[str, Field(max_length=4_096, examples=["/v1/items?limit=50&cursor=kwGRpHJp"])]


class PageOf(BaseModel, Generic[T]):
    """A page. `next` and `prev` are references to follow as they are: path and query, with all
    that was asked; null where the list ends. So is the header `Link`."""

    items: list[T] = Field(max_length=MOST_ROWS)
    next: Link | None
    prev: Link | None


class ListOf(PageOf[T], Generic[T]):
    """A page of what the ledger shows. `as_of` is the position of the log that it shows at least;
    `stale` says that the ledger stopped at a broken event and newer facts are not in it."""

    as_of: int
    stale: bool


class ListWithTotals(ListOf[T], Generic[T, S]):
    """A page, and the totals of all rows that it is a page of."""

    totals: S


class Rows(BaseModel):
    """So many rows the filters choose, on all pages."""

    rows: int


class Counted(ListWithTotals[T, Rows], Generic[T]):
    """A page of rows that have nothing to sum up."""


class Page:
    """One page of a list, as it was asked for."""

    def __init__(
        self,
        request: Request,
        response: Response,
        caller: Caller,
        key: Mapping[str, type],
        limit: int,
        cursor: str,
        after: int,
        fields: str,
    ) -> None:
        self.door: Door = door_of(request)
        self.limit = limit
        self.after = after
        self._request = request
        self._response = response
        self._caller = caller
        self._key = key
        self._cursor = cursor
        self._fields = set(fields.split(",")) if fields else set()
        self._shown: dict[str, Any] = {}
        self._items: list[BaseModel] = []

    @asynccontextmanager
    async def reading(
        self, *projections: str, as_one: bool = False, of_all: bool = False
    ) -> AsyncIterator[Connection]:
        """The tables of these projections, as far as the caller waits for; `as_one`: in one state
        for several questions; `of_all`: for what is worked out from everybody's rows. Raises Busy.
        """
        isolation: Isolation = "repeatable read" if as_one else "read committed"
        async with self.door.reading(
            self._caller, self.after, of_all=of_all, isolation=isolation
        ) as db:
            self._shown = await shown(db, self._caller.network_id, *projections)
            yield db

    @cached_property
    def part(self) -> Part:
        """The rows to ask for: one more than are shown, to know whether there are more.

        Raises Problem 400 for a cursor that is none, or of another list.
        """
        if not self._cursor:
            return Part(tuple(FIRST[kind] for kind in self._key.values()), self.limit + 1)
        try:
            sealed = base64.b64decode(
                self._cursor + "=" * (-len(self._cursor) % 4), b"-_", validate=True
            )
        except (binascii.Error, ValueError):
            raise cursor_invalid() from None
        told, signature = sealed[:-SIGNATURE_BYTES], sealed[-SIGNATURE_BYTES:]
        secrets = self.door.vault.derived("cursors")
        if not any(hmac.compare_digest(_signature(each, told), signature) for each in secrets):
            raise cursor_invalid()
        version, key, back, about = msgspec.msgpack.decode(told)
        if version != VERSION:
            raise cursor_invalid()
        if about != self._about:
            raise Problem(
                400,
                "cursor-filter-mismatch",
                "this cursor is of another list; keep the filters, or begin without a cursor",
            )
        try:
            kinds = self._key.values()
            parts: list[Any] = [
                msgspec.convert(each, kind) for each, kind in zip(key, kinds, strict=True)
            ]
        except (msgspec.ValidationError, ValueError):  # made when the list had another order
            raise cursor_invalid() from None
        return Part(tuple(parts), self.limit + 1, back)

    def answer(
        self,
        kind: type[P],
        rows: Sequence[Any],
        *,
        show: Callable[[Any], Any] = dict,
        looked_at: int = 0,
        **more: Any,
    ) -> P:
        """The page, of rows as `part` brought them. `show` makes the fields of an item from a row,
        or None where a row has nothing to show; then up to `looked_at` rows make one page.

        Raises Problem 422 for fields that an item does not have.
        """
        view: type[BaseModel] = get_args(kind.model_fields["items"].annotation)[0]
        self._must_have(view)
        sized = "limit" not in self._request.query_params
        items: list[BaseModel] = []
        seen = size = 0
        for row in rows[: looked_at or self.limit]:
            fields = show(row)
            if fields is not None:
                item = view.model_validate(fields)
                if sized:
                    size += len(item.model_dump_json(include=self._fields or None).encode())
                    if items and size > USUAL_BYTES:
                        break
                items.append(item)
            seen += 1
            if len(items) == self.limit:
                break
        self._items = items
        back = self.part.back
        page = kind(
            items=items[::-1] if back else items,
            **self._links(rows, seen, back=back),
            **self._shown,
            **more,
        )
        return self._with_fields(page) if self._fields else page

    def told(
        self, values: Mapping[str, Mapping[str, str]], *, key: str
    ) -> dict[str, dict[str, str]]:
        """Of values by the field `key` of an item and by their own, those that `answer` made a
        part of the page: it may be shorter than the rows that were read, or lack fields."""
        found: dict[str, dict[str, str]] = {}
        for item in self._items:
            of_item = values.get(getattr(item, key), {})
            left = {name: at for name, at in of_item.items() if name in (self._fields or of_item)}
            if left:
                found[getattr(item, key)] = left
        return found

    def _with_fields(self, page: P) -> P:
        """The page with parts of its items: ready to be sent, since it fits no model any more."""
        told: Any = {
            **dict.fromkeys(type(page).model_fields, True),
            "items": {"__all__": self._fields},
        }
        content = page.model_dump_json(include=told)
        headers = dict(self._response.headers)
        return cast("P", Response(content, headers=headers, media_type="application/json"))

    def within(self, everything: Sequence[object]) -> list[dict[str, Any]]:
        """The rows of a list in memory: each `thing` with its `number`, from 1 on, as the key."""
        numbered = [{"number": at, "thing": thing} for at, thing in enumerate(everything, 1)]
        (number,) = self.part.key
        if self.part.back:
            return numbered[number - 2 :: -1][: self.part.most] if number > 1 else []
        return numbered[number : number + self.part.most]

    def settle(self, **filters: object) -> None:
        """As `settle`, for this page."""
        settle(self._request, **filters)

    @cached_property
    def _query(self) -> dict[str, str]:
        settled = self._request.scope.get("settled", {})
        return {**settled, **self._request.query_params}

    @cached_property
    def _about(self) -> bytes:
        """A digest of the list: its path, its filters, and whose rows the caller sees."""
        caller = self._caller
        filters = sorted(pair for pair in self._query.items() if pair[0] not in FREE)
        whose = (caller.network_id, caller.koperasi_id, caller.supplier_id)
        told = msgspec.msgpack.encode((self._request.url.path, filters, whose))
        return hashlib.blake2b(told, digest_size=12).digest()

    def _links(self, rows: Sequence[Any], seen: int, *, back: bool) -> dict[str, str | None]:
        """To the rows further on, and back to where the caller came from."""
        on = self._link(rows[seen - 1], back=back) if 0 < seen < len(rows) else None
        home = self._link(rows[0], back=not back) if seen and self._cursor else None
        links = {"next": home, "prev": on} if back else {"next": on, "prev": home}
        told = [f'<{link}>; rel="{name}"' for name, link in links.items() if link]
        if told:
            self._response.headers["Link"] = ", ".join(told)
        return links

    def _link(self, row: Any, *, back: bool) -> str:
        key = [row[column] for column in self._key]
        told = msgspec.msgpack.encode((VERSION, key, back, self._about), enc_hook=str)
        sealed = told + _signature(self.door.vault.derive("cursors"), told)
        cursor = base64.urlsafe_b64encode(sealed).decode().rstrip("=")
        path = quote(self._request.url.path)
        return f"{path}?{urlencode({**self._query, 'cursor': cursor})}"

    def _must_have(self, view: type[BaseModel]) -> None:
        fields = [*view.model_fields, *view.model_computed_fields]
        if self._fields.issubset(fields):
            return
        names = ", ".join(fields)
        detail = f"an item has these fields: {names}"
        error = {"pointer": "/fields", "code": "unknown-field", "detail": detail}
        raise Problem(422, "validation-failed", detail, errors=[error])


def by(**key: type) -> Any:
    """The page that is asked for of a list ordered by these columns (str, int, date or UUID):
    `page: Annotated[Page, by(supplier_id=str, position=int)]`."""

    async def page(
        request: Request,
        response: Response,
        caller: Annotated[Caller, Depends(anyone)],
        limit: Limit = USUAL_ROWS,
        cursor: Cursor = "",
        after: After = 0,
        fields: Fields = "",
    ) -> Page:
        return Page(request, response, caller, key, limit, cursor, after, fields)

    return Depends(page)


def settle(request: Request, **filters: object) -> None:
    """Name filters whose value depends on the day, so that the links of a page keep those of the
    first one. To be said before the page is read."""
    told = {name.strip("_"): str(value) for name, value in filters.items()}
    request.scope["settled"] = {**request.scope.get("settled", {}), **told}


def _signature(secret: bytes, told: bytes) -> bytes:
    return hmac.digest(secret, told, "sha256")[:SIGNATURE_BYTES]


def cursor_invalid() -> Problem:
    return Problem(400, "cursor-invalid", "take the cursor from `next` or `prev` of another page")
