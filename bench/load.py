"""The load: one process, plain sockets, requests put together from prepared bytes.

Reads a plan (JSON) from standard input and writes what it counted. With a `rate` requests have a
time at which they are due, and waiting for a free connection counts as waiting for the answer;
what was waited since a request was sent is told beside it.
"""

import itertools
import json
import os
import re
import select
import socket
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any

KOPERASI = 2_000
PREPARED = 10_000
AT_ONCE = 64
"""So many requests are sent before answers are looked for."""
SUPPLIERS = 200
ITEMS = 1_000
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"transfer-encoding: *chunked", re.IGNORECASE)


def koperasi_id(number: int) -> str:
    return f"kop-{number:05}"


def supplier_id(number: int) -> str:
    return f"sup-{number:03}"


def item_id(number: int) -> str:
    return f"item-{number:04}"


def order_ids() -> Iterator[str]:
    """UUIDv7: the time in front, then a count, then chance."""
    chance = os.urandom(5).hex()
    for count in itertools.count(1):
        now, rest = time.time_ns() // 1_000_000, count >> 8
        yield (
            f"{now >> 16:08x}-{now & 0xFFFF:04x}-7{rest >> 12 & 0xFFF:03x}-8{rest & 0xFFF:03x}"
            f"-{count & 0xFF:02x}{chance}"
        )


