"""What is shown of offers and choices, and how choices are folded.

Offers are read from the tables of the catalog, ordered quantities from those of cycles: the same
rows would stand here twice otherwise. No decision rests on them.
"""

from datetime import date
from typing import NamedTuple

import msgspec

from jaringan_usaha.eventlog.database import Connection, Row
from jaringan_usaha.eventlog.list_sums import ALL, NETWORK, KeptList, Sums, of_supplier
from jaringan_usaha.eventlog.projector import Page, Projection
from jaringan_usaha.eventlog.queries import Part, Queries
from jaringan_usaha.features.catalog.events import Tier
from jaringan_usaha.features.sourcing.comparison import Offer
from jaringan_usaha.features.sourcing.events import ComparedOffer, SupplierChosen
from jaringan_usaha.kernel.tiers import Price

queries = Queries("jaringan_usaha.features.sourcing", "views.sql")

CHOICES = KeptList("choices", ("rows", "total_idr", "best_idr"))

_encoder = msgspec.json.Encoder(order="sorted")
_tiers = msgspec.json.Decoder(tuple[Tier, ...])
_offers = msgspec.json.Decoder(tuple[ComparedOffer, ...])

# -- folding -------------------------------------------------------------------------------


async def write(page: Page, db: Connection) -> None:
    """Fold a page: one row a choice, and their sums by supplier and item."""
    chosen = list(page.of(SupplierChosen))
    if not chosen:
        return
    events = [logged.event for logged in chosen]
    await db.execute(
        queries.write_choices,
        page.network_id,
        [event.choice_id for event in events],
        [event.item_id for event in events],
        [event.quantity for event in events],
        [event.priced_on for event in events],
        [event.supplier_id for event in events],
        [event.reason for event in events],
        [_total_of(event) for event in events],
        [event.offers[0].total_idr for event in events],
        [_encoder.encode(event.offers) for event in events],
        [logged.position for logged in chosen],
        [logged.recorded_at for logged in chosen],
    )
    sums = Sums(CHOICES)
    for event in events:
        sums.add(
            NETWORK,
            of_supplier(event.supplier_id),
            parts=(ALL, event.item_id),
            rows=1,
            total_idr=_total_of(event),
            best_idr=event.offers[0].total_idr,
        )
    await sums.write(page.network_id, db)


def _total_of(event: SupplierChosen) -> int:
    return next(offer.total_idr for offer in event.offers if offer.supplier_id == event.supplier_id)


sourcing_views = Projection("sourcing", write, (SupplierChosen,))

# -- questions -----------------------------------------------------------------------------


class Ordered(NamedTuple):
    """What the group orders of an item in a cycle so far, and the day whose prices hold."""

    priced_on: date
    quantity: int


async def item(db: Connection, network_id: int, item_id: str) -> Row | None:
    return await db.fetchrow(queries.item, network_id, item_id)


async def ordered_in_cycle(
    db: Connection, network_id: int, cycle_id: str, item_id: str
) -> Ordered | None:
    """None where there is no such cycle."""
    row = await db.fetchrow(queries.ordered_in_cycle, network_id, cycle_id, item_id)
    return None if row is None else Ordered(**dict(row))


async def offers_of_item(
    db: Connection, network_id: int, item_id: str, *, on: date, case_size: int, most: int
) -> list[Offer]:
    """What suppliers ask on a day, by supplier; in cases of their own or, without, of the
    item's `case_size`."""
    rows = await db.fetch(queries.offers_of_item, network_id, item_id, on, most)
    return [
        Offer(
            supplier_id=row["supplier_id"],
            price=Price(
                price_list_id=row["price_list_id"],
                tier_mode=row["tier_mode"],
                tiers=_tiers.decode(row["tiers"]),
            ),
            case_size=row["case_size"] or case_size,
            min_cases=row["min_cases"],
            minimum_idr=row["minimum_idr"],
            delivery_idr=row["delivery_idr"],
            lead_days=row["lead_days"],
        )
        for row in rows
    ]


async def choices(
    db: Connection,
    network_id: int,
    *,
    item_id: str | None,
    supplier_id: str | None,
    part: Part,
) -> list[Row]:
    """Choices by id, without the offers that were looked at."""
    return list(
        await db.fetch(
            part.of(queries).choices, network_id, *part.key, item_id, supplier_id, part.most
        )
    )


async def totals_of_choices(
    db: Connection, network_id: int, *, item_id: str | None, supplier_id: str | None
) -> dict[str, int]:
    """Count and rupiah of all of them. Only who sees all is shown sums of all."""
    parts = (ALL,) if item_id is None else (item_id,)
    return await CHOICES.totals(db, network_id, supplier_id=supplier_id, parts=parts)


async def choice(db: Connection, network_id: int, choice_id: str) -> Row | None:
    """One choice; its offers as `offers_in` reads them."""
    return await db.fetchrow(queries.choice, network_id, choice_id)


def offers_in(choice: Row) -> tuple[ComparedOffer, ...]:
    """All offers that a choice was made among, best first."""
    return _offers.decode(choice["offers"])
