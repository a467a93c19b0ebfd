"""A point of sale that works offline: orders are kept at once, and sent when there is a line.

    async with Till(Path("till.sqlite"), "https://…", key) as till:
        order_id = till.place("ronde-7", [{"supplier_id": …, "item_id": …, "quantity": 12}])
        till.change(order_id, [{…, "quantity": 15}])
        synced = await till.sync()              # now, or tomorrow, or after a power cut
        for entry in till.refused():            # show the cashier, who decides
            print(entry.why["detail"])
            till.dismiss(entry.op_id)           # or till.retry(entry.op_id)

Sending twice is always safe: every operation has an id made on the device, and its bytes never
change. The device's clock decides nothing either, save that an order which comes after a cycle's
deadline must have been written before it by that clock; `skew` tells when it goes wrong.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

import httpx2

from jaringan_usaha.client.link import Heard, Link
from jaringan_usaha.client.outbox import Entry, Operation, Outbox, Verdict, uuid7

TRIES = 8
FIRST_PAUSE_SECONDS = 0.5
MOST_PAUSE_SECONDS = 60.0
MOST_LINES = 500
MOST_BYTES = 1_000_000  # of a packet before it is compressed
KEEP = timedelta(days=30)

OrderLines = Sequence[dict[str, Any]]


def device_clock() -> datetime:
    """This device's time with its offset, as the API wants it."""
    return datetime.now().astimezone()  # noqa: TID251  a client's clock


@dataclass(frozen=True)
class Synced:
    """What one sync came to: lines done and refused in it, lines that still wait, and why."""

    done: int
    refused: int
    waiting: int
    trouble: str


class Till:
    """One device: its journal, and its line. Raises OutboxUnusable.

    `keep`: how long settled operations stay in the file. `language`: of what the cashier reads.
    """

    def __init__(
        self,
        path: Path,
        base_url: str,
        key: str,
        *,
        language: str = "id",
        keep: timedelta = KEEP,
        now: Callable[[], datetime] = device_clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._keep = keep
        self._outbox = Outbox(path, now)
        self._link = Link(base_url, key, now, transport, language)
        self._size = MOST_LINES

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._outbox.close()
        await self._link.close()

    # -- what the cashier does, with or without a line --

    def place(self, cycle_id: str, lines: OrderLines) -> str:
        """Order; the id of the order."""
        order_id = uuid7(self._now())
        self._order("place_order", order_id, order_id, cycle_id, lines=lines)
        return order_id

    def change(self, order_id: str, lines: OrderLines, *, if_version: int | None = None) -> None:
        """Replace all lines of an order, which must stand at `if_version`, or else as this till
        left it. Raises LookupError when it is not this till's, or was withdrawn or refused."""
        last, version = self._standing(order_id)
        if if_version is not None or last["lines"] != list(lines):
            self._order(
                "change_order",
                uuid7(self._now()),
                order_id,
                last["cycle_id"],
                lines=lines,
                if_version=if_version or version,
            )

    def withdraw(self, order_id: str, *, if_version: int | None = None) -> None:
        """Take an order back; otherwise like `change`."""
        last, version = self._standing(order_id)
        cycle_id, op_id = last["cycle_id"], uuid7(self._now())
        self._order("cancel_order", op_id, order_id, cycle_id, if_version=if_version or version)

    def write(self, operations: Sequence[Operation]) -> None:
        """Anything else that `POST /v1/sync` takes, many at once."""
        self._outbox.write(operations)

    def pending(self) -> list[Entry]:
        """What has no final verdict yet, in order."""
        return self._outbox.those("waiting")

    def refused(self) -> list[Entry]:
        """What was refused for good, each with `why`, until somebody decides about it."""
        return self._outbox.those("refused")

    def retry(self, op_id: str) -> None:
        """Send a refused operation once more, with the next sync."""
        self._outbox.retry(op_id)

    def dismiss(self, op_id: str) -> None:
        """Give a refused operation up, and what was written behind it about the same order."""
        self._outbox.dismiss(op_id)

    @property
    def skew(self) -> timedelta:
        """By how much this device's clock is ahead; tell its owner when it is not zero."""
        return self._link.skew

    # -- when there is a line --

    async def sync(self, *, most_lines: int = MOST_LINES) -> Synced:
        """Send what waits, in order, until all has its verdict or the line is of no use."""
        verdicts: list[Verdict] = []
        heard, vain = Heard(), 0
        while vain < TRIES and not heard.hopeless:
            entries = self._outbox.packet(min(self._size, most_lines), MOST_BYTES)
            if not entries:
                break
            heard = Heard()
            try:
                heard = await self._link.send(entries)
            finally:  # when the program is told to end, too: these lines are out
                settled = self._outbox.settle(entries, heard.verdicts)
            verdicts += [each for each in heard.verdicts if each.final]
            fewer = len(entries) // 2 if heard.too_much else self._size * 2
            self._size = min(max(fewer, 1), MOST_LINES)
            vain = 0 if settled else vain + 1
            if vain and not heard.hopeless:
                await self._sleep(pause(vain, heard.wait_seconds))
        await self._look_again()
        self._outbox.prune(self._keep)
        refused = sum(each.problem is not None for each in verdicts)
        return Synced(len(verdicts) - refused, refused, len(self.pending()), heard.trouble)

    async def _look_again(self) -> None:
        """Ask what became of refused lines of which an earlier copy may have come late."""
        for entry in self._outbox.unsure():
            version = await self._link.version_of(entry.op_id)
            if version is None:
                return
            if version:
                taken = Verdict(op_id=entry.op_id, status=200, body={"version": version})
                self._outbox.settle([entry], [taken])

    # -- orders --

    def _standing(self, order_id: str) -> tuple[dict[str, Any], int]:
        """The last wish about an order, and the version that it leads to."""
        last = self._outbox.latest(order_id)
        if last is None or last.operation.type == "cancel_order":
            raise LookupError(f"order {order_id} is not one of this till's, or not any more")
        body = last.operation.body
        return body, last.version or body.get("if_version", 0) + 1

    def _order(self, kind: str, op_id: str, order_id: str, cycle_id: str, **more: object) -> None:
        body = {"order_id": order_id, "cycle_id": cycle_id, "client_at": self._now(), **more}
        self._outbox.write([Operation(op_id=op_id, type=kind, lane=order_id, body=body)])


def pause(vain: int, asked_for: float) -> float:
    """Seconds before the next try: doubled each time, jittered, never less than asked for."""
    chance = int.from_bytes(os.urandom(2), "big") / 0xFFFF
    backoff = FIRST_PAUSE_SECONDS * 2.0 ** (vain - 1) * (0.5 + chance)
    return min(max(backoff, asked_for), MOST_PAUSE_SECONDS)
