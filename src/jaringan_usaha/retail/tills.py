"""Several points of sale on bad lines: requests are repeated, connections cut, by seed."""

import asyncio
import math
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn, Self, TypeVar
from zlib import crc32

import httpx2
import msgspec

from jaringan_usaha.client.outbox import Operation, Verdict
from jaringan_usaha.client.service import ServiceProblem
from jaringan_usaha.client.till import Till

MULTI_STATUS = 207
REPEAT_ONE_IN = 50
CUT_ONE_IN = 200
LONGEST_WAIT_MS = 200
MOST_TOLD = 5

T = TypeVar("T")

_verdicts = msgspec.json.Decoder(Verdict)


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


class BadLine(httpx2.AsyncBaseTransport):
    """The way of one till to the service. Some requests are cut off from their answer, and some are
    repeated after it; which ones, the dice say of their `numbers`."""

    def __init__(self, dice: Dice, tally: Tally) -> None:
        self._http = httpx2.AsyncHTTPTransport()
        self._dice = dice
        self._tally = tally
        self._cut: int | None = None
        self.numbers: Iterator[int] = iter(())
        self.heard: Callable[[int], None] = lambda _: None

    async def aclose(self) -> None:
        await self._http.aclose()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self._tally.requests += 1
        number, self._cut = self._cut, None  # a request that was cut comes again
        if number is None:
            number = next(self.numbers, None)
            if number is not None and self._dice.hits("cut", number, CUT_ONE_IN):
                self._cut = number
                await self._hang_up(request, self._dice.draw("wait", number) % LONGEST_WAIT_MS)
        response = await self._answer(request)
        verdicts = verdicts_of(response)
        self._tally.count(verdicts)
        if number is not None and self._dice.hits("repeat", number, REPEAT_ONE_IN):
            self._tally.repeated += 1
            self._tally.compare(verdicts, verdicts_of(await self._answer(request)))
        self.heard(len(verdicts))
        return response

    async def _answer(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self._http.handle_async_request(request)
        try:
            content = b"".join([part async for part in answer.aiter_raw()])
        finally:
            await answer.aclose()
        return httpx2.Response(answer.status_code, headers=answer.headers, content=content)

    async def _hang_up(self, request: httpx2.Request, wait_ms: int) -> NoReturn:
        """Close the connection some time after the last byte went out, before the answer is read:
        what became of the request, only sending it again tells."""

        async def cut(moment: str, _: Mapping[str, object]) -> None:
            if moment.endswith("send_request_body.complete"):
                await asyncio.sleep(wait_ms / 1_000)
                self._tally.cut += 1
                raise httpx2.ReadError("cut on purpose")

        request.extensions = {**request.extensions, "trace": cut}
        answer = await self._http.handle_async_request(request)
        await answer.aclose()
        raise httpx2.ReadError("answered before the last byte was out")


def verdicts_of(response: httpx2.Response) -> list[Verdict]:
    """The verdicts of an answer that are final."""
    if response.status_code != MULTI_STATUS:
        return []
    return [each for each in _verdicts.decode_lines(response.content) if each.state != "waiting"]


class Tills:
    """POS clients, each with its journal, a line of its own and the shops that fall to it."""

    def __init__(self, base_url: str, key: str, dice: Dice, count: int) -> None:
        self._service = (base_url, key)
        self.tally = Tally()
        self._lines = [BadLine(dice, self.tally) for _ in range(count)]
        self._planned = 0
        self._tills: list[Till] = []
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        folder = self._stack.enter_context(TemporaryDirectory(prefix="jaringan-tills-"))
        for number, line in enumerate(self._lines):
            path = Path(folder) / f"till-{number}.sqlite"
            till = Till(path, *self._service, keep=0, transport=line)
            self._tills.append(await self._stack.enter_async_context(till))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def send(
        self,
        operations: Iterable[tuple[str, Operation]],
        *,
        lines_a_request: int,
        sent: Callable[[int], None],
    ) -> None:
        """Send what each shop has to say, in its order; `sent` hears how many lines are done.

        Raises ServiceProblem when some are without a verdict in the end.
        """
        queues: list[list[Operation]] = [[] for _ in self._tills]
        for shop, operation in operations:
            queues[crc32(shop.encode()) % len(queues)].append(operation)

        async def send_all(till: Till, queue: list[Operation]) -> None:
            till.outbox.write(queue)
            synced = await till.sync(lines_a_request)
            if synced.waiting:
                raise ServiceProblem(f"{synced.waiting} lines have no verdict: {synced.trouble}")

        for line, queue in zip(self._lines, queues, strict=True):
            first = self._planned
            self._planned += math.ceil(len(queue) / lines_a_request)
            line.numbers, line.heard = iter(range(first, self._planned)), sent
        await all_of(map(send_all, self._tills, queues))


async def all_of(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Do everything at once; the first failure ends the rest, and is raised as it is."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
