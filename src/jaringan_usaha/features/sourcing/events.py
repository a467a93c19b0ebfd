"""What was compared and chosen before anybody ordered."""

from datetime import date
from typing import ClassVar

import msgspec

from jaringan_usaha.kernel.messages import Event


class ComparedOffer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One supplier's offer for a quantity, landed: goods at the tier reached, and delivery.

    `quantity` is what its cases amount to; `reason` says why it cannot be taken.
    """

    supplier_id: str
    price_list: str
    cases: int
    case_size: int
    quantity: int
    goods_idr: int
    delivery_idr: int
    total_idr: int
    lead_days: int | None = None
    reason: str = ""


class SupplierChosen(Event):
    """Who delivers an item on price lists of a day, and all the offers that were looked at."""

    name: ClassVar[str] = "sourcing.supplier_chosen.1"
    choice_id: str
    item_id: str
    quantity: int
    priced_on: date
    supplier_id: str
    reason: str
    offers: tuple[ComparedOffer, ...]
