"""The rules of observed market prices: a table is imported whole, once, and never changes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import msgspec

from jaringan_usaha.features.prices.events import (
    MarketCommodity,
    MarketPrice,
    MarketPricesObserved,
)
from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.market_table import MOST_COMMODITIES, MOST_IDR, Table
from jaringan_usaha.kernel.messages import Asked, Command, Event
from jaringan_usaha.kernel.rejections import Invalid, Missing, Refused

MOST_PRICES = 20_000
PRICES_A_PART = 200

# -- command -------------------------------------------------------------------------------


class ObserveMarketPrices(Command):
    """A table of consumer prices in one region (Kemendagri code), and whose it is."""

    observation_id: str
    region_code: str
    source: str
    commodities: tuple[MarketCommodity, ...]
    prices: tuple[MarketPrice, ...]


def observation(
    asked: Asked, observation_id: str, region_code: str, source: str, table: Table
) -> ObserveMarketPrices:
    """The command that records a table as it was read."""
    return ObserveMarketPrices(
        asked=asked,
        observation_id=observation_id,
        region_code=region_code,
        source=source,
        commodities=tuple(
            MarketCommodity(commodity=each.name, unit=each.unit, code=each.code)
            for each in table.commodities
        ),
        prices=tuple(
            MarketPrice(commodity=each.commodity, day_on=each.day, idr=each.idr, late=each.late)
            for each in table.prices
        ),
    )


# -- rejections ----------------------------------------------------------------------------


class NoSuchCycle(Missing):
    code = "cycle-unknown"


class ObservationExists(Refused):
    code = "observation-exists"


class ObservationDoesNotFit(Invalid):
    code = "observation-invalid"


# -- state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Observation:
    """A digest of all that was recorded under this id, however it was cut into parts."""

    observation_id: str
    content: bytes = b""


def evolve_observation(observation: Observation, event: MarketPricesObserved) -> Observation:
    return replace(observation, content=_digest(event, observation.content))


def _digest(told: ObserveMarketPrices | MarketPricesObserved, before: bytes = b"") -> bytes:
    """Sixteen bytes that chain the prices to what came before: parts do not change the sum."""
    so_far = before or _hash(msgspec.json.encode((told.region_code, told.source, told.commodities)))
    for price in told.prices:
        so_far = _hash(so_far + msgspec.json.encode(price))
    return so_far


def _hash(content: bytes) -> bytes:
    return blake2b(content, digest_size=16).digest()


OBSERVATION = Topic(
    "prices.observation",
    "observation",
    (MarketPricesObserved,),
    Observation,
    evolve_observation,
    stream=True,
)

# -- decide --------------------------------------------------------------------------------


def needs(command: ObserveMarketPrices) -> Sequence[About[Any]]:
    """What must be known, and must not have changed when the events are appended."""
    return [OBSERVATION.about(command.observation_id, new=True)]


def decide(command: ObserveMarketPrices, known: Known) -> Sequence[Event]:
    """Raises ObservationDoesNotFit, ObservationExists. All is recorded, or nothing of it."""
    content = known[OBSERVATION.about(command.observation_id)].content
    if content == _digest(command):
        return []
    if content:
        raise ObservationExists(
            f"observation {command.observation_id} is recorded with other content; import this "
            "table under a new id"
        )
    _check_form(command)
    return list(_in_parts(command))


def _check_form(command: ObserveMarketPrices) -> None:
    if not 1 <= len(command.commodities) <= MOST_COMMODITIES:
        raise ObservationDoesNotFit(
            f"a table has 1 to {MOST_COMMODITIES} commodities", pointer="/rows"
        )
    if len(command.prices) > MOST_PRICES:
        raise ObservationDoesNotFit(
            f"a table has at most {MOST_PRICES} prices; import this one in parts, each with its "
            "own id",
            pointer="/rows",
        )
    names = {each.commodity for each in command.commodities}
    for price in command.prices:
        if price.commodity not in names or not 1 <= price.idr <= MOST_IDR:
            raise ObservationDoesNotFit(
                f"a price of a named commodity is 1 to {MOST_IDR} rupiah; days without one are "
                "left out",
                pointer="/rows",
            )


def _in_parts(command: ObserveMarketPrices) -> Iterator[MarketPricesObserved]:
    """At least one: a table in which nothing was observed still names its commodities."""
    starts = range(0, max(len(command.prices), 1), PRICES_A_PART)
    for part, start in enumerate(starts, start=1):
        yield MarketPricesObserved(
            observation_id=command.observation_id,
            region_code=command.region_code,
            part=part,
            source=command.source,
            prices=command.prices[start : start + PRICES_A_PART],
            commodities=command.commodities,
        )


observations = Decider(needs, decide, (OBSERVATION,))
