"""A point of sale that works offline: orders are kept at once, and sent when there is a line.

    async with Till(Path("till.sqlite"), "https://…", key) as till:
        order_id = till.place("ronde-7", [{"supplier_id": …, "item_id": …, "quantity": 12}])
        till.change(order_id, [{…, "quantity": 15}])
        synced = await till.sync()              # now, or tomorrow, or after a power cut
        for entry in till.outbox.those("refused"):
            print(entry.why["detail"])          # to the cashier, who decides
            till.outbox.dismiss(entry.op_id)    # or till.outbox.retry(entry.op_id)
        async for page in till.changes():       # what others did meanwhile
            for change in page:
                keep(change.url, await till.get(change.url))

Sending twice is always safe: every operation has an id made on the device, and its bytes never
change. The device's clock decides nothing either, save that an order which comes after a cycle's
deadline must have been written before it by that clock; `skew` tells when it goes wrong.
"""

import asyncio
import contextlib
import gzip
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import httpx2
import msgspec

from jaringan_usaha.client.outbox import AGAIN, Entry, Operation, Outbox, Verdict

TIMEOUT_SECONDS = 30.0
TRIES = 8
FIRST_PAUSE_SECONDS = 0.5
MOST_PAUSE_SECONDS = 60.0
MOST_LINES = 500
MOST_BYTES = 1_000_000  # of a packet before it is compressed
KEEP = 10_000  # operations; a few megabytes
NDJSON = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}

OrderLines = Sequence[dict[str, Any]]

_verdicts = msgspec.json.Decoder(Verdict)


def device_clock() -> datetime:
    """This device's time with its offset, as the API wants it."""
    return datetime.now().astimezone()  # noqa: TID251  a client's clock


@dataclass(frozen=True)
class Synced:
    """What one sync came to: lines done or refused by it, lines that still wait, and why."""

    settled: int
    waiting: int
    trouble: str


class Change(msgspec.Struct, frozen=True):
    """Something was created, changed or deleted: fetch `url`, or forget it. Of the kind `list` when
    the till was away for too long: fetch the whole list, `{cycle_id}` standing for each cycle."""

    kind: str
    id: str
    change: str
    url: str


class _Page(msgspec.Struct):
    items: list[Change]
    next: str
    more: bool


@dataclass(frozen=True)
class _Heard:
    """What came back of a packet. `too_much`: send fewer lines at once. `hopeless`: a person must
    change something first, such as the key."""

    verdicts: Sequence[Verdict] = ()
    trouble: str = ""
    wait_seconds: float = 0.0
    too_much: bool = False
    hopeless: bool = False


