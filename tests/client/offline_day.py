"""An offline day: three tills, bad lines, wrong clocks and pulled batteries, as a machine.

Whatever happens on the way: once all tills are back, what the service has is the merge of their
journals. Each operation was recorded once or was refused, every till knows which and what others
did, and what came after the deadline was treated as the rule of late orders wants it.
"""

import itertools
import shutil
import tempfile
from asyncio import Runner
from collections.abc import Iterator
from contextlib import AsyncExitStack, aclosing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import httpx2
import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from client.weather import Delivery, Fate, PowerCut, Weather
from jaringan_usaha.api.access.issuing import Wanted, issue
from jaringan_usaha.api.asked import new_id
from jaringan_usaha.client.outbox import AGAIN, Entry
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
    "order-is-cancelled",
    "version-conflict",
}
STORED = {
    "place_order": "cycles.order_placed",
    "change_order": "cycles.order_changed",
    "cancel_order": "cycles.order_cancelled",
}
MEMORY = Path("/dev/shm")  # no test cuts the power of the machine, so none waits for its disk
_days = itertools.count(1)

Lines = list[dict[str, Any]]
Story = list[tuple[int, str, Lines]]
"""What became of one order: version, event and lines."""


@dataclass
class World:
    """The service, and a loop to speak to it in."""

    runner: Runner
    market: Market
    folder: Path

    def now(self) -> datetime:
        return self.market.door.clock.now()

    def line(self) -> Weather:
        app = self.market.client._transport
        assert isinstance(app, httpx2.ASGITransport)
        return Weather(app, self.now)


@contextmanager
def a_world(postgres: EmbeddedServer, template: str) -> Iterator[World]:
    """A service on a database of its own, and a folder for the files of tills."""
    memory = MEMORY if MEMORY.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="jaringan-tills-", dir=memory))
    with Runner() as runner:
        stack = AsyncExitStack()
        market = runner.run(stack.enter_async_context(opened(postgres, template)))
        runner.run(market.stock())
        yield World(runner, market, folder)
        runner.run(stack.aclose())
    shutil.rmtree(folder)


@dataclass
class Device:
    """A till with its file, its line, and a clock that is wrong by `error`. `shelf`: what it keeps
    of the orders that it was told of."""

    folder: Path
    speaker: Speaker
    weather: Weather
    world: World
    next_link: str
    error: timedelta = timedelta(0)
    lives: int = 0
    orders: list[str] = field(default_factory=list)
    shelf: dict[str, tuple[int, str]] = field(default_factory=dict)
    till: Till = field(init=False)

    def __post_init__(self) -> None:
        self.weather.dies = self.power_fails
        self.till = self._switched_on()
        self.till.outbox.hear(self.next_link)

    def now(self) -> datetime:
        return self.world.now() + self.error

    def power_fails(self) -> None:
        """Nothing is closed: what is on the disk at this moment goes into a new life."""
        before = self.folder / str(self.lives)
        self.lives += 1
        shutil.copytree(before, self.folder / str(self.lives))

    def pull_battery(self) -> None:
        self.power_fails()
        self.till = self._switched_on()

    def gets_key(self, key: str) -> None:
        self.till.outbox.close()
        self.speaker = Speaker(self.speaker.client, self.speaker.projector, key)
        self.till = self._switched_on()

    async def sync(self, most_lines: int = 500) -> str:
        """The trouble, if there is any."""
        try:
            return (await self.till.sync(most_lines)).trouble
        except PowerCut:
            self.till = self._switched_on()
            return "no battery"

    async def listen(self, dies_after: int | None = None) -> None:
        """Hear what changed, until the line fails, or the power after so many changes."""
        try:
            async with aclosing(self.till.changes()) as pages:
                async for page in pages:
                    for number, change in enumerate(page):
                        if number == dies_after:
                            self.pull_battery()
                            return
                        if change.kind == "order":
                            order = await self.till.get(change.url)
                            self.shelf[change.id] = (order["version"], order["state"])
        except httpx2.HTTPError:
            pass
        except PowerCut:
            self.till = self._switched_on()

    def journal(self) -> dict[str, Entry]:
        states = ("waiting", "done", "refused", "dismissed")
        found = [entry for state in states for entry in self.till.outbox.those(state)]
        return {entry.op_id: entry for entry in sorted(found, key=lambda entry: entry.seq)}

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


