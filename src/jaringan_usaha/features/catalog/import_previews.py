"""Puts a preview together: the kept file, what was answered, what the catalogue knows.

The sheets of a file never change under its hash, and a preview not under the positions of the
tables it was made from; the last few of both are kept, so that pages cost little.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Generic, TypeVar

from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.door import Door, shown
from jaringan_usaha.eventlog.database import LONG_SECONDS, Row
from jaringan_usaha.features.catalog import import_views as views
from jaringan_usaha.features.catalog.imports import REFUSALS, NoSuchImport
from jaringan_usaha.features.catalog.sheets import reading
from jaringan_usaha.features.catalog.sheets.cells import FileRefused, Sheet
from jaringan_usaha.features.catalog.sheets.comparing import Draft, Preview
from jaringan_usaha.features.catalog.sheets.guarding import Kind, check

MOST_KEPT = 4

V = TypeVar("V")


class _Kept(Generic[V]):
    """The few things that were asked for last."""

    def __init__(self) -> None:
        self._things: OrderedDict[Hashable, V] = OrderedDict()

    def get(self, key: Hashable) -> V | None:
        if key in self._things:
            self._things.move_to_end(key)
        return self._things.get(key)

    def keep(self, key: Hashable, thing: V) -> V:
        self._things[key] = thing
        while len(self._things) > MOST_KEPT:
            self._things.popitem(last=False)
        return thing


@dataclass(frozen=True)
class Previewed:
    """A preview of an import as it stands, and the digest that confirms it."""

    row: Row
    preview: Preview
    digest: str


class _Shelf:
    """What this room keeps between requests."""

    def __init__(self) -> None:
        self.sheets: _Kept[tuple[Sheet, ...]] = _Kept()
        self.previews: _Kept[Previewed] = _Kept()


def _shelf(door: Door) -> _Shelf:
    shelf: _Shelf = door.shelf.setdefault("price files", _Shelf())
    return shelf


async def read_file(door: Door, name: str, content: bytes) -> Kind:
    """Check a file and read it once. Raises FileIsRefused."""
    try:
        kind = await asyncio.to_thread(check, name, content)
    except FileRefused as refused:
        raise REFUSALS[refused.code](refused.detail) from None
    await _read(door, kind, sha256(content).hexdigest(), content)
    return kind


async def _read(door: Door, kind: Kind, digest: str, content: bytes) -> tuple[Sheet, ...]:
    """The sheets of a file that was checked. Raises FileIsRefused."""
    try:
        sheets = await asyncio.to_thread(reading.sheets_of, kind, content)
    except FileRefused as refused:
        raise REFUSALS[refused.code](refused.detail) from None
    return _shelf(door).sheets.keep(digest, sheets)


async def preview(
    door: Door,
    caller: Caller,
    import_id: str,
    *,
    after: int = 0,
    answers: Mapping[str, str] | None = None,
) -> Previewed:
    """The preview of an import, with further answers if they are given. Raises NoSuchImport."""
    async with door.reading(caller, after) as db:
        positions = [  # first: what is read below is at least as new as the key it is kept under
            (await shown(db, caller.network_id, name))["as_of"]
            for name in ("catalog", "price_imports")
        ]
        row = await views.price_import(db, caller.network_id, import_id)
        if row is None:
            raise NoSuchImport(f"there is no price import {import_id}")
        said = await views.answers(db, caller.network_id, row["supplier_id"], import_id)
        key = (caller.network_id, import_id, *positions)
        kept = _shelf(door).previews.get(key)
        if kept is not None and answers is None:
            return kept
        sheets = _shelf(door).sheets.get(row["sha256"])
        file = None if sheets else await views.file(db, caller.network_id, row["sha256"])
    if sheets is None:
        assert file is not None, "a fact names a file that was kept before it"
        sheets = await _read(door, row["kind"], row["sha256"], file.body)
    draft = await asyncio.to_thread(Draft, sheets, {**said, **(answers or {})})
    async with door.reading(caller, after, seconds=LONG_SECONDS) as db:
        catalogue = await views.catalogue(
            db, caller.network_id, row["supplier_id"], row["valid_from_on"], draft.wanted()
        )
    found = await asyncio.to_thread(draft.compare, catalogue)
    previewed = Previewed(row, found, found.digest(*terms_of(row)))
    return previewed if answers is not None else _shelf(door).previews.keep(key, previewed)


def terms_of(row: Row) -> list[object]:
    """What is stored beside the rows."""
    names = ("supplier_id", "price_list_id", "sha256", "valid_from_on", "valid_until_on")
    return [row["import_id"], *(row[name] for name in names), row["tier_mode"]]
