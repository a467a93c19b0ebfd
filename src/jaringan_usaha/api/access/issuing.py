"""API keys made, replaced and ended. A key is shown once; what is kept of it is its hash."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any, Never
from uuid import UUID

from jaringan_usaha.api.access.caller import Address, Caller, Role
from jaringan_usaha.api.access.keys import (
    ID_LENGTH,
    PREFIX,
    TEST_PREFIX,
    KeyRow,
    key_hash,
    key_id,
    looks_right,
    new_key,
)
from jaringan_usaha.api.answering import answering
from jaringan_usaha.api.asked import Clock
from jaringan_usaha.api.contract.openapi import TAGS
from jaringan_usaha.eventlog.answers import key_reused
from jaringan_usaha.eventlog.database import Connection, Pool, Row
from jaringan_usaha.eventlog.queries import Part, Queries
from jaringan_usaha.kernel.messages import Asked
from jaringan_usaha.kernel.rejections import Invalid, Missing, NotAllowed, Refused
from jaringan_usaha.kernel.two_persons import must_be_another

queries = Queries("jaringan_usaha.api.access", "keys.sql")

COMMAND_LINE = "command line"
"""On the server itself, where nobody has to ask for anything."""
KEY_LIFE = timedelta(days=400)
OVERLAP = timedelta(hours=24)
MOST_OVERLAP = timedelta(days=7)
SCOPES = frozenset(
    f"{tag.replace(' ', '-')}:{right}"
    for tag in TAGS
    if tag != "health"
    for right in ("read", "write")
)
"""`orders:read`, `orders:write`, …: by the tag of a route, and by whether it changes anything."""


class NoSuchKey(Missing):
    code = "key-unknown"


class KeyDoesNotFit(Invalid):
    code = "key-does-not-fit"


class KeyIsMade(Refused):
    code = "key-already-made"


class KeyIsOver(Refused):
    code = "key-is-over"


class KeyIsOpen(Refused):
    code = "key-waits-for-nobody"


@dataclass(frozen=True)
class Wanted:
    """A key to be made."""

    role: Role
    koperasi_id: str | None = None
    device_id: str | None = None
    supplier_id: str | None = None
    scopes: Sequence[str] = ()
    addresses: Sequence[str | Address] = ()
    label: str = ""
    life: timedelta = KEY_LIFE
    by: str = COMMAND_LINE
    asked: Asked | None = None
    """The request that wants it, which makes one key however often it is sent."""
    person_id: UUID | None = None
    """Whom it is made for; it ends with the person."""
    speaks_as: str | None = None

    def networks(self) -> list[Address]:
        """Raises KeyDoesNotFit for what is no address, or a network with host bits."""
        try:
            return [ip_network(each) for each in self.addresses]
        except ValueError:
            raise KeyDoesNotFit(
                "write addresses as networks, such as 203.0.113.0/24", pointer="/addresses"
            ) from None

    def must_fit(self) -> None:
        """Raises KeyDoesNotFit."""
        for field, roles in FIELDS.items():
            named = getattr(self, field) is not None
            if self.role in roles and not named:
                raise KeyDoesNotFit(
                    f"{field} is missing: a key of the role {self.role} names it",
                    pointer=f"/{field}",
                )
            if named and self.role not in roles:
                raise KeyDoesNotFit(
                    f"leave out {field}: a key of the role {self.role} has none",
                    pointer=f"/{field}",
                )
        if not set(self.scopes) <= SCOPES:
            raise KeyDoesNotFit("there is no such scope", pointer="/scopes", scopes=sorted(SCOPES))
        if not timedelta(0) < self.life <= KEY_LIFE:
            raise KeyDoesNotFit("a key lives for 1 to 400 days", pointer="/valid_days")


FIELDS = {
    "koperasi_id": ("koperasi", "device"),
    "device_id": ("device",),
    "supplier_id": ("supplier",),
}
"""Which roles speak for one of these."""


def key_finder(pool: Pool) -> Callable[[str], Any]:
    """How `Keys` asks the database."""

    async def find(public: str) -> KeyRow | None:
        with answering():
            row = await pool.fetchrow(queries.find_key, public)
        return None if row is None else KeyRow(**dict(row))

    return find


def must_hold(caller: Caller, scopes: Sequence[str], addresses: Sequence[Address]) -> None:
    """Nobody hands out more than they hold. Raises NotAllowed."""
    wider = caller.scopes and not (scopes and caller.scopes.issuperset(scopes))
    further = caller.addresses and not (
        addresses and all(_within(each, caller.addresses) for each in addresses)
    )
    if wider or further:
        raise NotAllowed("this key may only hand out scopes and addresses that it has itself")


def _within(address: Address, bounds: Sequence[Address]) -> bool:
    return any(
        address.version == each.version and address.subnet_of(each)  # type: ignore[arg-type]
        for each in bounds
    )


async def issue(pool: Pool, clock: Clock, network_id: int, wanted: Wanted) -> str:
    """Make a key and store its hash; the key itself is shown this once.

    Raises KeyDoesNotFit, KeyIsMade when the same request made one before, and KeyReused when
    another did under its idempotency key.
    """
    async with pool.acquire() as db:
        return await _add(db, network_id, wanted, clock.now())


async def _add(db: Connection, network_id: int, wanted: Wanted, now: datetime) -> str:
    wanted.must_fit()
    addresses = wanted.networks()
    sandbox = await db.fetchval(queries.is_sandbox, network_id)
    key = new_key(TEST_PREFIX if sandbox else PREFIX)
    status = await db.execute(
        queries.add_key,
        key_id(key),
        key_hash(key),
        key[-4:],
        network_id,
        wanted.role,
        wanted.koperasi_id,
        wanted.device_id,
        wanted.supplier_id,
        list(wanted.scopes),
        addresses,
        wanted.label,
        wanted.by,
        wanted.asked and wanted.asked.command_id,
        wanted.asked and wanted.asked.print,
        now,
        now + wanted.life,
        wanted.person_id,
        wanted.speaks_as,
        wanted.role == "auditor" and wanted.by != COMMAND_LINE,
    )
    if wanted.asked is not None and status != "INSERT 0 1":
        await _must_be_again(db, wanted.asked)
    return key


async def _must_be_again(db: Connection, asked: Asked) -> Never:
    """Raises KeyIsMade, or KeyReused where the request that made a key wanted another thing."""
    made = await db.fetchrow(queries.made_by, asked.command_id)
    assert made is not None, "a key stays, so what stood in the way is still there"
    if made["command_print"] not in (None, asked.print):
        raise key_reused()
    raise KeyIsMade(
        "this request has made its key, which is not shown again: "
        "revoke that one and ask for another with a new Idempotency-Key",
        key_id=made["key_id"],
    )


async def rotate(
    pool: Pool,
    clock: Clock,
    network_id: int,
    public: str,
    *,
    overlap: timedelta = OVERLAP,
    life: timedelta = KEY_LIFE,
    by: Caller | None = None,
    asked: Asked | None = None,
) -> str:
    """A new key with the rights of the old one, which dies after `overlap`.

    Raises NoSuchKey, KeyIsOver, KeyDoesNotFit, KeyIsMade, KeyReused, NotAllowed.
    """
    if not timedelta(0) <= overlap <= MOST_OVERLAP:
        raise KeyDoesNotFit("the old key lives on for at most 7 days", pointer="/overlap_hours")
    now = clock.now()
    async with pool.acquire() as db, db.transaction():
        old = await db.fetchrow(queries.key_row, network_id, public)
        if old is None:
            raise NoSuchKey(f"there is no key {public}")
        if by is not None:
            must_hold(by, old["scopes"], old["addresses"])
        wanted = Wanted(
            role=old["role"],
            koperasi_id=old["koperasi_id"],
            device_id=old["device_id"],
            supplier_id=old["supplier_id"],
            scopes=old["scopes"],
            addresses=old["addresses"],
            label=old["label"],
            life=life,
            by=COMMAND_LINE if by is None else by.who,
            asked=asked,
            **_name_of_successor(old, by),
        )
        key = await _add(db, network_id, wanted, now)
        status = await db.execute(
            queries.retire_key, network_id, public, key_id(key), now + overlap, now
        )
        if status != "UPDATE 1":
            raise KeyIsOver("this key is over or rotated already; make a new one instead")
    return key


def _name_of_successor(old: Row, by: Caller | None) -> dict[str, Any]:
    """It is the same as before, unless somebody else takes an operator's key over."""
    if by is not None and old["role"] == "operator":
        return {"person_id": by.person_id, "speaks_as": by.who}
    name = old["speaks_as"] or old["key_id"]
    return {"person_id": old["person_id"], "speaks_as": name}


