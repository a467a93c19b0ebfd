"""REL-9, an offline day: three tills, bad lines, wrong clocks and pulled batteries.

Whatever happens on the way: once all tills are back, what the service has is the merge of their
journals. Each operation was recorded once or was refused, every till knows which, and what came
after the deadline was treated as domain rule §3.12 wants it.
"""

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from client.weather import Fate, Weather
from jaringan_usaha.client.outbox import Entry
from jaringan_usaha.client.till import Till
from jaringan_usaha.embedded import EmbeddedServer
from market import Market, oil, opened, rice
from service import NETWORK, Speaker

OPEN_FOR = timedelta(hours=1)
LATE = timedelta(minutes=30)
REFUSALS = {
    "order-window-closed",
    "koperasi-may-not-trade",
    "item-not-offered",
    "order-unknown",
    "order-is-cancelled",
    "version-conflict",
}
MEMORY = Path("/dev/shm")  # no test cuts the power of the machine, so none waits for its disk
_days = itertools.count(1)


@dataclass
class Device:
    """A till with its file, its line, and a clock that is wrong by `error`."""

    folder: Path
    speaker: Speaker
    weather: Weather
    world: "World"
    error: timedelta = timedelta(0)
    lives: int = 0
    orders: list[str] = field(default_factory=list)
    till: Till = field(init=False)

    def __post_init__(self) -> None:
        self.till = self._switched_on()

    def now(self) -> datetime:
        return self.world.now() + self.error

    def pull_battery(self) -> None:
        """Nothing is closed: what is on the disk at this moment goes into a new life."""
        before = self.folder / str(self.lives)
        self.lives += 1
        shutil.copytree(before, self.folder / str(self.lives))
        self.till = self._switched_on()

    def _switched_on(self) -> Till:
        place = self.folder / str(self.lives)
        place.mkdir(exist_ok=True)
        return Till(
            place / "till.sqlite",
            "http://test",
            self.speaker.key,
            now=self.now,
            sleep=no_time,
            transport=self.weather,
        )

    def journal(self) -> dict[str, Entry]:
        outbox = self.till._outbox
        states = ("waiting", "done", "refused", "dismissed")
        return {entry.op_id: entry for state in states for entry in outbox.those(state)}


async def no_time(_: float) -> None:
    """Pauses are not waited for."""


@dataclass(frozen=True)
class Act:
    """What somebody did, by the notes of this test: `device` None is another program."""

    device: int | None
    op_id: str
    kind: str
    order_id: str
    lines: list[dict[str, Any]]
    version: int = 0


@dataclass
class World:
    """The service, and a loop to speak to it in."""

    runner: asyncio.Runner
    market: Market
    folder: Path

    def now(self) -> datetime:
        return self.market.door.clock.now()

    def line(self) -> Weather:
        app = self.market.client._transport
        assert isinstance(app, httpx2.ASGITransport)
        return Weather(app, self.now)


@pytest.fixture(scope="module")
def world(postgres: EmbeddedServer, template: str) -> Iterator[World]:
    folder = Path(
        tempfile.mkdtemp(prefix="jaringan-tills-", dir=MEMORY if MEMORY.is_dir() else None)
    )
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        market = runner.run(stack.enter_async_context(opened(postgres, template)))
        runner.run(market.stock())
        yield World(runner, market, folder)
        runner.run(stack.aclose())
    shutil.rmtree(folder)


which = st.integers(0, 2)
number = st.integers(0, 3)
NOT_OFFERED = {**rice(1), "item_id": "tea"}
Wish = tuple[str, int, list[dict[str, Any]]]
wishes = st.tuples(
    st.sampled_from(["place_order", "change_order", "change_order", "cancel_order"]),
    number,
    st.lists(
        st.sampled_from([*map(oil, range(1, 6)), *map(rice, range(1, 6)), NOT_OFFERED]),
        min_size=1,
        max_size=2,
        unique_by=lambda line: str(line["item_id"]),
    ),
)
work = st.lists(wishes, min_size=1, max_size=4)
bad_days = st.lists(st.sampled_from([*Fate, Fate.UNANSWERED, Fate.LATE]), max_size=4)


