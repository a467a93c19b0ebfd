"""What is shown of pledged and paid capital, and how it is folded."""

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from jaringan_usaha.api.period import EVER, Days
from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.list_sums import KeptList, Sums, of_koperasi
from jaringan_usaha.eventlog.projector import Logged, Page, Projection
from jaringan_usaha.eventlog.queries import Part, Queries
from jaringan_usaha.features.registry.events import RuleSet
from jaringan_usaha.features.shares.events import ShareCommitted, SharePaid
from jaringan_usaha.kernel.calendar import day_of_business

queries = Queries("jaringan_usaha.features.shares", "views.sql")

ENTRIES = KeptList("share-entries", ("rows", "pledged_idr", "paid_idr"))

ShareEvent = ShareCommitted | SharePaid
ENTIRE_BP = 10_000

# -- folding -------------------------------------------------------------------------------


async def write(page: Page, db: Connection) -> None:
    """Fold a page: entries, the sums that they add to, and the rule of shares."""
    events: Iterable[Logged[ShareEvent]] = page.of(ShareCommitted, SharePaid)
    entries = list(events)
    if entries:
        await _write_entries(page.network_id, entries, db)
        await _add_to_sums(page.network_id, entries, db)
        await _sums_of(entries).write(page.network_id, db)
    rules = [rule.event for rule in page.of(RuleSet) if rule.event.rule_id == "shares"]
    if rules:
        await db.execute(
            queries.set_rules,
            page.network_id,
            [rule.valid_from_on for rule in rules],
            [rule.version_no for rule in rules],
            [rule.values.get("minimum_idr") for rule in rules],
            [rule.values.get("target_idr") for rule in rules],
        )


async def _write_entries(
    network_id: int, entries: Sequence[Logged[ShareEvent]], db: Connection
) -> None:
    await db.execute(
        queries.write_entries, network_id, *zip(*(_entry(each) for each in entries), strict=True)
    )


def _entry(logged: Logged[ShareEvent]) -> tuple[object, ...]:
    """One row of `share_entries`."""
    event = logged.event
    what: tuple[object, ...]
    match event:
        case ShareCommitted():
            what = ("pledge", event.pledge_no, event.amount_idr, None, "")
            why: tuple[object, ...] = (event.rule, event.rule_version_no)
        case SharePaid():
            what = ("payment", event.payment_no, event.amount_idr, event.paid_on, event.reference)
            why = ("", None)
    return (event.koperasi_id, logged.position, *what, *why, logged.recorded_at)


def _sums_of(entries: Iterable[Logged[ShareEvent]]) -> Sums:
    """What the entries add to their koperasi, by the day that they count on."""
    sums = Sums(ENTRIES)
    for logged in entries:
        match logged.event:
            case ShareCommitted(koperasi_id=koperasi_id, amount_idr=amount):
                day = day_of_business(logged.recorded_at)
                sums.add(of_koperasi(koperasi_id), day_on=day, rows=1, pledged_idr=amount)
            case SharePaid(koperasi_id=koperasi_id, paid_on=day, amount_idr=amount):
                sums.add(of_koperasi(koperasi_id), day_on=day, rows=1, paid_idr=amount)
    return sums


class _Sums:
    """What the events of one page add to an account."""

    def __init__(self) -> None:
        self.pledged_idr = self.paid_idr = self.pledges = self.payments = self.position = 0

    def add(self, logged: Logged[ShareEvent]) -> None:
        match logged.event:
            case ShareCommitted(amount_idr=amount):
                self.pledged_idr += amount
                self.pledges += 1
            case SharePaid(amount_idr=amount):
                self.paid_idr += amount
                self.payments += 1
        self.position = logged.position


async def _add_to_sums(
    network_id: int, entries: Sequence[Logged[ShareEvent]], db: Connection
) -> None:
    accounts: dict[str, _Sums] = {}
    for logged in entries:
        accounts.setdefault(logged.event.koperasi_id, _Sums()).add(logged)
    sums = list(accounts.values())
    await db.execute(
        queries.add_accounts,
        network_id,
        list(accounts),
        [each.pledged_idr for each in sums],
        [each.paid_idr for each in sums],
        [each.pledges for each in sums],
        [each.payments for each in sums],
        [each.position for each in sums],
    )
    await db.execute(
        queries.add_totals,
        network_id,
        sum(_is_first_pledge(logged.event) for logged in entries),
        sum(each.pledged_idr for each in sums),
        sum(each.paid_idr for each in sums),
    )


def _is_first_pledge(event: ShareEvent) -> bool:
    return isinstance(event, ShareCommitted) and event.pledge_no == 1


share_views = Projection("shares", write, (ShareCommitted, SharePaid, RuleSet), money=True)

# -- questions -----------------------------------------------------------------------------


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far the network is from its target: only what is paid counts.

    Basis points are cut off, so that 10,000 means reached; None where no target is in force.
    """

    koperasi_count: int
    pledged_idr: int
    paid_idr: int
    minimum_idr: int | None
    target_idr: int | None
    rule_version_no: int | None
    paid_bp: int | None
    pledged_bp: int | None


async def progress(db: Connection, network_id: int, *, on: date) -> Progress:
    """Pledged and paid by all koperasi, against the rule in force on a day in Asia/Jakarta."""
    row = await db.fetchrow(queries.progress, network_id, on)
    assert row is not None
    return Progress(
        koperasi_count=row["koperasi_count"],
        pledged_idr=row["pledged_idr"],
        paid_idr=row["paid_idr"],
        minimum_idr=row["minimum_idr"],
        target_idr=row["target_idr"],
        rule_version_no=row["version_no"],
        paid_bp=part_bp(row["paid_idr"], row["target_idr"]),
        pledged_bp=part_bp(row["pledged_idr"], row["target_idr"]),
    )


def part_bp(amount_idr: int, target_idr: int | None) -> int | None:
    """`amount_idr` in basis points of the target, cut off; None without a positive target."""
    return amount_idr * ENTIRE_BP // target_idr if target_idr and target_idr > 0 else None


async def account(db: Connection, network_id: int, koperasi_id: str) -> Row | None:
    """Pledged, paid and outstanding of one koperasi; None before its first pledge."""
    return await db.fetchrow(queries.account, network_id, koperasi_id)


async def entries(
    db: Connection, network_id: int, koperasi_id: str, *, days: Days, part: Part
) -> list[Row]:
    """Pledges (by the day of recording) and payments (by the day paid) of one koperasi, by
    position."""
    keys = (koperasi_id, *(days or EVER))
    return await db.fetch(part.of(queries).entries, network_id, *keys, *part.key, part.most)


async def entry_totals(
    db: Connection, network_id: int, koperasi_id: str, *, days: Days
) -> dict[str, int]:
    """The sums of all of these."""
    return await ENTRIES.totals(db, network_id, koperasi_id=koperasi_id, days=days)