class Till:
    """One device: its journal `outbox`, and its line. Raises OutboxUnusable.

    `keep`: how many operations stay in the file when they are settled. `language`: of what the
    cashier reads. `skew`: by how much the device's clock is ahead of the service's, as soon as it
    is more than five minutes; tell its owner.
    """

    def __init__(
        self,
        path: Path,
        base_url: str,
        key: str,
        *,
        language: str = "id",
        keep: int = KEEP,
        now: Callable[[], datetime] = device_clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._keep = keep
        self._size = MOST_LINES
        self.outbox = Outbox(path)
        self._http = httpx2.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {key}", "Accept-Language": language},
            timeout=TIMEOUT_SECONDS,
            transport=transport,
            trust_env=False,
            event_hooks={"request": [self._tell_time], "response": [self._hear_skew]},
        )
        self.skew = timedelta(0)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.outbox.close()
        await self._http.aclose()

    # -- what the cashier does, with or without a line --

    def place(self, cycle_id: str, lines: OrderLines) -> str:
        """Order; the id of the order."""
        order_id = uuid7(self._now())
        self._order("place_order", order_id, order_id, cycle_id, {"lines": lines})
        return order_id

    def change(self, order_id: str, lines: OrderLines, *, if_version: int | None = None) -> None:
        """Replace all lines of an order, which must stand at `if_version`, or else as this till
        left it. Raises LookupError when it is not this till's, or was withdrawn or refused."""
        self._follow_up("change_order", order_id, if_version, lines=list(lines))

    def withdraw(self, order_id: str, *, if_version: int | None = None) -> None:
        """Take an order back; otherwise like `change`."""
        self._follow_up("cancel_order", order_id, if_version)

    def _follow_up(self, kind: str, order_id: str, if_version: int | None, **more: object) -> None:
        last = self.outbox.latest(order_id)
        if last is None or last.operation.type == "cancel_order":
            raise LookupError(f"order {order_id} is not one of this till's, or not any more")
        wish = last.operation.body
        if if_version is None:
            if more == {"lines": wish["lines"]}:
                return  # no change, and the service would not count a version for it
            if_version = last.version or wish.get("if_version", 0) + 1
        more |= {"if_version": if_version}
        self._order(kind, uuid7(self._now()), order_id, wish["cycle_id"], more)

    def _order(
        self, kind: str, op_id: str, order_id: str, cycle_id: str, more: dict[str, object]
    ) -> None:
        body = {"order_id": order_id, "cycle_id": cycle_id, "client_at": self._now(), **more}
        self.outbox.write([Operation(op_id=op_id, type=kind, lane=order_id, body=body)])

    # -- up: when there is a line --

    async def sync(self, most_lines: int = MOST_LINES) -> Synced:
        """Send what waits, in order, until all has its verdict or the line is of no use."""
        settled, trouble = await self._send_all(most_lines)
        while await self._look_again():  # what waits behind those found may go now
            more, trouble = await self._send_all(most_lines)
            settled += more
        self.outbox.prune(self._keep)
        return Synced(settled, len(self.outbox.those("waiting")), trouble)

    async def _send_all(self, most_lines: int) -> tuple[int, str]:
        """How many got their verdict, and what was wrong with the line at last."""
        settled, vain, heard = 0, 0, _Heard()
        while packet := self.outbox.packet(min(self._size, most_lines), MOST_BYTES):
            heard = await self._send(packet)
            new = self.outbox.settle(heard.verdicts)
            settled, vain = settled + new, 0 if new else vain + 1
            size = len(packet) // 2 if heard.too_much else self._size * 2
            self._size = min(max(size, 1), MOST_LINES)
            if heard.hopeless or vain == TRIES:
                break
            if vain:
                await self._sleep(pause(vain, heard.wait_seconds))
        return settled, heard.trouble

    async def _send(self, packet: Sequence[Entry]) -> _Heard:
        """Send these lines once. A line that gets no verdict was recorded or was not: both are in
        order, since it is sent again."""
        content = gzip.compress(b"".join([entry.line for entry in packet]), mtime=0)
        arrived = b""
        try:
            request = self._http.stream("POST", "/v1/sync", content=content, headers=NDJSON)
            async with request as response:
                async for part in response.aiter_bytes():
                    arrived += part
        except httpx2.RequestError as error:  # the verdicts that came before the cut count
            slow = isinstance(error, httpx2.TimeoutException)
            return _Heard(_verdicts_in(arrived, packet), f"no answer: {error!r}", too_much=slow)
        if response.status_code != 207:
            return _not_taken(response, arrived, packet)
        verdicts = _verdicts_in(arrived, packet)
        return _Heard(verdicts, "" if len(verdicts) == len(packet) else "the answer broke off")

    async def _look_again(self) -> bool:
        """Ask what became of refused lines of which an earlier copy may have come late; whether
        one of them was recorded."""
        recorded = False
        for entry in self.outbox.unsure():
            try:
                found = await self.get(f"/v1/operations/{entry.op_id}")
            except httpx2.HTTPStatusError as error:
                if error.response.status_code == 404:
                    continue  # it is not recorded
                break
            except httpx2.HTTPError:
                break
            body = {"version": found["version"]}
            self.outbox.settle([Verdict(op_id=entry.op_id, status=200, body=body)])
            recorded = True
        return recorded

    # -- down --

    async def changes(self) -> AsyncIterator[list[Change]]:
        """What was created, changed or deleted since the last time, a page at a time. Only when the
        next page is asked for is this one counted as applied; if the power fails before, it comes
        again. Raises httpx2.HTTPError when there is no line."""
        more = True
        while more:
            try:
                found = await self.get(self.outbox.heard() or "/v1/changes")
                page = msgspec.convert(found, _Page)
            except httpx2.HTTPStatusError as error:
                if error.response.status_code != 410:
                    raise
                found = await self.get("/v1/changes/snapshot")
                lists = [Change("list", url, "changed", url) for url in found["lists"]]
                page = _Page(lists, found["next"], more=True)
            if page.items:
                yield page.items
            self.outbox.hear(page.next)
            more = page.more

    async def get(self, url: str) -> Any:
        """What the service has there. Raises httpx2.HTTPError."""
        response = await self._http.get(url)
        response.raise_for_status()
        try:
            return msgspec.json.decode(response.content)
        except msgspec.DecodeError as error:
            raise httpx2.DecodingError("the answer broke off") from error

    async def _tell_time(self, request: httpx2.Request) -> None:
        request.headers["JU-Client-Time"] = self._now().isoformat()

    async def _hear_skew(self, response: httpx2.Response) -> None:
        self.skew = timedelta(milliseconds=int(response.headers.get("JU-Clock-Skew", "0")))