async def no_time(_: float) -> None:
    """Pauses are not waited for."""


@dataclass(frozen=True)
class Act:
    """What somebody did, by the notes of this test. `device` None: another program, which knows
    what became of it."""

    device: int | None
    op_id: str
    kind: str
    order_id: str
    lines: Lines
    version: int = 0


which = st.integers(0, 2)
number = st.integers(0, 3)
NOT_OFFERED = {**rice(1), "item_id": "tea"}
GOODS = [*map(oil, range(1, 6)), *map(rice, range(1, 6)), NOT_OFFERED]
goods = st.lists(
    st.sampled_from(GOODS), min_size=1, max_size=2, unique_by=lambda line: str(line["item_id"])
)
Wish = tuple[str, int, Lines]
wishes = st.tuples(
    st.sampled_from(["place_order", "change_order", "change_order", "cancel_order"]), number, goods
)
work = st.lists(wishes, min_size=1, max_size=4)
BAD = [each for each in Fate if each is not Fate.FINE]
bad_days = st.lists(
    st.sampled_from([*BAD, *[Fate.UNANSWERED, Fate.TWICE, Fate.LATE, Fate.OUT_OF_TIME] * 2]),
    min_size=1,
    max_size=3,
)
repeated = st.sampled_from([Fate.FINE, Fate.LOST, Fate.UNANSWERED, Fate.TWICE])