class OfflineDay(RuleBasedStateMachine):
    """Two tills of one koperasi, and one of another."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.day = f"day-{next(_days)}"
        self.market = self.world.market
        self.market.door.clock.offset = timedelta(0)
        self.closed_early_at: datetime | None = None
        self.acts: list[Act] = []
        self.before = self.run(self._dawn())

    def run(self, work: Any) -> Any:
        return self.world.runner.run(work)

    async def _dawn(self) -> int:
        self.closes_at = self.world.now() + OPEN_FOR
        await self.market.open_cycle(
            self.day,
            closes_at=self.closes_at.isoformat(),
            late_seconds=int(LATE.total_seconds()),
        )
        self.speakers = [await self.market.koperasi(f"{self.day}-{name}") for name in "ab"]
        self.devices = [
            Device(
                Path(tempfile.mkdtemp(dir=self.world.folder)),
                speaker,
                self.world.line(),
                self.world,
            )
            for speaker in (self.speakers[0], self.speakers[0], self.speakers[1])
        ]
        return await self.market.event_count()

    # -- cashiers --

    @initialize(works=st.lists(work, min_size=3, max_size=3))
    def morning(self, works: list[list[Wish]]) -> None:
        for which, wishes in enumerate(works):
            self.device_works(which, wishes)

    @rule(which=which, wishes=work)
    def device_works(self, which: int, wishes: list[Wish]) -> None:
        for wish in wishes:
            self._do(which, *wish)

    def _do(self, which: int, kind: str, number: int, lines: list[dict[str, Any]]) -> None:
        device = self.devices[which]
        if kind == "place_order" or not device.orders:
            order_id = device.till.place(self.day, lines)
            device.orders.append(order_id)
            self._note(which, "place_order", order_id, lines)
            return
        order_id = device.orders[-1 - number % len(device.orders)]
        known = len(device.journal())
        try:
            if kind == "change_order":
                device.till.change(order_id, lines)
            else:
                device.till.withdraw(order_id)
        except LookupError:
            return  # it was withdrawn, or refused and given up
        if len(device.journal()) != known:  # else it was no change
            self._note(which, kind, order_id, lines if kind == "change_order" else [])

    @rule(which=which, number=number, again=st.booleans())
    def cashier_decides(self, which: int, number: int, again: bool) -> None:
        till = self.devices[which].till
        refused = till.refused()
        if refused:
            op_id = refused[number % len(refused)].op_id
            (till.retry if again else till.dismiss)(op_id)

    # -- the line, the clock and the battery --

    @rule(
        which=which,
        wishes=st.lists(wishes, max_size=2),
        fates=bad_days,
        then=st.sampled_from([Fate.FINE, Fate.LOST]),
        size=st.sampled_from([1, 500]),
    )
    def sync(
        self, which: int, wishes: list[Wish], fates: list[Fate], then: Fate, size: int
    ) -> None:
        self.device_works(which, wishes)
        device = self.devices[which]
        device.weather.fates, device.weather.then = list(fates), then
        self.run(device.till.sync(most_lines=size))

    @rule(which=which, number=number)
    def something_late_arrives(self, which: int, number: int) -> None:
        weather = self.devices[which].weather
        if weather.late:
            self.run(weather.arrive(number % len(weather.late)))

    @rule(which=which)
    def pull_battery(self, which: int) -> None:
        self.devices[which].pull_battery()

    @rule(which=which, minutes=st.sampled_from([-72 * 60, -60, 0, 6, 7, 72 * 60]))
    def set_clock(self, which: int, minutes: int) -> None:
        self.devices[which].error = timedelta(minutes=minutes)

    # -- meanwhile --

    @rule(
        which=which,
        number=number,
        what=st.sampled_from(["suspend", "reinstate", "change", "close"]),
    )
    def others_act(self, which: int, number: int, what: str) -> None:
        if what == "change":
            self._another_program_changes_an_order(which, number)
        elif what == "close" and number == 0:
            self._operator_closes_early()
        elif what in ("suspend", "reinstate"):
            path = f"/v1/koperasi/{self.day}-{'ab'[which // 2]}/{what}"
            self.run(self.market.operator.post(path, reason="rapat"))

    def _another_program_changes_an_order(self, which: int, number: int) -> None:
        done = [entry for entry in self.devices[which].journal().values() if entry.state == "done"]
        if done:
            entry = done[-1 - number % len(done)]
            order_id, version = entry.lane or "", entry.version or 0
            lines = [oil(90 + len(self.acts))]
            self.run(self._changed_elsewhere(which, order_id, version, lines))

    def _operator_closes_early(self) -> None:
        if self.closed_early_at is None and self.world.now() < self.closes_at:
            path = f"/v1/cycles/{self.day}/close"
            closed = self.run(self.market.operator.post(path, early=True, reason="cukup"))
            assert closed.status_code < 300, closed.text
            self.closed_early_at = self.world.now()

    # -- the evening --

    def teardown(self) -> None:
        for device in self.devices:
            for _ in list(device.weather.late):
                self.run(device.weather.arrive(0))
            device.pull_battery()
            device.weather.fates, device.weather.then = [], Fate.FINE
            synced = self.run(device.till.sync())
            assert synced.trouble == ""
        self._each_act_has_one_end()
        self._the_service_is_the_merge()
        for device in self.devices:
            self._late_ones_were_treated_by_the_rule(device)

    def _each_act_has_one_end(self) -> None:
        """Recorded exactly if the till says so; refused with a code that fits."""
        journals = [device.journal() for device in self.devices]
        acts = [act for act in self.acts if act.device is not None]
        assert [len(journal) for journal in journals] == [
            sum(act.device == number for act in acts) for number in range(3)
        ]
        for act in acts:
            assert act.device is not None
            entry = journals[act.device][act.op_id]
            found = self.run(self.speakers[act.device // 2].get(f"/v1/operations/{act.op_id}"))
            assert (found.status_code == 200) == (entry.state == "done"), (act, entry)
            if entry.state == "done":
                assert found.json()["version"] == entry.version
            elif entry.state == "refused":
                assert entry.why["code"] in REFUSALS, entry
                assert entry.why["detail"]
            elif entry.state == "waiting":
                behind = [e for e in journals[act.device].values() if e.state == "refused"]
                assert any(e.lane == entry.lane and e.seq < entry.seq for e in behind), entry

    def _the_service_is_the_merge(self) -> None:
        expected: dict[str, list[tuple[int, str, list[dict[str, Any]]]]] = {}
        for act in self.acts:
            version = act.version
            if act.device is not None:
                version = self.devices[act.device].journal()[act.op_id].version or 0
            if version:
                story = expected.setdefault(act.order_id, [])
                story.append((version, STORED[act.kind], act.lines))
        for story in expected.values():
            story.sort(key=lambda each: each[0])
            assert [version for version, *_ in story] == list(range(1, len(story) + 1))
        assert self.run(self._recorded()) == expected

    def _late_ones_were_treated_by_the_rule(self, device: Device) -> None:
        for delivery in device.weather.deliveries:
            written = datetime.fromisoformat(delivery.line["body"]["client_at"])
            early_enough = delivery.at < self.closes_at or (
                written <= self.closes_at and delivery.at <= self.closes_at + LATE
            )
            if self.closed_early_at is not None and delivery.at > self.closed_early_at:
                early_enough = False
            problem = delivery.verdict.problem
            if problem is None and not delivery.verdict.replayed:
                assert early_enough, delivery
            elif problem is not None and problem["code"] == "order-window-closed":
                assert not early_enough, delivery

    # -- details --

    def _note(self, which: int, kind: str, order_id: str, lines: list[dict[str, Any]]) -> None:
        last = max(self.devices[which].journal().values(), key=lambda entry: entry.seq)
        self.acts.append(Act(which, last.op_id, kind, order_id, lines))

    async def _changed_elsewhere(
        self, which: int, order_id: str, version: int, lines: list[dict[str, Any]]
    ) -> None:
        key = f"elsewhere-{self.day}-{len(self.acts):08}"
        body = {"cycle_id": self.day, "lines": lines}
        changed = await self.market.place(
            self.speakers[which // 2], body, order_id,
            if_match=f'"v{version}"', idempotency_key=key,
        )  # fmt: skip
        if changed.status_code == 200:
            version = changed.json()["version"]
            self.acts.append(Act(None, key, "change_order", order_id, lines, version))

    async def _recorded(self) -> dict[str, list[tuple[int, str, list[dict[str, Any]]]]]:
        """The orders of this day as the log has them."""
        rows = await self.market.door.write_pool.fetch(
            "select t.name, e.stream_version, e.body from log.events e join log.types t"
            " using (type_id) where e.network_id = $1 and e.position > $2"
            " and t.name like 'cycles.order%' order by e.position",
            NETWORK,
            self.before,
        )
        found: dict[str, list[tuple[int, str, list[dict[str, Any]]]]] = {}
        for row in rows:
            body = msgspec.json.decode(row["body"])
            story = found.setdefault(body["order_id"], [])
            story.append((row["stream_version"], row["name"], body.get("lines", [])))
        return found


STORED = {
    "place_order": "cycles.order_placed",
    "change_order": "cycles.order_changed",
    "cancel_order": "cycles.order_cancelled",
}


def test_rel_9_after_an_offline_day_the_service_is_the_merge_of_the_journals(world: World) -> None:
    class Today(OfflineDay):
        pass

    Today.world = world
    run_state_machine_as_test(
        Today,
        settings=settings(
            max_examples=70,
            stateful_step_count=25,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
