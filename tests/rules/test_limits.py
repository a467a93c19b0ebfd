"""Token buckets: how often one key, one koperasi and one address may knock."""

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as some

from jaringan_usaha.api.access import limits
from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.access.limits import (
    ALL_DEVICES,
    KNOCK,
    OPERATOR,
    READ,
    SYNC,
    WRITE,
    Left,
    Limits,
    Rate,
)
from jaringan_usaha.api.problems import Problem
from jaringan_usaha.settings import SMALLEST_BURST, Settings


class Watch:
    """A clock that stands until somebody moves it."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


def device(key: str = "key-1", koperasi_id: str = "melati") -> Caller:
    return Caller(1, "koperasi", koperasi_id, key)


def admitted(buckets: Limits, caller: Caller, times: int, rate: Rate = WRITE) -> int:
    """How many of so many requests at once are let in."""
    count = 0
    for _ in range(times):
        try:
            buckets.admit(caller, rate)
        except Problem:
            continue
        else:
            count += 1
    return count


def test_a_burst_is_let_in_and_then_the_rate() -> None:
    watch = Watch()
    buckets = Limits(watch)
    assert admitted(buckets, device(), 100) == WRITE.burst
    watch.at += 1
    assert admitted(buckets, device(), 100) == WRITE.per_second
    watch.at += 3_600
    assert admitted(buckets, device(), 100) == WRITE.burst


def test_a_device_that_runs_wild_takes_nothing_from_the_others() -> None:
    buckets = Limits(Watch())
    assert admitted(buckets, device("wild"), 10_000) == WRITE.burst
    assert admitted(buckets, device("calm"), WRITE.burst) == WRITE.burst


@pytest.mark.parametrize("processes", range(1, SMALLEST_BURST + 1))
@pytest.mark.parametrize("rate", [READ, WRITE, SYNC], ids=lambda rate: rate.name)
def test_api_12_processes_together_let_no_more_in_than_the_limit(
    processes: int, rate: Rate
) -> None:
    watch = Watch()
    house = [Limits(watch, processes=processes) for _ in range(processes)]

    def let_in(*keys: str) -> list[int]:
        """By each process, when all keys ask everywhere for more than they may."""
        more = rate.burst + 1
        return [sum(admitted(each, device(key), more, rate) for key in keys) for each in house]

    at_once = let_in("key-1")
    assert all(at_once)
    assert rate.burst - processes < sum(at_once) <= rate.burst
    for _ in range(60):
        watch.at += 60
        at_once += let_in("key-1")
    assert sum(at_once) <= rate.burst + 3_600 * rate.per_second
    watch.at += 3_600
    together = sum(let_in(*(f"key-{number}" for number in range(2 * ALL_DEVICES))))
    assert (rate.burst - processes) * ALL_DEVICES < together <= rate.burst * ALL_DEVICES


def test_api_12_a_limit_is_shared_by_no_more_than_each_lets_one_in() -> None:
    assert min(each.burst for each in (READ, WRITE, SYNC)) == SMALLEST_BURST
    with pytest.raises(ValueError, match="by 6 processes at most"):
        Settings(processes=7)
    with pytest.raises(ValueError, match="by 3 processes at most"):
        Settings(processes=4, rate_factor=0.5)
    assert Settings(processes=9, rate_factor=0).processes == 9


def test_whoever_waits_as_told_is_let_in() -> None:
    watch = Watch()
    buckets = Limits(watch)
    for _ in range(SYNC.burst):
        buckets.admit(device(), SYNC)
    with pytest.raises(Problem) as found:
        buckets.admit(device(), SYNC)
    assert (found.value.status, found.value.code) == (429, "quota-exceeded")
    watch.at += int(found.value.headers["Retry-After"]) - 1
    with pytest.raises(Problem):
        buckets.admit(device(), SYNC)
    watch.at += 1
    assert buckets.admit(device(), SYNC) is not None


def test_reading_takes_nothing_from_writing_nor_one_key_from_another() -> None:
    buckets = Limits(Watch())
    assert admitted(buckets, device(), WRITE.burst) == WRITE.burst
    assert buckets.admit(device(), READ) is not None
    assert admitted(buckets, device("key-2"), 1) == 1


def test_all_devices_of_a_koperasi_share_a_rate() -> None:
    buckets = Limits(Watch())
    let_in = sum(admitted(buckets, device(f"key-{number}"), WRITE.burst) for number in range(10))
    assert let_in == ALL_DEVICES * WRITE.burst
    assert admitted(buckets, device("other", "mawar"), 1) == 1


def test_an_operator_acts_for_many() -> None:
    operator = Caller(1, "operator", None, "key-0")
    assert admitted(Limits(Watch()), operator, OPERATOR * WRITE.burst + 50) == (
        OPERATOR * WRITE.burst
    )


def test_a_repetition_costs_nothing() -> None:
    buckets = Limits(Watch())
    admitted(buckets, device(), WRITE.burst)
    buckets.give_back(device(), WRITE)
    assert admitted(buckets, device(), 5) == 1


def test_wrong_keys_from_one_address_are_heard_ten_times_a_minute() -> None:
    watch = Watch()
    buckets = Limits(watch)
    for _ in range(KNOCK.burst):
        buckets.may_knock("10.0.0.1")
        buckets.knocked_in_vain("10.0.0.1")
    with pytest.raises(Problem, match="send this one again in 6 seconds"):
        buckets.may_knock("10.0.0.1")
    buckets.may_knock("10.0.0.2")
    watch.at += 6.1
    buckets.may_knock("10.0.0.1")


def test_an_answer_says_what_is_left() -> None:
    buckets = Limits(Watch())
    left = buckets.admit(device(), WRITE)
    assert left == Left(WRITE, 29, 1)
    assert left.headers() == [
        (b"ratelimit-policy", b'"write";q=30;w=3'),
        (b"ratelimit", b'"write";r=29;t=1'),
    ]


def test_without_limits_nobody_waits() -> None:
    assert Limits(Watch(), 0).admit(device(), WRITE) is None
    assert admitted(Limits(Watch(), 0), device(), 1_000) == 1_000


def test_buckets_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_BUCKETS", 10)
    buckets = Limits(Watch())
    for number in range(100):
        buckets.admit(device(f"key-{number}", f"koperasi-{number}"), WRITE)
    assert len(buckets._buckets) == 10


@given_any(some.lists(some.floats(min_value=0, max_value=2), max_size=200))
def test_no_window_ever_lets_in_more_than_burst_and_rate(waits: list[float]) -> None:
    watch = Watch()
    buckets = Limits(watch)
    let_in = 0
    for wait in waits:
        watch.at += wait
        let_in += admitted(buckets, device(), 1)
    assert let_in <= WRITE.burst + WRITE.per_second * sum(waits)
