"""What decisions must know: recalled from memory, or folded from the log."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import UUID

from jaringan_usaha.eventlog.appender import Outcome, queries
from jaringan_usaha.eventlog.codec import EventTypes
from jaringan_usaha.eventlog.database import FULL, LOST, Connection, Pool
from jaringan_usaha.eventlog.marks import stream_mark, tag_mark
from jaringan_usaha.eventlog.memory import Memory, Remembered, fold, nothing_yet, type_name
from jaringan_usaha.eventlog.topics import Topics
from jaringan_usaha.kernel.decider import About, Fact, Known
from jaringan_usaha.kernel.messages import Event
from jaringan_usaha.kernel.rejections import Busy

_STREAM_STEP = 16  # versions of a stream that are looked up at once

Entries = dict[About[Any], Remembered]


class Trust(Enum):
    """What a command may be decided on."""

    MEMORY = "memory, where it has the facts"
    LOG = "only facts just read from the log"


@dataclass(frozen=True)
class Facts:
    """The facts of one network, as memory has them or the log."""

    pool: Pool
    network_id: int
    types: EventTypes
    topics: Topics
    memory: Memory

    def remembered(self, abouts: Iterable[About[Any]]) -> Entries | None:
        """These facts at once, or None when one of them must be read first."""
        facts: Entries = {}
        for each in abouts:
            about = each.plain()
            entry = self._recall(about, new=each.new)
            if entry is None:
                return None
            facts[about] = entry
        return facts

    def _recall(self, about: About[Any], *, new: bool) -> Remembered | None:
        entry = self.memory.recall(self.network_id, about)
        return entry or (nothing_yet(about) if new else None)

    async def gather(
        self, needs: Mapping[int, Sequence[About[Any]]], trust: Mapping[int, Trust]
    ) -> Entries:
        """Everything that these commands must know, from memory or, in one query, the log."""
        known: Entries = {}
        missing: dict[About[Any], None] = {}
        for number, abouts in needs.items():
            for each in abouts:
                about = each.plain()
                if about in known or about in missing:
                    continue
                from_memory = trust[number] is Trust.MEMORY
                entry = self._recall(about, new=each.new) if from_memory else None
                if entry is None:
                    missing[about] = None
                else:
                    known[about] = entry
        if missing:
            known.update(await self.read(missing))
        return known

    async def know(self, abouts: Sequence[About[Any]]) -> Known:
        """These facts as the log has them now (settled ones as remembered), to show what a rule
        would say. Raises Busy."""
        settled = [about for about in abouts if about.topic.settled]
        others = [about for about in abouts if not about.topic.settled]
        try:
            facts = await self.gather({0: settled, 1: others}, {0: Trust.MEMORY, 1: Trust.LOG})
        except (*LOST, *FULL):
            raise Busy("the database does not answer; ask again shortly", retry_after=2) from None
        return Known({about: entry.fact for about, entry in facts.items()})

    async def read(self, abouts: Iterable[About[Any]]) -> Entries:
        """Fold these facts from the log, in one query a round, and remember them."""
        facts = {about: nothing_yet(about).fact for about in abouts}
        async with self.pool.acquire() as connection:
            # The head is taken before the events: what is read is complete at least up to it.
            head = int(await connection.fetchval(queries.head, self.network_id) or 0)
            unread = list(facts)
            while unread:
                found = await self._next_events(connection, unread, facts)
                for about, events in found.items():
                    facts[about] = fold(about, facts[about], events)
                unread = [
                    about
                    for about, events in found.items()
                    if about.topic.stream and len(events) == _STREAM_STEP
                ]
        read = {
            about: Remembered(about, fact, max(head, fact.position))
            for about, fact in facts.items()
        }
        for about, entry in read.items():
            self.memory.learn(self.network_id, about, entry)
        return read

    async def _next_events(
        self,
        connection: Connection,
        abouts: Iterable[About[Any]],
        facts: Mapping[About[Any], Fact[Any]],
    ) -> dict[About[Any], dict[int, Event]]:
        """By position, what comes after these facts: all of it, or the next steps of a stream."""
        asked: dict[UUID, list[About[Any]]] = {}
        for about in abouts:
            for mark in _marks_after(about, facts[about].version):
                asked.setdefault(mark, []).append(about)
        rows = await connection.fetch(
            queries.marked_events, self.network_id, list(asked), [0] * len(asked)
        )
        found: dict[About[Any], dict[int, Event]] = {about: {} for about in abouts}
        decoded: dict[int, Event] = {}
        for row in rows:
            position = row["position"]
            if position not in decoded:
                decoded[position] = self.types.decode(row["name"], row["schema_no"], row["body"])
            for about in asked[row["mark"]]:
                found[about][position] = decoded[position]
        return found

    def learn(self, facts: Entries, events: Sequence[Event], outcome: Outcome) -> None:
        """Facts that were guarded are folded on; others that the events touch are forgotten."""
        for position, event in enumerate(events, start=outcome.first_position):
            for about in self.topics.touched(event):
                entry = facts.get(about)
                if entry is None or about.topic.settled:
                    self.forget([about])
                    continue
                fact = fold(about, entry.fact, {position: event})
                facts[about] = Remembered(about, fact, outcome.last_position)
                self.memory.learn(self.network_id, about, facts[about])

    def assume(self, facts: Entries, events: Sequence[Event], *, after: int) -> None:
        """Fold events on that stand nowhere yet, into these facts alone. `after` so many others
        that are to be appended before them; the n-th of all has the position -n."""
        for number, event in enumerate(events, start=after + 1):
            for about in self.topics.touched(event):
                if about in facts:
                    fact = fold(about, facts[about].fact, {-number: event})
                    facts[about] = Remembered(about, fact, facts[about].position)

    def forget(self, abouts: Iterable[About[Any]]) -> None:
        """Drop from memory what turned out to be outdated."""
        self.memory.forget(self.network_id, abouts)

    def forget_touched(self, events: Sequence[Event]) -> None:
        """Drop from memory what these events touch."""
        for event in events:
            self.forget(self.topics.touched(event))


def _marks_after(about: About[Any], version: int) -> list[UUID]:
    """The marks to look for: the next versions of a stream, or the types of a tag."""
    topic = about.topic
    if topic.stream:
        versions = range(version + 1, version + 1 + _STREAM_STEP)
        return [stream_mark(topic.tag, about.value, each) for each in versions]
    return [tag_mark(type_name(kind), topic.tag, about.value) for kind in topic.events]
