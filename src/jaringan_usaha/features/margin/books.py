"""What is asked of the books: balances at any position, what some days moved, and the postings
behind either. No answer costs more than a block of postings for each block it is about."""

from dataclasses import dataclass
from datetime import date

from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.queries import Part, Queries
from jaringan_usaha.features.margin.accounts import BY_OWN_PARTY, CHART

queries = Queries("jaringan_usaha.features.margin", "books.sql")

MOST_BLOCK = 2**31 - 1
MOST_POSITION = 2**62
BLOCKS_AT_ONCE = 50
FIRST_DAY, LAST_DAY = date.min, date.max


@dataclass(frozen=True)
class About:
    """What a question is about; None for everything. `party` is one of an account's own."""

    koperasi_id: str | None = None
    supplier_id: str | None = None
    cycle_id: str | None = None
    account: str | None = None
    party: str | None = None
    from_on: date = FIRST_DAY
    to_on: date = LAST_DAY

    @property
    def several(self) -> bool:
        """Whether no sums are kept for just this."""
        named = [self.koperasi_id, self.supplier_id, self.cycle_id, self.party]
        return sum(each is not None for each in named) > 1 or (
            self.party is not None and self.account not in BY_OWN_PARTY
        )

    @property
    def subject(self) -> tuple[str, str]:
        """The narrowest thing of these for which sums are kept, by kind and id."""
        if self.cycle_id is not None:
            return "cycle", self.cycle_id
        if self.party is not None and self.account in BY_OWN_PARTY:
            return "party", self.party
        if self.koperasi_id is not None:
            return "koperasi", self.koperasi_id
        if self.supplier_id is not None:
            return "supplier", self.supplier_id
        return "", ""

    @property
    def days(self) -> tuple[date, date]:
        return self.from_on, self.to_on

    @property
    def dated(self) -> bool:
        return self.days != (FIRST_DAY, LAST_DAY)


async def balances(db: Connection, network_id: int, about: About, at: int | None) -> list[Row]:
    """Debit and credit of every account: all that was ever moved up to a position (None: the
    last one), or what was moved on the days named."""
    if about.several or (about.dated and at is not None):
        return await db.fetch(
            queries.moved_in_blocks,
            network_id,
            *about.subject,
            about.koperasi_id,
            about.supplier_id,
            about.cycle_id,
            *about.days,
            MOST_POSITION if at is None else at,
            about.account,
            about.party,
        )
    if about.dated:
        rows = await db.fetch(queries.moved_on_days, network_id, *about.subject, *about.days)
        return [row for row in rows if about.account in (None, row["account"])]
    accounts = sorted(CHART) if about.account is None else [about.account]
    if at is None:
        return await db.fetch(
            queries.balances_now, network_id, *about.subject, accounts, MOST_BLOCK
        )
    return await _balances_at(db, network_id, about, accounts, at)


async def _balances_at(
    db: Connection, network_id: int, about: About, accounts: list[str], at: int
) -> list[Row]:
    """The balances before the block of the position, and what the block moved up to there."""
    block = await db.fetchrow(queries.block_at, network_id, at)
    if block is None:
        return []
    whole = at >= block["last_position"]
    last = block["block"] if whole else block["block"] - 1
    rows = await db.fetch(queries.balances_now, network_id, *about.subject, accounts, last)
    if whole:
        return rows
    moved = await db.fetch(
        queries.moved_between,
        network_id,
        block["first_position"],
        at,
        about.koperasi_id,
        about.supplier_id,
        about.cycle_id,
    )
    return [*rows, *(row for row in moved if row["account"] in accounts)]


async def postings(db: Connection, network_id: int, about: About, *, part: Part) -> list[Row]:
    """The journal by position and line, of those postings that the question is about."""
    found: list[Row] = []
    holding = await db.fetchrow(queries.block_at, network_id, part.key[0])
    block_no = holding["block"] + (1 if part.back else -1) if holding else -1
    while len(found) < part.most:
        blocks = await db.fetch(
            part.of(queries).blocks_of,
            network_id,
            *about.subject,
            about.account,
            block_no,
            *about.days,
            BLOCKS_AT_ONCE,
        )
        for block in blocks:
            found += await db.fetch(
                part.of(queries).postings_between,
                network_id,
                *part.key,
                block["first_position"],
                block["last_position"],
                about.koperasi_id,
                about.supplier_id,
                about.cycle_id,
                *about.days,
                about.account,
                about.party,
                part.most - len(found),
            )
            if len(found) == part.most:
                break
        if len(blocks) < BLOCKS_AT_ONCE:
            break
        block_no = blocks[-1]["block"]
    return found


async def postings_of(db: Connection, network_id: int, position: int) -> list[Row]:
    """What one event moved."""
    return await db.fetch(
        queries.postings_between,
        network_id,
        *(position, 0),
        *(position, position),
        *(None, None, None),
        *(FIRST_DAY, LAST_DAY),
        *(None, None),
        MOST_BLOCK,
    )


async def events_at(db: Connection, network_id: int, positions: list[int]) -> dict[int, str]:
    """The kinds of events at some positions."""
    rows = await db.fetch(queries.events_at, network_id, positions)
    return {row["position"]: row["event"] for row in rows}


async def months(db: Connection, network_id: int, *, part: Part) -> list[Row]:
    """Closed months in order."""
    return await db.fetch(part.of(queries).months, network_id, *part.key, part.most)


async def month_count(db: Connection, network_id: int) -> int:
    return int(await db.fetchval(queries.month_count, network_id))


async def month(db: Connection, network_id: int, month_id: str) -> Row | None:
    return await db.fetchrow(queries.month, network_id, month_id)


async def month_balances(db: Connection, network_id: int, month_id: str) -> list[Row]:
    """The balances that a closed month carries on."""
    return await db.fetch(queries.month_balances, network_id, month_id)


async def month_to_carry(db: Connection, network_id: int) -> Row | None:
    """The first closed month whose balances are not carried on yet."""
    return await db.fetchrow(queries.month_to_carry, network_id)


async def balances_of_month(db: Connection, network_id: int, ends_on: date) -> list[Row]:
    """Debit and credit of every account at the end of a month."""
    return await db.fetch(queries.balances_of_month, network_id, ends_on)
