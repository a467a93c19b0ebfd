"""What is shown of koperasi, suppliers and rules, and how it is folded."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import TypeVar

import msgspec

from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.projector import Logged, Page, Projection
from jaringan_usaha.eventlog.queries import Part, Queries
from jaringan_usaha.features.registry.events import (
    KoperasiAdmitted,
    KoperasiClassified,
    KoperasiReinstated,
    KoperasiSuspended,
    RuleSet,
    SupplierAccountConfirmed,
    SupplierAccountProposed,
    SupplierAccountWithdrawn,
    SupplierAdmitted,
    SupplierReinstated,
    SupplierSuspended,
)
from jaringan_usaha.kernel.messages import Event

queries = Queries("jaringan_usaha.features.registry", "views.sql")

KoperasiChange = KoperasiSuspended | KoperasiReinstated
SupplierChange = SupplierSuspended | SupplierReinstated

SUSPENSIONS = (KoperasiSuspended, SupplierSuspended)

C = TypeVar("C", KoperasiChange, SupplierChange)

_encoder = msgspec.json.Encoder(order="sorted")
_values = msgspec.json.Decoder(dict[str, int])

# -- folding -------------------------------------------------------------------------------


async def write(page: Page, db: Connection) -> None:
    """Fold a page: admissions first, then what became of the parties, then rules."""
    await _write_koperasi(page, db)
    await _write_classifications(page, db)
    await _write_suppliers(page, db)
    await _write_accounts(page, db)
    await _write_rules(page, db)


async def _write_koperasi(page: Page, db: Connection) -> None:
    admitted = list(page.of(KoperasiAdmitted))
    if admitted:
        await db.execute(
            queries.admit_koperasi,
            page.network_id,
            [logged.event.koperasi_id for logged in admitted],
            [logged.event.title for logged in admitted],
            [logged.event.region_code for logged in admitted],
            [logged.event.registration_no for logged in admitted],
            [logged.position for logged in admitted],
            [logged.recorded_at for logged in admitted],
        )
    changes: list[Logged[KoperasiChange]] = page.of(KoperasiSuspended, KoperasiReinstated)
    ids, *columns = _last_changes(changes, lambda event: event.koperasi_id)
    if ids:
        await db.execute(queries.change_koperasi, page.network_id, ids, *columns)
    await _count(page.network_id, "koperasi", admitted, changes, db)


async def _write_classifications(page: Page, db: Connection) -> None:
    classified = list(page.of(KoperasiClassified))
    if classified:
        await db.execute(
            queries.classify_koperasi,
            page.network_id,
            [logged.event.koperasi_id for logged in classified],
            [logged.event.valid_from_on for logged in classified],
            [logged.event.vat_registered for logged in classified],
            [logged.event.price_zone for logged in classified],
            [logged.event.tax_id for logged in classified],
            [logged.position for logged in classified],
            [logged.recorded_at for logged in classified],
        )


async def _write_suppliers(page: Page, db: Connection) -> None:
    admitted = list(page.of(SupplierAdmitted))
    if admitted:
        await db.execute(
            queries.admit_suppliers,
            page.network_id,
            [logged.event.supplier_id for logged in admitted],
            [logged.event.title for logged in admitted],
            [logged.position for logged in admitted],
            [logged.recorded_at for logged in admitted],
        )
    changes: list[Logged[SupplierChange]] = page.of(SupplierSuspended, SupplierReinstated)
    ids, *columns = _last_changes(changes, lambda event: event.supplier_id)
    if ids:
        await db.execute(queries.change_suppliers, page.network_id, ids, *columns)
    await _count(page.network_id, "suppliers", admitted, changes, db)


async def _count(
    network_id: int,
    register: str,
    admitted: Sequence[Logged[Event]],
    changes: Sequence[Logged[Event]],
    db: Connection,
) -> None:
    if admitted or changes:
        suspended = sum([1 if isinstance(each.event, SUSPENSIONS) else -1 for each in changes])
        keys = (register, len(admitted), suspended)
        await db.execute(queries.count_registered, network_id, *keys)


async def _write_accounts(page: Page, db: Connection) -> None:
    """Event by event: changes of accounts are rare, and each ends what the one before began."""
    for logged in page.of(
        SupplierAccountProposed, SupplierAccountConfirmed, SupplierAccountWithdrawn
    ):
        match logged.event:
            case SupplierAccountProposed() as event:
                await db.execute(
                    queries.propose_account,
                    page.network_id,
                    event.supplier_id,
                    event.proposal_no,
                    event.bank_code,
                    event.account_no,
                    event.holder,
                    event.proposed_by,
                    logged.position,
                    logged.recorded_at,
                )
            case SupplierAccountConfirmed() | SupplierAccountWithdrawn() as event:
                await db.execute(
                    queries.settle_account,
                    page.network_id,
                    event.supplier_id,
                    event.proposal_no,
                    isinstance(event, SupplierAccountConfirmed),
                    logged.position,
                    logged.recorded_at,
                )


def _last_changes(changes: Iterable[Logged[C]], id_of: Callable[[C], str]) -> list[list[object]]:
    """The last change of each party as columns, with how many changes there were."""
    last: dict[str, tuple[int, Logged[C]]] = {}
    for logged in changes:
        id_ = id_of(logged.event)
        count = last[id_][0] if id_ in last else 0
        last[id_] = (count + 1, logged)
    return [
        list(last),
        [isinstance(logged.event, SUSPENSIONS) for _, logged in last.values()],
        [logged.event.reason for _, logged in last.values()],
        [count for count, _ in last.values()],
        [logged.position for _, logged in last.values()],
        [logged.recorded_at for _, logged in last.values()],
    ]


async def _write_rules(page: Page, db: Connection) -> None:
    rules = list(page.of(RuleSet))
    if rules:
        await db.execute(
            queries.set_rules,
            page.network_id,
            [logged.event.rule_id for logged in rules],
            [logged.event.version_no for logged in rules],
            [logged.event.valid_from_on for logged in rules],
            [_encoder.encode(logged.event.values) for logged in rules],
            [logged.event.source for logged in rules],
            [logged.position for logged in rules],
            [logged.recorded_at for logged in rules],
        )


registry_views = Projection(
    "registry",
    write,
    (
        KoperasiAdmitted,
        KoperasiSuspended,
        KoperasiReinstated,
        KoperasiClassified,
        SupplierAdmitted,
        SupplierSuspended,
        SupplierReinstated,
        SupplierAccountProposed,
        SupplierAccountConfirmed,
        SupplierAccountWithdrawn,
        RuleSet,
    ),
)

# -- questions -----------------------------------------------------------------------------


async def all_koperasi(db: Connection, network_id: int, *, on: date, part: Part) -> list[Row]:
    """Koperasi by id, with their classification on a day in Asia/Jakarta."""
    return list(await db.fetch(part.of(queries).all_koperasi, network_id, *part.key, part.most, on))


async def registered(db: Connection, network_id: int, register: str) -> Row:
    """How many `koperasi` or `suppliers` there are, and how many of them may not trade."""
    row = await db.fetchrow(queries.registered, network_id, register)
    assert row is not None
    return row


async def koperasi(db: Connection, network_id: int, koperasi_id: str, *, on: date) -> Row | None:
    """One koperasi, with its classification on a day in Asia/Jakarta."""
    return await db.fetchrow(queries.koperasi, network_id, koperasi_id, on)


async def classifications(
    db: Connection, network_id: int, koperasi_id: str, *, part: Part
) -> list[Row]:
    """The classifications of one koperasi by position."""
    return list(
        await db.fetch(
            part.of(queries).classifications, network_id, koperasi_id, *part.key, part.most
        )
    )


async def classification_count(db: Connection, network_id: int, koperasi_id: str) -> int:
    return int(await db.fetchval(queries.classification_count, network_id, koperasi_id))


async def suppliers(db: Connection, network_id: int, *, part: Part) -> list[Row]:
    """Suppliers by id."""
    return list(await db.fetch(part.of(queries).suppliers, network_id, *part.key, part.most))


async def supplier(db: Connection, network_id: int, supplier_id: str) -> Row | None:
    return await db.fetchrow(queries.supplier, network_id, supplier_id)


async def supplier_accounts(
    db: Connection, network_id: int, supplier_id: str, *, part: Part
) -> list[Row]:
    """The accounts of one supplier, those proposed and replaced too, by number."""
    return list(
        await db.fetch(
            part.of(queries).supplier_accounts, network_id, supplier_id, *part.key, part.most
        )
    )


async def account_count(db: Connection, network_id: int, supplier_id: str) -> int:
    return int(await db.fetchval(queries.account_count, network_id, supplier_id))


async def rules(db: Connection, network_id: int, *, part: Part) -> list[Row]:
    """Every setting of every rule, by rule and number; `rule_values` as `values_of` reads it."""
    return list(await db.fetch(part.of(queries).rules, network_id, *part.key, part.most))


async def rule_count(db: Connection, network_id: int) -> int:
    return int(await db.fetchval(queries.rule_count, network_id))


def values_of(rule: Row) -> dict[str, int]:
    """The values of a row of `rules`."""
    return _values.decode(rule["rule_values"])
