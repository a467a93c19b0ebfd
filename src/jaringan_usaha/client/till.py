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

The protocol, for who writes the same in another language:

1. Write. A wish becomes a line of JSON under an id that is made on the device. Both are on the
   disk before anything is sent, and neither ever changes: so sending twice is always safe. The
   operations on one order share a lane, in which they are done in order.
2. Send. What waits goes out oldest first, `POST /v1/sync`, as gzip of NDJSON. Before that, it is
   noted on the disk that a copy of each line is under way.
3. Settle. The answer is 207 and a verdict for each line, by its `op_id`; those that arrived whole
   count, though the rest be cut off. Without a `problem` the line is done, and the order has the
   version that is told. A problem with a status of `AGAIN` decides nothing, nor does a verdict that
   never came, nor any answer but 207: the same bytes are sent again, after a pause that doubles and
   is not shorter than `Retry-After`, and fewer lines at once if it took too long. Any other problem
   is a refusal: nothing behind it in its lane is sent until the cashier has decided.
4. Ask. What was refused while an earlier copy had got no answer may still be recorded, when that
   copy comes late: `GET /v1/operations/{op_id}` tells, and with 404 that it is not.
5. Hear. Begin with the lists of `GET /v1/changes/snapshot`; from then on follow `next`, and keep it
   when what came before it is applied. After 410, begin again.

The device's clock decides nothing, save that an order which comes after a cycle's deadline must
have been written before it by that clock; `skew` tells when it goes wrong.
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
    the till is new or was away for too long: fetch the whole list, `{cycle_id}` standing for each
    cycle."""

    kind: str
    id: str
    change: str
    url: str


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
        self.outbox = Outbox(path)
        self.skew = timedelta(0)
        self._keep = keep
        self._now = now
        self._sleep = sleep
        self._lines_at_once = MOST_LINES
        self._http = httpx2.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {key}", "Accept-Language": language},
            timeout=TIMEOUT_SECONDS,
            transport=transport,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.outbox.close()
        await self._http.aclose()

    # -- what the cashier does, with or without a line --

    def place(self, cycle_id: str, lines: OrderLines) -> str:
        """Order; the id of the order."""
        order_id = uuid7(self._now())
        self._write("place_order", order_id, order_id, cycle_id, lines=lines)
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
        before = last.operation.body
        if if_version is None:
            if more == {"lines": before["lines"]}:
                return  # no change, and the service would not count a version for it
            if_version = last.version or before.get("if_version", 0) + 1
        op_id = uuid7(self._now())
        self._write(kind, op_id, order_id, before["cycle_id"], if_version=if_version, **more)

    def _write(self, kind: str, op_id: str, order_id: str, cycle_id: str, **more: object) -> None:
        body = {"order_id": order_id, "cycle_id": cycle_id, "client_at": self._now(), **more}
        self.outbox.write([Operation(op_id=op_id, type=kind, lane=order_id, body=body)])

    # -- up: when there is a line --

    async def sync(self, most_lines: int = MOST_LINES) -> Synced:
        """Send what waits, in order, until all has its verdict or the line is of no use."""
        settled, vain, heard = 0, 0, _Heard()
        while vain < TRIES and not heard.hopeless:
            if vain:
                await self._sleep(pause(vain, heard.wait_seconds))
            packet = self.outbox.packet(min(self._lines_at_once, most_lines), MOST_BYTES)
            if not packet:
                if await self._ask_about_unsure():
                    continue  # what waits behind those that were found may go now
                break
            heard = await self._send(packet)
            new = self.outbox.settle(heard.verdicts)
            settled, vain = settled + new, 0 if new else vain + 1
            fit = len(packet) // 2 if heard.too_much else self._lines_at_once * 2
            self._lines_at_once = min(max(fit, 1), MOST_LINES)
        self.outbox.prune(self._keep)
        return Synced(settled, len(self.outbox.those("waiting")), heard.trouble)

    async def _send(self, packet: Sequence[Entry]) -> _Heard:
        """Send these lines once."""
        content = gzip.compress(b"".join([entry.line for entry in packet]), mtime=0)
        headers = {**NDJSON, "JU-Client-Time": self._now().isoformat()}
        arrived = b""
        try:
            request = self._http.stream("POST", "/v1/sync", content=content, headers=headers)
            async with request as response:
                async for part in response.aiter_bytes():
                    arrived += part
        except httpx2.RequestError as error:
            slow = isinstance(error, httpx2.TimeoutException)
            return _Heard(_verdicts_in(arrived), f"no answer: {error!r}", too_much=slow)
        self.skew = timedelta(milliseconds=int(response.headers.get("JU-Clock-Skew", "0")))
        if response.status_code != 207:
            return _not_taken(response, arrived, packet)
        verdicts = _verdicts_in(arrived)
        if len(verdicts) < len(packet):
            return _Heard(verdicts, "the answer broke off")
        again = AGAIN - {424}  # which only says that another one in its lane comes first
        said = [
            each.problem["detail"] for each in verdicts if each.problem and each.status in again
        ]
        return _Heard(verdicts, said[0] if said else "")

    async def _ask_about_unsure(self) -> bool:
        """What became of refused lines of which an earlier copy may have come late; whether one of
        them was recorded."""
        recorded = []
        with contextlib.suppress(httpx2.RequestError):  # no line: another time
            for entry in self.outbox.unsure():
                with contextlib.suppress(httpx2.HTTPStatusError):  # 404: it is not recorded
                    found = await self.get(f"/v1/operations/{entry.op_id}")
                    body = {"version": found["version"]}
                    recorded.append(Verdict(op_id=entry.op_id, status=200, body=body))
        self.outbox.settle(recorded)
        return bool(recorded)

    # -- down --

    async def changes(self) -> AsyncIterator[list[Change]]:
        """What was created, changed or deleted since the last time, a page at a time. Only when the
        next page is asked for is this one counted as applied; if the power fails before, it comes
        again. Raises httpx2.HTTPError when there is no line."""
        more = True
        while more:
            page = await self._page()
            if page["items"]:
                yield msgspec.convert(page["items"], list[Change])
            self.outbox.hear(page["next"])  # since the caller came back for more
            more = page["more"]

    async def _page(self) -> Any:
        """The next changes, or all lists when nothing tells where to go on."""
        if link := self.outbox.heard():
            try:
                return await self.get(link)
            except httpx2.HTTPStatusError as error:
                if error.response.status_code != 410:
                    raise
        begin = await self.get("/v1/changes/snapshot")
        lists = [Change("list", url, "changed", url) for url in begin["lists"]]
        return {"items": lists, "next": begin["next"], "more": True}

    async def get(self, url: str) -> Any:
        """What the service has there. Raises httpx2.HTTPError."""
        response = await self._http.get(url)
        response.raise_for_status()
        try:
            return msgspec.json.decode(response.content)
        except msgspec.DecodeError as error:
            raise httpx2.DecodingError("the answer broke off") from error


def _verdicts_in(arrived: bytes) -> list[Verdict]:
    """Those that arrived whole."""
    try:
        lines = arrived.split(b"\n")[:-1]
        return [msgspec.json.decode(line, type=Verdict) for line in lines]
    except msgspec.DecodeError:  # this is no answer of the service
        return []


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
