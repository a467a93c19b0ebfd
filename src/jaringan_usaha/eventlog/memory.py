"""What decisions were told lately, kept folded: a warm command reads nothing."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from jaringan_usaha.eventlog.marks import stream_mark, tag_mark
from jaringan_usaha.kernel.decider import About, Fact, Topic
from jaringan_usaha.kernel.messages import Event


class Remembered:
    """One folded fact, complete up to `position`, and the marks that would outdate it."""

    __slots__ = ("_about", "_guards", "fact", "position")

    def __init__(self, about: About[Any], fact: Fact[Any], position: int) -> None:
        self._about = about
        self._guards: tuple[tuple[UUID, int], ...] | None = None
        self.fact = fact
        self.position = position

    @property
    def guards(self) -> tuple[tuple[UUID, int], ...]:
        """The marks that the next event about this thing would leave, each with the position
        after which it must not be met."""
        if self._guards is None:
            self._guards = guards_of(self._about, self.fact.version, self.position)
        return self._guards


class Memory:
    """The facts that a process was asked about most recently, in whatever network; the least
    recently asked are forgotten first, so that there are never more than `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: OrderedDict[tuple[int, About[Any]], Remembered] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def recall(self, network_id: int, about: About[Any]) -> Remembered | None:
        """What is known of a plain question, or None when the log must be read first."""
        key = (network_id, about)
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def learn(self, network_id: int, about: About[Any], entry: Remembered) -> None:
        """Keep a fact, forgetting the one asked for longest ago when there is no room."""
        key = (network_id, about)
        self._entries[key] = entry
        self._entries.move_to_end(key)
        if len(self._entries) > self._most:
            self._entries.popitem(last=False)

    def forget(self, network_id: int, abouts: Iterable[About[Any]]) -> None:
        """Drop facts that turned out to be outdated."""
        for about in abouts:
            self._entries.pop((network_id, about), None)


def nothing_yet(about: About[Any]) -> Remembered:
    """What is known of a thing before its first event."""
    return Remembered(about, Fact(about.topic.initial(about.value)), 0)


def guards_of(about: About[Any], version: int, position: int) -> tuple[tuple[UUID, int], ...]:
    """A stream is guarded by its next version, anything else by newer events of its types."""
    topic: Topic[Any] = about.topic
    if topic.settled:
        return ()
    if topic.stream:
        return ((stream_mark(topic.tag, about.value, version + 1), 0),)
    return tuple(
        (tag_mark(type_name(kind), topic.tag, about.value), position) for kind in topic.events
    )


def fold(about: About[Any], fact: Fact[Any], events: Mapping[int, Event]) -> Fact[Any]:
    """The fact after these events, given by position."""
    state, version, position = fact.state, fact.version, fact.position
    for at, event in events.items():
        position = at
        state = about.topic.evolve(state, event)
        version += about.topic.stream
    return Fact(state, version, position)


def type_name(kind: type[Event]) -> str:
    """The stored name without the number of the shape: `cycles.order_placed`."""
    return kind.name.rpartition(".")[0]