class OfflineDay(RuleBasedStateMachine):
    """Two tills of one koperasi, and one of another."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.day = f"day-{next(_days)}"
        self.market = self.world.market
        self.market.door.clock.offset = timedelta(0)
        self.closed_at: datetime | None = None
        self.acts: list[Act] = []
        self.files: list[list[Act]] = []
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
        self.koperasi = [await self.market.koperasi(f"{self.day}-{name}") for name in "ab"]
        self.devices = []
        for speaker in (self.koperasi[0], self.koperasi[0], self.koperasi[1]):
            snapshot = (await speaker.get("/v1/changes/snapshot")).json()
            folder = Path(tempfile.mkdtemp(dir=self.world.folder))
            line = self.world.line()
            self.devices.append(Device(folder, speaker, line, self.world, snapshot["next"]))
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

    def _do(self, which: int, kind: str, number: int, lines: Lines) -> None:
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

    def _note(self, which: int, kind: str, order_id: str, lines: Lines) -> None:
        last = list(self.devices[which].journal())[-1]
        self.acts.append(Act(which, last, kind, order_id, lines))

    def cashier_decides(self, which: int, number: int, again: bool) -> None:
        outbox = self.devices[which].till.outbox
        refused = outbox.those("refused")
        if refused:
            op_id = refused[number % len(refused)].op_id
            (outbox.retry if again else outbox.dismiss)(op_id)

    @rule(
        which=which,
        number=number,
        what=st.sampled_from(
            ["retry", "dismiss", "battery", "clock", "key", "copy", "copy", "hour", "close", "else"]
        ),
    )
    def something_happens(self, which: int, number: int, what: str) -> None:
        """What happens seldom is one rule, so that most steps are work and bad lines."""
        match what:
            case "retry" | "dismiss":
                self.cashier_decides(which, number, again=what == "retry")
            case "battery":
                self.pull_battery(which)
            case "clock":
                self.set_clock(which, (-72 * 60, -60, 6, 72 * 60)[number])
            case "key":
                self.key_is_replaced(which)
            case "copy":
                self.something_late_arrives(which, number)
            case "hour":
                self.time_passes((25, 45)[number % 2])
            case "close":
                self.operator_closes(number, consolidated=which > 0)
            case "else":
                self.another_program_changes_an_order(which, number)

    # -- the line, the clock and the battery --

    @rule(
        which=which,
        wishes=st.lists(wishes, max_size=2),
        fates=bad_days,
        then=st.sampled_from([Fate.FINE, Fate.FINE, Fate.LOST]),
        size=st.sampled_from([1, 500]),
        suspended=st.sampled_from([False, False, True]),
    )
    def sync(
        self,
        which: int,
        wishes: list[Wish],
        fates: list[Fate],
        then: Fate,
        size: int,
        suspended: bool,
    ) -> None:
        """What is refused meanwhile may be taken when an earlier copy of it comes late."""
        self.device_works(which, wishes)
        device = self.devices[which]
        device.weather.fates, device.weather.then = list(fates), then
        if suspended:
            self.operator_acts(which, "suspend")
        self.run(device.sync(size))
        if suspended:
            self.operator_acts(which, "reinstate")

    @rule(which=which, wishes=work, fates=bad_days)
    def sync_twice(self, which: int, wishes: list[Wish], fates: list[Fate]) -> None:
        """First with a key that is lost before the answers are heard."""
        self.sync(which, wishes, fates, Fate.LOST, 500, suspended=False)
        self.key_is_replaced(which)
        self.sync(which, [], [], Fate.FINE, 500, suspended=False)

    @rule(
        which=which,
        fate=st.sampled_from([Fate.FINE, Fate.FINE, Fate.LOST, Fate.CUT_SHORT, Fate.DEAD_AFTER]),
        dies_after=st.sampled_from([None, 0, 0, 1]),
    )
    def listen(self, which: int, fate: Fate, dies_after: int | None) -> None:
        device = self.devices[which]
        device.weather.fates, device.weather.then = [], Fate.FINE
        self.run(device.sync())
        self.run(self.market.projector.catch_up(NETWORK))
        device.weather.fates = [fate]
        self.run(device.listen(dies_after))

    def something_late_arrives(self, which: int, number: int) -> None:
        weather = self.devices[which].weather
        if weather.late:
            self.run(weather.arrive(number % len(weather.late)))

    def pull_battery(self, which: int) -> None:
        self.devices[which].pull_battery()

    def set_clock(self, which: int, minutes: int) -> None:
        self.devices[which].error = timedelta(minutes=minutes)

    def key_is_replaced(self, which: int) -> None:
        door, koperasi_id = self.market.door, f"{self.day}-{'ab'[which // 2]}"
        key = issue(door.write_pool, door.clock, NETWORK, Wanted("koperasi", koperasi_id))
        self.devices[which].gets_key(self.run(key))

    def time_passes(self, minutes: int) -> None:
        """From the morning to the deadline, while late orders are taken, and after that."""
        self.market.door.clock.offset += timedelta(minutes=minutes)

    # -- meanwhile --

    def operator_acts(self, which: int, what: str) -> None:
        path = f"/v1/koperasi/{self.day}-{'ab'[which // 2]}/{what}"
        self.run(self.market.operator.post(path, reason="rapat"))

    def operator_closes(self, number: int, consolidated: bool) -> None:
        """Too early or late; then the group's order may be made at once."""
        if number == 0 and self.closed_at is None:
            path = f"/v1/cycles/{self.day}/close"
            closed = self.run(self.market.operator.post(path, early=True, reason="cukup"))
            assert closed.status_code < 300, closed.text
            self.closed_at = self.world.now()
        if self.closed_at is not None and consolidated:
            self.run(self.market.settle())

    def another_program_changes_an_order(self, which: int, number: int) -> None:
        done = [entry for entry in self.devices[which].journal().values() if entry.state == "done"]
        if done:
            entry = done[-1 - number % len(done)]
            order_id, version = entry.lane or "", entry.version or 0
            self.run(self._changed_elsewhere(which, order_id, version, [oil(90 + len(self.acts))]))

    async def _changed_elsewhere(
        self, which: int, order_id: str, version: int, lines: Lines
    ) -> None:
        key = f"elsewhere-{self.day}-{len(self.acts):08}"
        body = {"cycle_id": self.day, "lines": lines}
        changed = await self.market.place(
            self.koperasi[which // 2], body, order_id,
            if_match=f'"v{version}"', idempotency_key=key,
        )  # fmt: skip
        if changed.status_code == 200:
            version = changed.json()["version"]
            self.acts.append(Act(None, key, "change_order", order_id, lines, version))

    @rule(which=which, contents=st.lists(goods, min_size=2, max_size=3), fate=repeated)
    def a_file_stands_together(self, which: int, contents: list[Lines], fate: Fate) -> None:
        """Another program of the koperasi sends orders that are taken all or not at all."""
        ids = [new_id() for _ in contents]
        acts = [
            Act(None, order_id, "place_order", order_id, lines)
            for order_id, lines in zip(ids, contents, strict=True)
        ]
        self.files.append(acts)
        line = self.world.line()
        line.fates = [fate]
        self.run(self._sent_together(line, self.devices[which].speaker.key, acts))

    async def _sent_together(self, line: Weather, key: str, acts: list[Act]) -> None:
        bodies = [
            {"order_id": act.order_id, "cycle_id": self.day, "lines": act.lines} for act in acts
        ]
        lines = [
            {"op_id": act.op_id, "type": act.kind, "body": body}
            for act, body in zip(acts, bodies, strict=True)
        ]
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
        content = b"\n".join(map(msgspec.json.encode, lines))
        async with httpx2.AsyncClient(transport=line, base_url="http://test") as program:
            for _ in range(2):
                try:
                    await program.post("/v1/sync?atomic=true", content=content, headers=headers)
                except httpx2.RequestError:
                    continue
                return

    # -- the evening --

    def teardown(self) -> None:
        for device in self.devices:
            for _ in list(device.weather.late):
                self.run(device.weather.arrive(0))
            device.pull_battery()
            device.weather.fates, device.weather.then = [], Fate.FINE
            assert self.run(device.sync()) == ""
        for number, device in enumerate(self.devices):
            self._each_act_has_one_end(number, device)
            self._nothing_rests_on_a_refusal(device)
        self.run(self.market.projector.catch_up(NETWORK))
        stories = self.run(self._recorded())
        self._the_service_is_the_merge(stories)
        for number, device in enumerate(self.devices):
            self.run(device.listen())
            self._all_changes_were_heard(number, stories)
        deliveries = [each for device in self.devices for each in device.weather.deliveries]
        self._the_first_answer_stands(deliveries)
        self._late_ones_were_treated_by_the_rule(deliveries)
        if self.closed_at is not None:
            self.run(self._the_group_orders_what_came_in_time(stories))

    def _the_service_is_the_merge(self, stories: dict[str, Story]) -> None:
        """Its orders of this day are those of the journals, and what stands or falls together."""
        found: dict[str, Story] = {}
        journals = [device.journal() for device in self.devices]
        for act in self.acts:
            version = act.version
            if act.device is not None:
                version = journals[act.device][act.op_id].version or 0
            if version:
                found.setdefault(act.order_id, []).append((version, STORED[act.kind], act.lines))
        for file in self.files:
            recorded = {act.order_id in stories for act in file}
            assert len(recorded) == 1, "one part of a file is recorded, and another is not"
            if True in recorded:
                found |= {act.order_id: [(1, STORED[act.kind], act.lines)] for act in file}
        for story in found.values():
            story.sort(key=lambda each: each[0])
            assert [version for version, *_ in story] == list(range(1, len(story) + 1))
        assert stories == found

    async def _recorded(self) -> dict[str, Story]:
        """The orders of this day as the log has them."""
        rows = await self.market.door.write_pool.fetch(
            "select t.name, e.stream_version, e.body from log.events e join log.types t"
            " using (type_id) where e.network_id = $1 and e.position > $2"
            " and t.name like 'cycles.order%' order by e.position",
            NETWORK,
            self.before,
        )
        found: dict[str, Story] = {}
        for row in rows:
            body = msgspec.json.decode(row["body"])
            assert body["cycle_id"] == self.day
            story = found.setdefault(body["order_id"], [])
            story.append((row["stream_version"], row["name"], body.get("lines", [])))
        return found

    def _each_act_has_one_end(self, number: int, device: Device) -> None:
        """Nothing that was written is lost, what is done has a version, and what is refused is so
        with a code that fits."""
        journal = device.journal()
        assert list(journal) == [act.op_id for act in self.acts if act.device == number]
        for entry in journal.values():
            assert (entry.state == "done") == (entry.version is not None), entry
            if entry.state == "refused":
                assert entry.why["code"] in REFUSALS, entry
                assert entry.why["detail"]

    @staticmethod
    def _nothing_rests_on_a_refusal(device: Device) -> None:
        """What waits has a refused one before it in its lane, and nothing behind one is done."""
        parked: set[str | None] = set()
        for entry in device.journal().values():
            assert entry.state != "done" or entry.lane not in parked, entry
            assert entry.state != "waiting" or entry.lane in parked, entry
            if entry.state == "refused":
                parked.add(entry.lane)

    def _all_changes_were_heard(self, number: int, stories: dict[str, Story]) -> None:
        """The till has every order of its koperasi as it stands."""
        theirs = {
            act.order_id
            for act in self.acts
            if act.device is not None and act.device // 2 == number // 2
        }
        shelf = self.devices[number].shelf
        for order_id in theirs & stories.keys():
            assert shelf.get(order_id, (0, ""))[0] == len(stories[order_id]), order_id

    @staticmethod
    def _the_first_answer_stands(deliveries: list[Delivery]) -> None:
        """What was recorded once is answered so for ever, whoever of the koperasi asks."""
        answers: dict[str | None, dict[str, int] | None] = {}
        for delivery in sorted(deliveries, key=lambda each: each.number):
            verdict = delivery.verdict
            if verdict.op_id in answers and verdict.status not in AGAIN:
                assert verdict.body == answers[verdict.op_id], delivery
                assert verdict.replayed, delivery
            elif verdict.problem is None:
                answers[verdict.op_id] = verdict.body

    def _late_ones_were_treated_by_the_rule(self, deliveries: list[Delivery]) -> None:
        """After the deadline only what was written before it and comes within the terms'
        time, while the cycle is not closed; anything else is refused, and not moved elsewhere."""
        for delivery in deliveries:
            written = datetime.fromisoformat(delivery.line["body"]["client_at"])
            in_time = delivery.at < self.closes_at or (
                written <= self.closes_at and delivery.at <= self.closes_at + LATE
            )
            if self.closed_at is not None and delivery.at > self.closed_at:
                in_time = False
            problem = delivery.verdict.problem
            if problem is None and not delivery.verdict.replayed:
                assert in_time, delivery
            elif problem is not None and problem["code"] == "order-window-closed":
                assert not in_time, delivery

    async def _the_group_orders_what_came_in_time(self, stories: dict[str, Story]) -> None:
        """The consolidated orders are the sum of the orders as they stood at the close."""
        await self.market.settle()
        wanted: dict[str, int] = {}
        for story in stories.values():
            for line in story[-1][2]:
                wanted[line["item_id"]] = wanted.get(line["item_id"], 0) + line["quantity"]
        path = f"/v1/consolidated-orders/{self.day}/lines"
        found = (await self.market.operator.get(path)).json()["items"]
        assert {line["item_id"]: line["quantity"] for line in found} == wanted
