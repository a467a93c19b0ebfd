"""The double-entry ledger: every posting tied to the position it comes from."""

from typing import NamedTuple

from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.projector import Logged, Page, Projection
from jaringan_usaha.eventlog.queries import Queries
from jaringan_usaha.features.cycles.events import ConsolidatedOrderShared
from jaringan_usaha.features.margin.accounts import (
    GOODS_ON_ORDER,
    PURCHASE_SAVING,
    SUPPLIER_PAYABLE,
)

queries = Queries("jaringan_usaha.features.margin", "views.sql")


class Posting(NamedTuple):
    """An amount in whole rupiah that moves from the credited account to the debited one."""

    position: int
    line_no: int
    cycle_id: str
    debit_account: str
    debit_party: str
    credit_account: str
    credit_party: str
    amount_idr: int


def postings_of(logged: Logged[ConsolidatedOrderShared]) -> list[Posting]:
    """Goods enter at the price each koperasi had paid alone; the supplier is owed the group's
    price; what lies between is the koperasi's saving. Dearer together posts the other way."""
    event = logged.event
    found: list[Posting] = []

    def post(debit: tuple[str, str], credit: tuple[str, str], amount_idr: int) -> None:
        if amount_idr < 0:
            debit, credit, amount_idr = credit, debit, -amount_idr
        if amount_idr:
            found.append(
                Posting(
                    logged.position, len(found) + 1, event.cycle_id, *debit, *credit, amount_idr
                )
            )

    for share in event.shares:
        goods = (GOODS_ON_ORDER.number, share.koperasi_id)
        post(goods, (SUPPLIER_PAYABLE.number, event.supplier_id), share.amount_idr)
        post(
            goods,
            (PURCHASE_SAVING.number, share.koperasi_id),
            share.alone_idr - share.amount_idr,
        )
    return found


async def write(page: Page, db: Connection) -> None:
    """Fold a page of shared consolidated orders into journal, balances and margins."""
    shared = page.of(ConsolidatedOrderShared)
    if not shared:
        return
    network_id = page.network_id
    postings = [posting for logged in shared for posting in postings_of(logged)]
    columns = [list(column) for column in zip(*postings, strict=True)] or [[] for _ in range(8)]
    await db.execute(queries.add_postings, network_id, *columns)
    sides = [
        (each.debit_account, each.debit_party, each.cycle_id, each.amount_idr, 0)
        for each in postings
    ] + [
        (each.credit_account, each.credit_party, each.cycle_id, 0, each.amount_idr)
        for each in postings
    ]
    accounts = [account for account, *_ in sides]
    debits = [debit for *_, debit, _ in sides]
    credits = [credit for *_, credit in sides]
    await db.execute(
        queries.add_balances,
        network_id,
        accounts,
        [party for _, party, *_ in sides],
        [cycle for _, _, cycle, *_ in sides],
        debits,
        credits,
    )
    await db.execute(queries.add_account_totals, network_id, accounts, debits, credits)
    shares = [(logged.event.cycle_id, share) for logged in shared for share in logged.event.shares]
    await db.execute(
        queries.add_margins,
        network_id,
        [share.koperasi_id for _, share in shares],
        [cycle_id for cycle_id, _ in shares],
        [share.alone_idr for _, share in shares],
        [share.amount_idr for _, share in shares],
    )


margin_views = Projection("margin", write, (ConsolidatedOrderShared,), money=True)


async def margins(
    db: Connection,
    network_id: int,
    *,
    after: tuple[str, str],
    koperasi_id: str | None,
    cycle_id: str | None,
    limit: int,
) -> list[Row]:
    """What each koperasi paid, and had paid alone, by koperasi and cycle."""
    return await db.fetch(queries.margins, network_id, *after, koperasi_id, cycle_id, limit)


async def trial_balance(db: Connection, network_id: int) -> list[Row]:
    """Debit and credit of every account."""
    return await db.fetch(queries.trial_balance, network_id)


async def postings(
    db: Connection, network_id: int, *, after: tuple[int, int], limit: int
) -> list[Row]:
    """The journal in order of the log."""
    return await db.fetch(queries.postings, network_id, *after, limit)