async def approve(pool: Pool, network_id: int, public: str, by: Caller) -> None:
    """Let a key in that another person asked for.

    Raises NoSuchKey, SecondPersonNeeded, KeyIsOpen.
    """
    row = await key_row(pool, network_id, public)
    if row["approved_by"] == by.who:
        return
    if row["waits"]:
        must_be_another(row["created_by"], by.who)
    status = await pool.execute(queries.approve_key, network_id, public, by.who)
    if status != "UPDATE 1":
        raise KeyIsOpen("this key does not wait for anybody")


async def revoke(pool: Pool, clock: Clock, public: str) -> bool:
    """End a key, given by its public part (12 characters). False when there is no live one."""
    status = await pool.execute(queries.revoke_key, public[:ID_LENGTH], clock.now())
    return str(status) == "UPDATE 1"


async def expose(pool: Pool, clock: Clock, key: str) -> bool:
    """End a whole key that was written where others may read it, and note since when.

    False when it is none: its public part alone ends nothing.
    """
    if not looks_right(key):
        return False
    status = await pool.execute(queries.expose_key, key_id(key), key_hash(key), clock.now())
    return str(status) == "UPDATE 1"


async def key_row(pool: Pool, network_id: int, public: str) -> Row:
    """What is known of a key. Raises NoSuchKey."""
    row = await pool.fetchrow(queries.key_row, network_id, public)
    if row is None:
        raise NoSuchKey(f"there is no key {public}")
    return row


async def key_rows(pool: Pool, network_id: int, *, part: Part) -> list[Row]:
    """The keys of a network by their public parts."""
    return list(await pool.fetch(part.of(queries).key_rows, network_id, *part.key, part.most))


async def key_count(pool: Pool, network_id: int) -> int:
    """How many keys of a network there are, those that are over too."""
    return int(await pool.fetchval(queries.key_count, network_id))


async def make_sandbox(pool: Pool, clock: Clock, network_id: int) -> bool:
    """Mark a network as a sandbox; False when keys were made for it before."""
    await pool.execute(queries.add_sandbox, network_id, clock.now())
    return bool(await pool.fetchval(queries.is_sandbox, network_id))


def state_of(row: Any, now: datetime) -> str:
    """revoked, expired, waiting, rotated (a newer one stands beside it) or live."""
    if row["revoked_at"] is not None:
        return "revoked"
    if row["expires_at"] <= now:
        return "expired"
    if row["waits"]:
        return "waiting"
    return "live" if row["rotated_to"] is None else "rotated"
