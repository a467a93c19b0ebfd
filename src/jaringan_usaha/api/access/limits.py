"""How often one key, one koperasi and one address may knock: token buckets in memory, of which
those of refused keys are shared by all processes."""

import math
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.access.issuing import queries
from jaringan_usaha.api.problems import Problem
from jaringan_usaha.eventlog.database import FULL, LOST, Pool

MOST_BUCKETS = 200_000
"""About 40 MB; the bucket that was not used for the longest time goes first."""


class Rate(NamedTuple):
    """`burst` requests at once, then `per_second`."""

    name: str
    per_second: float
    burst: int

    def times(self, factor: float) -> "Rate":
        return Rate(self.name, self.per_second * factor, math.ceil(self.burst * factor))

    def shared_by(self, processes: int) -> "Rate":
        """The part of one of so many, which together never let more through than this."""
        return Rate(self.name, self.per_second / processes, self.burst // processes)


READ = Rate("read", 20, 60)
WRITE = Rate("write", 10, 30)
SYNC = Rate("sync", 0.1, 6)
KNOCK = Rate("knock", 10 / 60, 10)
"""Keys that are refused, by address."""

ALL_DEVICES = 5
"""How many times the rate of one key all keys of a koperasi have together; so for a supplier,
for all auditors, and for all city offices."""

OPERATOR = 200
"""How many times the rate of a koperasi's key an operator has, who acts for all of them."""


class Left(NamedTuple):
    """What a bucket has after a request: whole requests left, and seconds until it is full."""

    rate: Rate
    requests: int
    full_in_seconds: int

    def headers(self) -> list[tuple[bytes, bytes]]:
        """`RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10)."""
        name, burst = self.rate.name, self.rate.burst
        window = math.ceil(burst / self.rate.per_second)
        return [
            (b"ratelimit-policy", f'"{name}";q={burst};w={window}'.encode()),
            (b"ratelimit", f'"{name}";r={self.requests};t={self.full_in_seconds}'.encode()),
        ]


class Limits:
    """All buckets of this process, one of `processes`. `factor` scales the rates; 0 lifts them."""

    def __init__(
        self, now: Callable[[], float], factor: float = 1.0, *, processes: int = 1
    ) -> None:
        self._now = now
        self._factor = factor
        self._processes = processes
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()
        self._refused: Counter[str] = Counter()

    def admit(self, caller: Caller, rate: Rate) -> Left | None:
        """Take one request from the buckets of the key and of whom it speaks for; what the key has
        left in this process, None without limits. Raises Problem 429."""
        if not self._factor:
            return None
        rate = rate.times(self._factor * (OPERATOR if caller.role == "operator" else 1))
        left = self._take(caller.key_id, rate.shared_by(self._processes))
        if caller.role != "operator":  # whose key was refused takes nothing from its neighbours
            all_devices = rate.times(ALL_DEVICES).shared_by(self._processes)
            self._take(f"{caller.network_id}/{caller.scope}", all_devices)
        return left

    def give_back(self, caller: Caller, rate: Rate) -> None:
        """A repetition of a request that was answered before costs nothing."""
        for whose in (caller.key_id, f"{caller.network_id}/{caller.scope}"):
            bucket = self._buckets.get((whose, rate.name))
            if bucket is not None:
                self._buckets[whose, rate.name] = (bucket[0] + 1, bucket[1])

    def may_knock(self, address: str) -> None:
        """Raises Problem 429 when this address showed too many wrong keys of late."""
        if self._factor and self._level(address, KNOCK) < 1:
            raise _too_many(KNOCK, 0)

    def knocked_in_vain(self, address: str) -> None:
        """A key was refused."""
        if self._factor:
            level = max(self._level(address, KNOCK) - 1, 0)
            self._keep(address, KNOCK, level)
            self._refused[address] += 1

    async def share_knocks(self, pool: Pool) -> None:
        """Tell the other processes, and the next one, whose keys were refused since the last
        time, and hear it from them; without a database nobody is let in anyway."""
        if not self._factor:
            return
        told, self._refused = self._refused, Counter()
        buckets = (float(KNOCK.burst), KNOCK.per_second)
        try:
            rows = await pool.fetch(queries.share_knocks, list(told), list(told.values()), *buckets)
        except (*LOST, *FULL):
            self._refused.update(told)
            return
        for address, level in rows:  # less what was counted here while the database answered
            self._keep(address, KNOCK, max(level - self._refused[address], 0))

    def _take(self, whose: str, rate: Rate) -> Left:
        level = self._level(whose, rate)
        if level < 1:
            raise _too_many(rate, level)
        self._keep(whose, rate, level - 1)
        missing = rate.burst - (level - 1)
        return Left(rate, int(level - 1), math.ceil(missing / rate.per_second))

    def _level(self, whose: str, rate: Rate) -> float:
        level, at = self._buckets.get((whose, rate.name), (float(rate.burst), 0.0))
        return min(rate.burst, level + (self._now() - at) * rate.per_second)

    def _keep(self, whose: str, rate: Rate, level: float) -> None:
        key = (whose, rate.name)
        self._buckets[key] = (level, self._now())
        self._buckets.move_to_end(key)
        if len(self._buckets) > MOST_BUCKETS:
            self._buckets.popitem(last=False)


def _too_many(rate: Rate, level: float) -> Problem:
    wait = math.ceil((1 - level) / rate.per_second)
    return Problem(
        429,
        "quota-exceeded",
        f"too many requests; send this one again in {wait} seconds",
        headers={"Retry-After": str(wait)},
    )