def order_lines(number: int, lines: int) -> bytes:
    """Neighbouring orders want different goods; an order never wants the same twice."""
    first = number * 7_919
    items = [(first + line * 97) % ITEMS for line in range(lines)]
    return b",".join(
        b'{"supplier_id":"%b","item_id":"%b","quantity":%d}'
        % (supplier_id(item // 5).encode(), item_id(item).encode(), 1 + number % 9)
        for item in items
    )


def _http(method: bytes, path: bytes, key: str, body: bytes) -> bytes:
    return (
        b"%b %b HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %b\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
    ) % (method, path, key.encode(), len(body), body)


def orders(plan: dict[str, Any]) -> Iterator[bytes]:
    """Single orders: `PUT /v1/orders/{id}`, or a `POST` of the same body to a yardstick. Only the
    id is put in when it is sent, so that the load costs little beside what it measures."""
    path = plan.get("path")
    first = int.from_bytes(os.urandom(3), "big")
    prepared = [_order(plan, number, path) for number in range(first, first + PREPARED)]
    if path:
        yield from itertools.cycle(prepared)
    before, after = zip(*(request.split(b"{id}") for request in prepared), strict=True)
    for start, order_id, rest in zip(
        itertools.cycle(before), order_ids(), itertools.cycle(after), strict=False
    ):
        yield b"".join((start, order_id.encode(), rest))


def _order(plan: dict[str, Any], number: int, path: str | None) -> bytes:
    body = b'{"cycle_id":"%b","koperasi_id":"%b","lines":[%b]}' % (
        plan["cycle"].encode(),
        koperasi_id(number % plan.get("koperasi", KOPERASI)).encode(),
        order_lines(number, plan["lines"]),
    )
    if path:
        return _http(b"POST", path.encode(), plan["key"], body)
    return _http(b"PUT", b"/v1/orders/{id}", plan["key"], body)


def syncs(plan: dict[str, Any]) -> Iterator[bytes]:
    """Requests to `/v1/sync`, each with many orders."""
    ids = order_ids()
    prepared = [order_lines(number, plan["lines"]) for number in range(ITEMS)]
    number = int.from_bytes(os.urandom(3), "big")
    while True:
        rows = []
        for _ in range(plan["orders"]):
            number += 1
            order_id = next(ids).encode()
            rows.append(
                b'{"op_id":"%b","type":"place_order","body":{"order_id":"%b","cycle_id":"%b",'
                b'"koperasi_id":"%b","lines":[%b]}}'
                % (
                    order_id,
                    order_id,
                    plan["cycle"].encode(),
                    koperasi_id(number % KOPERASI).encode(),
                    prepared[number % ITEMS],
                )
            )
        yield _http(b"POST", b"/v1/sync", plan["key"], b"\n".join(rows))


class Connection:
    """One connection that has at most one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = self.sent = 0.0
        self.found = b""

    def send(self, request: bytes, due: float, now: float) -> None:
        self.due, self.sent, self.found = due, now, b""
        self.socket.sendall(request)

    def whole(self) -> bool:
        """Take what has come; whether the answer is complete."""
        part = self.socket.recv(1 << 18)
        if not part:
            raise ConnectionError("the service closed the connection")
        self.found = self.found + part if self.found else part
        end = self.found.find(b"\r\n\r\n")
        if end < 0:
            return False
        length = _LENGTH.search(self.found, 0, end)
        if length is None:
            if not _CHUNKED.search(self.found, 0, end):
                raise ConnectionError("an answer without an end")
            return self.found.endswith(b"\r\n0\r\n\r\n")
        return len(self.found) >= end + 4 + int(length[1])


class Waits:
    """How long answers of one kind were waited for: since they were due, and since they were
    asked for."""

    def __init__(self) -> None:
        self.due: list[float] = []
        self.sent: list[float] = []

    def add(self, connection: Connection, now: float) -> None:
        self.due.append(now - connection.due)
        self.sent.append(now - connection.sent)

    def told(self) -> dict[str, float]:
        """In milliseconds."""
        found = {}
        for since, waits in (("", sorted(self.due)), ("sent_", sorted(self.sent))):
            for name, part in (("p50_ms", 0.5), ("p99_ms", 0.99), ("worst_ms", 1.0)):
                at = min(int(len(waits) * part), len(waits) - 1)
                found[since + name] = waits[at] * 1000 if waits else 0.0
        return found


def run(plan: dict[str, Any]) -> dict[str, Any]:
    """Send for `seconds` over `connections`; at most `requests` if given."""
    requests = (syncs if plan.get("orders") else orders)(plan)
    most = plan.get("requests") or sys.maxsize
    taken, refused = Waits(), Waits()
    statuses: Counter[str] = Counter()
    connections = {each.socket.fileno(): each for each in _connected(plan)}
    free = deque(connections.values())
    poll = select.epoll()
    for number in connections:
        poll.register(number, select.EPOLLIN)
    next(requests)  # what is prepared once, is by now
    pace = 1 / plan["rate"] if plan.get("rate") else 0.0
    clock = time.perf_counter
    began = due = clock()
    end, sent, under_way, cpu = began + plan["seconds"], 0, 0, time.process_time()
    while True:
        now, burst = clock(), 0
        while free and burst < AT_ONCE and sent < most and now < end and due <= now:
            now = clock()
            free.popleft().send(next(requests), due if pace else now, now)
            due += pace
            sent, under_way, burst = sent + 1, under_way + 1, burst + 1
        if not under_way and (now >= end or sent >= most):
            break
        timeout = 5.0
        if free and now < end and sent < most:
            timeout = max(0.0, due - clock()) if pace else 0.0
        for number, _ in poll.poll(timeout):
            connection = connections[number]
            if connection.whole():
                answer = connection.found
                (refused if answer[9:12] in (b"429", b"503") else taken).add(connection, clock())
                if plan.get("orders"):
                    for status in re.findall(rb'"status":(\d+)', answer):
                        statuses[status.decode()] += 1
                else:
                    statuses[answer[9:12].decode()] += 1
                under_way -= 1
                free.append(connection)
    return {
        "requests": len(taken.due),
        "refused": len(refused.due),
        "seconds": clock() - began,
        "statuses": dict(statuses),
        **taken.told(),
        "refusals": refused.told(),
        "client_us": (time.process_time() - cpu) / max(sent, 1) * 1e6,
    }


def _connected(plan: dict[str, Any]) -> list[Connection]:
    return [Connection(plan["port"]) for _ in range(plan["connections"])]


if __name__ == "__main__":
    json.dump(run(json.load(sys.stdin)), sys.stdout)
