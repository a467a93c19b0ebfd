"""Puts the receipts into buying cycles: one a week, opened, filled and closed in order."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, Protocol
from uuid import UUID

from jaringan_usaha.client.outbox import Operation
from jaringan_usaha.client.service import Service, ServiceProblem
from jaringan_usaha.retail.source import Basket, Party, cycle_id, week_of
from jaringan_usaha.retail.tills import Tills

PARTIES_A_REQUEST = 500
CYCLE_LIFE = timedelta(days=7)
CLOCK_SLACK = timedelta(minutes=1)
LOOK_EVERY_SECONDS = 0.1
PATIENCE_SECONDS = 300.0
NOT_SHOWN_YET = 404
CONSOLIDATED = ("consolidated", "sent", "acknowledged")

Entries = list[tuple[str, Operation]]
"""Lines to send, each with the shop or supplier that it comes from."""


class ImportRefused(RuntimeError):
    """This network cannot take the import; the sentence says why, and what to do."""


class Telling(Protocol):
    """What the receipts are told as."""

    def title(self, week: int) -> str:
        """The title of a week's cycle: no other import has the same."""

    def terms(self, week: int) -> dict[str, Any]:
        """The terms of a week's cycle besides its times."""

    def parties(self, weeks: list[int]) -> Entries:
        """The lines that admit the shops and manufacturers of these weeks and add their goods."""

    def baskets(self, week: int) -> Iterable[Basket]:
        """The orders of a week by the time on the receipts."""


class Replay:
    """The import as it stands in one network; what is there already is not sent again."""

    def __init__(self, operator: Service, tills: Tills, telling: Telling) -> None:
        self._operator = operator
        self._tills = tills
        self._telling = telling
        self._cycles: dict[int, dict[str, Any]] = {}

    async def look(self) -> None:
        """Find out which weeks are there. Raises ImportRefused when they are not of this kind."""
        async for page in self._operator.pages("/v1/cycles", limit=200):
            for cycle in page:
                week = week_of(cycle["cycle_id"])
                if week is None:
                    raise ImportRefused(
                        f"jaringan ini memuat siklus lain ({cycle['cycle_id']}); impor ke jaringan "
                        "tersendiri / this network holds other cycles; import into one of its own"
                    )
                if cycle["title"] != self._telling.title(week) or cycle["state"] == "cancelled":
                    raise ImportRefused(
                        f"siklus {cycle['cycle_id']} berisi impor lain ({cycle['title']}); pakai "
                        "jaringan lain, atau kurs dan pilihan yang sama / this cycle holds another "
                        "import; use another network, or the same rate and choices"
                    )
                self._cycles[week] = cycle

    def there(self, *states: str) -> list[int]:
        """The weeks whose cycle was in one of these states when looked at last."""
        return sorted(week for week, cycle in self._cycles.items() if cycle["state"] in states)

    def opened_at(self, week: int) -> datetime:
        """When the week's cycle was opened. Raises KeyError for one that nobody looked at."""
        return datetime.fromisoformat(self._cycles[week]["opens_at"])

    async def enter(self, entries: Entries, *, sent: Callable[[int], None]) -> None:
        """Send master data."""
        await self._tills.send(entries, lines_a_request=PARTIES_A_REQUEST, sent=sent)

    async def fill(self, week: int, *, orders_a_request: int, sent: Callable[[int], None]) -> None:
        """Open the week's cycle, unless it is open, and order what its receipts say."""
        baskets = list(self._telling.baskets(week))
        opened_at = await self._open(week)
        lines = (
            (
                basket.koperasi_id,
                Operation(
                    op_id=(order_id := order_id_of(opened_at, basket.basket_id)),
                    type="place_order",
                    body={
                        "order_id": order_id,
                        "cycle_id": cycle_id(week),
                        "koperasi_id": basket.koperasi_id,
                        "client_at": basket.client_at,
                        "lines": basket.lines,
                    },
                ),
            )
            for basket in baskets
        )
        await self._tills.send(lines, lines_a_request=orders_a_request, sent=sent)

    async def close(self, week: int) -> None:
        """End the week's cycle before its time."""
        await self._operator.post(
            f"/v1/cycles/{cycle_id(week)}/close",
            {"early": True, "reason": "semua struk minggu ini sudah masuk"},
            key=f"retail-close-{cycle_id(week)}",
        )

    async def consolidated(self, week: int) -> None:
        """Wait until the group's orders are placed. Raises ServiceProblem after five minutes."""
        give_up_at = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while asyncio.get_running_loop().time() < give_up_at:
            try:
                cycle = await self._operator.get(f"/v1/cycles/{cycle_id(week)}")
            except ServiceProblem as problem:
                if problem.status != NOT_SHOWN_YET:
                    raise
            else:
                if cycle["state"] in CONSOLIDATED:
                    self._cycles[week] = cycle
                    return
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        raise ServiceProblem(f"cycle {cycle_id(week)} is closed, but nobody consolidates it")

    async def _open(self, week: int) -> datetime:
        """When the cycle was opened: the ids of its orders are made of that, so that who takes
        an import up again makes the same ones."""
        if week in self._cycles:
            return self.opened_at(week)
        now = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251  a client's clock
        opens_at = now - CLOCK_SLACK
        await self._operator.put(
            f"/v1/cycles/{cycle_id(week)}",
            {
                "title": self._telling.title(week),
                "opens_at": opens_at,
                "closes_at": now + CYCLE_LIFE,
                **self._telling.terms(week),
            },
        )
        return opens_at


def entries_of(
    kind: str, key: str, parties: list[Party], more: dict[str, Any], now: datetime
) -> Iterator[tuple[str, Operation]]:
    """One line for each party; `more` is said of all of them."""
    for party in parties:
        op_id = uuid_v7(now, f"{kind} {party.id}")
        body = {key: party.id, "title": party.title, **more}
        yield party.id, Operation(op_id=op_id, type=kind, body=body)


def rupiah(amount_idr: int) -> str:
    """Rp15.000"""
    return f"Rp{amount_idr:,}".replace(",", ".")


def order_id_of(opened_at: datetime, basket_id: int) -> str:
    """The order that a receipt becomes in a cycle opened at that moment."""
    return uuid_v7(opened_at, f"order {basket_id}")


def uuid_v7(at: datetime, what: str) -> str:
    """A UUIDv7 of this instant whose other bits are made of what it names."""
    milliseconds = int(at.timestamp() * 1_000)
    rest = int.from_bytes(blake2b(what.encode(), digest_size=10).digest(), "big")
    number = (milliseconds << 80) | (rest & ((1 << 76) - 1) & ~(0b11 << 62))
    return str(UUID(int=number | (7 << 76) | (0b10 << 62)))
