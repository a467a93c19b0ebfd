"""The load: one process, plain sockets, requests put together from prepared bytes.

Reads a plan (JSON) from standard input and writes what it counted. With a `rate` requests have a
time at which they are due, and waiting for a free connection counts as waiting for the answer.
"""

import json
import os
import re
import selectors
import socket
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any

KOPERASI = 2_000
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
    count = 0
    while True:
        count += 1
        time_ = f"{time.time_ns() // 1_000_000:012x}"
        parts = f"7{count >> 20 & 0xFFF:03x}-8{count >> 8 & 0xFFF:03x}-{count & 0xFF:02x}{chance}"
        yield f"{time_[:8]}-{time_[8:]}-{parts}"


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
    """Single orders: `PUT /v1/orders/{id}`, or a `POST` of the same body to a yardstick."""
    path = plan.get("path")
    koperasi = plan.get("koperasi", KOPERASI)
    for number, order_id in enumerate(order_ids(), start=int.from_bytes(os.urandom(3), "big")):
        body = b'{"cycle_id":"%b","koperasi_id":"%b","lines":[%b]}' % (
            plan["cycle"].encode(),
            koperasi_id(number % koperasi).encode(),
            order_lines(number, plan["lines"]),
        )
        if path:
            yield _http(b"POST", path.encode(), plan["key"], body)
        else:
            yield _http(b"PUT", b"/v1/orders/" + order_id.encode(), plan["key"], body)


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
        self.due = 0.0
        self.found = b""

    def send(self, request: bytes, due: float) -> None:
        self.due, self.found = due, b""
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


def run(plan: dict[str, Any]) -> dict[str, Any]:
    """Send for `seconds` over `connections`; at most `requests` if given."""
    requests = (syncs if plan.get("orders") else orders)(plan)
    most = plan.get("requests") or sys.maxsize
    waits: list[float] = []
    refusals: list[float] = []
    statuses: Counter[str] = Counter()
    free = deque(Connection(plan["port"]) for _ in range(plan["connections"]))
    selector = selectors.DefaultSelector()
    for each in free:
        selector.register(each.socket, selectors.EVENT_READ, each)
    pace = 1 / plan["rate"] if plan.get("rate") else 0.0
    clock = time.perf_counter
    began = due = clock()
    end, sent, under_way = began + plan["seconds"], 0, 0
    while True:
        now = clock()
        while free and sent < most and now < end and due <= now:
            free.popleft().send(next(requests), due if pace else clock())
            due += pace
            sent, under_way = sent + 1, under_way + 1
        if not under_way and (now >= end or sent >= most):
            break
        timeout = 5.0 if not (pace and free and now < end) else max(0.0, due - clock())
        for key, _ in selector.select(timeout):
            connection: Connection = key.data
            if connection.whole():
                answer = connection.found
                refused = answer[9:12] in (b"429", b"503")
                (refusals if refused else waits).append(clock() - connection.due)
                if plan.get("orders"):
                    for status in re.findall(rb'"status":(\d+)', answer):
                        statuses[status.decode()] += 1
                else:
                    statuses[answer[9:12].decode()] += 1
                under_way -= 1
                free.append(connection)
    seconds = clock() - began
    waits.sort()
    refusals.sort()
    return {
        "requests": len(waits),
        "refused": len(refusals),
        "refused_p99_ms": refusals[len(refusals) * 99 // 100] * 1000 if refusals else 0.0,
        "seconds": seconds,
        "statuses": dict(statuses),
        "p50_ms": waits[len(waits) // 2] * 1000,
        "p99_ms": waits[len(waits) * 99 // 100] * 1000,
        "worst_ms": waits[-1] * 1000,
        "client_us": time.process_time() / len(waits) * 1e6,
    }


if __name__ == "__main__":
    json.dump(run(json.load(sys.stdin)), sys.stdout)