def _verdicts_in(arrived: bytes, packet: Sequence[Entry]) -> list[Verdict]:
    """The verdicts on these lines that arrived whole."""
    sent = {entry.op_id for entry in packet}
    found: list[Verdict] = []
    with contextlib.suppress(msgspec.DecodeError):  # no answer of the service, or torn
        for text in arrived.split(b"\n")[:-1]:
            verdict = _verdicts.decode(text)
            if verdict.op_id in sent:  # not so for a line that was torn on its way
                found.append(verdict)
    return found


def _not_taken(response: httpx2.Response, arrived: bytes, packet: Sequence[Entry]) -> _Heard:
    """What it means that the service, or something on the way, did not take a packet as such."""
    status = response.status_code
    problem = {"status": status, "code": "", "detail": response.reason_phrase}
    with contextlib.suppress(msgspec.DecodeError):
        problem |= msgspec.json.decode(arrived, type=dict[str, Any])
    if status == 413 and len(packet) == 1:
        return _Heard([Verdict(op_id=packet[0].op_id, status=status, problem=problem)])
    asked_for = response.headers.get("Retry-After", "")
    return _Heard(
        trouble=f"{status}: {problem['detail']}",
        wait_seconds=float(asked_for) if asked_for.isdecimal() else 0.0,
        too_much=status in {408, 413},
        hopeless=status not in AGAIN | {400, 413},  # 400: it was torn on its way
    )


def pause(vain: int, asked_for: float) -> float:
    """Seconds before the next try: doubled each time, never less than asked for, and a little more
    by chance, so that not all tills come at once."""
    chance = int.from_bytes(os.urandom(2), "big") / 0xFFFF
    backoff = min(FIRST_PAUSE_SECONDS * 2.0 ** (vain - 1), MOST_PAUSE_SECONDS)
    return max(backoff, asked_for) * (1 + chance / 2)


def uuid7(at: datetime) -> str:
    """A UUIDv7: the device's time in front, chance behind. A wrong clock harms nothing."""
    milliseconds = max(int(at.timestamp() * 1_000), 0)
    chance = int.from_bytes(os.urandom(10), "big")
    number = (milliseconds << 80) | (chance & ((1 << 76) - 1) & ~(0b11 << 62))
    return str(UUID(int=number | (7 << 76) | (0b10 << 62)))
