"""Several points of sale on bad lines: requests are repeated, connections cut, by seed."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, TypeVar
from zlib import crc32

from jaringan_usaha.client.lines import Operation, Verdict
from jaringan_usaha.client.service import Service

REPEAT_ONE_IN = 50
CUT_ONE_IN = 200
LONGEST_WAIT_MS = 200
MOST_TOLD = 5

T = TypeVar("T")


@dataclass
class Tally:
    """What happened on the way."""

    requests: int = 0
    repeated: int = 0
    cut: int = 0
    recorded: int = 0
    there_before: int = 0
    refused: int = 0
    answered_otherwise: int = 0
    told: list[str] = field(default_factory=list)

    def count(self, verdicts: Sequence[Verdict]) -> None:
        """Take the first answer to a request into account."""
        for verdict in verdicts:
            if verdict.problem is not None:
                self.refused += 1
                self.tell(f"{verdict.op_id}: {verdict.problem.get('detail')}")
            elif verdict.replayed:
                self.there_before += 1
            else:
                self.recorded += 1

    def compare(self, first: Sequence[Verdict], again: Sequence[Verdict]) -> None:
        """The second answer must be the first one, and say that it is."""
        for one, other in zip(first, again, strict=True):
            same = (one.op_id, one.status, one.body) == (other.op_id, other.status, other.body)
            if not (same and (other.replayed or one.problem is not None)):
                self.answered_otherwise += 1
                self.tell(f"{one.op_id}: {one} ≠ {other}")

    def tell(self, what: str) -> None:
        if len(self.told) < MOST_TOLD:
            self.told.append(what)


@dataclass(frozen=True)
class Dice:
    """Chance that falls alike for the same seed."""

    seed: int

    def draw(self, *about: object) -> int:
        text = repr((self.seed, *about)).encode()
        return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")

    def hits(self, what: str, number: int, one_in: int) -> bool:
        """True for exactly one of each `one_in` numbers in a row."""
        block, place = divmod(number, one_in)
        return self.draw(what, block) % one_in == place


class Tills:
    """POS clients, each with a connection of its own and the shops that fall to it."""

    def __init__(self, services: Sequence[Service], dice: Dice) -> None:
        self._services = services
        self._dice = dice
        self.tally = Tally()

    async def send(
        self,
        operations: Iterable[tuple[str, Operation]],
        *,
        lines_a_request: int,
        sent: Callable[[int], None],
    ) -> None:
        """Send what each shop has to say, in its order; `sent` hears how many lines are done."""
        queues: list[list[Operation]] = [[] for _ in self._services]
        for shop, operation in operations:
            queues[crc32(shop.encode()) % len(queues)].append(operation)
        work = []
        for service, queue in zip(self._services, queues, strict=True):
            first = self.tally.requests
            requests = list(enumerate(_cut_up(queue, lines_a_request), start=first))
            self.tally.requests += len(requests)
            work.append(self._send_all(service, requests, sent))
        await all_of(work)

    async def _send_all(
        self,
        service: Service,
        requests: Sequence[tuple[int, Sequence[Operation]]],
        sent: Callable[[int], None],
    ) -> None:
        for number, operations in requests:
            if self._dice.hits("cut", number, CUT_ONE_IN):
                wait_ms = self._dice.draw("wait", number) % LONGEST_WAIT_MS
                self.tally.cut += await service.sync_and_hang_up(operations, wait=wait_ms / 1_000)
            verdicts = await service.sync(operations)
            self.tally.count(verdicts)
            if self._dice.hits("repeat", number, REPEAT_ONE_IN):
                self.tally.compare(verdicts, await service.sync(operations))
                self.tally.repeated += 1
            sent(len(operations))


def _cut_up(queue: Sequence[Operation], size: int) -> list[Sequence[Operation]]:
    return [queue[start : start + size] for start in range(0, len(queue), size)]


async def all_of(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Do everything at once; the first failure ends the rest, and is raised as it is."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
