"""What a koperasi is for tax and ceiling prices on a day: PKP or not, and in which price zone."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from jaringan_usaha.kernel.calendar import Dated, begun_last


class Classification(Dated, Protocol):
    """One classification of a koperasi, as the registry recorded it."""

    @property
    def vat_registered(self) -> bool: ...
    @property
    def price_zone(self) -> int: ...
    @property
    def tax_id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Classified:
    """Every classification of one koperasi; fold it from `registry.KoperasiClassified`."""

    koperasi_id: str
    settings: tuple[Classification, ...] = ()

    def on(self, day: date) -> Classification | None:
        """The one in force on a day in Asia/Jakarta: of those begun, the one that began last."""
        return begun_last(self.settings, day)

    def vat_registered_on(self, day: date) -> bool:
        """Whether it is PKP and may credit PPN; who was never classified is not."""
        found = self.on(day)
        return found is not None and found.vat_registered

    def zone_on(self, day: date) -> int | None:
        """The zone (1, 2 or 3) in which it sells; None for who was never classified."""
        found = self.on(day)
        return None if found is None else found.price_zone


def evolve_classified(classified: Classified, event: Classification) -> Classified:
    return replace(classified, settings=(*classified.settings, event))
