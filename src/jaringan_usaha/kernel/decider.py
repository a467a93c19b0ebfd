"""How a rule says what it must know, and how it decides: all of it pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar, cast

from jaringan_usaha.kernel.messages import NOTHING, UNSAID, Command, Event
from jaringan_usaha.kernel.rejections import Outdated, Refused, version_unsaid

S = TypeVar("S")
C = TypeVar("C", bound=Command, contravariant=True)


@dataclass(frozen=True, eq=False)
class Topic(Generic[S]):
    """Something a decision may ask about: which events, found by which tag, folded how.

    `initial` makes the state of a thing nobody has recorded anything about, from its id.
    `stream`: every event of the topic is the next version of the tagged thing, 1, 2, 3 …
    `settled`: its facts only ever grow, so what was once known stays true and is not guarded.
    """

    name: str
    tag: str
    events: tuple[type[Event], ...]
    initial: Callable[[str], S]
    evolve: Callable[[S, Any], S]
    stream: bool = False
    settled: bool = False

    def about(self, value: str, *, new: bool = False) -> "About[S]":
        """The question about one thing; `new` expects that nothing is recorded of it yet,
        so the log is not read before the first try (a wrong guess only costs a second one)."""
        return About(self, value, new)


class About(NamedTuple, Generic[S]):
    """One question to the log, for example: what became of order 0198…?"""

    topic: Topic[S]
    value: str
    new: bool = False

    def plain(self) -> "About[S]":
        """The same question without the expectation."""
        return About(self.topic, self.value) if self.new else self


class Fact(NamedTuple, Generic[S]):
    """What is known about one thing: its folded state, for a stream its version, and the
    position of its last event (0 when there is none)."""

    state: S
    version: int = 0
    position: int = 0


class Known:
    """The facts that a decision asked for."""

    def __init__(self, facts: Mapping[About[Any], Fact[Any]]) -> None:
        self._facts = facts

    def __getitem__(self, about: About[S]) -> S:
        return cast("S", self._facts[about].state)

    def version(self, about: About[Any]) -> int:
        """How many events the stream has; 0 when the thing does not exist."""
        return self._facts[about].version


@dataclass(frozen=True)
class Decider(Generic[C]):
    """The rules of one feature: what a command needs to know, and what it leads to.

    `needs` names the thing that the command is about first. `decide` returns the new events;
    none at all means that the command's wish is already fact. It raises a `Rejection` when a
    rule says no.
    """

    needs: Callable[[C], Sequence[About[Any]]]
    decide: Callable[[C, Known], Sequence[Event]]
    topics: tuple[Topic[Any], ...]

    def answer(self, command: C, known: Known) -> Sequence[Event]:
        """What is decided, if the caller has seen the thing as it is now. That it does not exist,
        or not for this caller, is said first, and a wish that is already fact is granted.

        Raises Outdated, VersionUnsaid, and what `decide` raises.
        """
        seen = command.asked.seen
        if seen is None:
            return self.decide(command, known)
        version = known.version(self.needs(command)[0].plain())
        try:
            events = self.decide(command, known)
        except (Refused, Outdated):
            _must_have_seen(version, seen)
            raise
        if events or seen in (NOTHING, UNSAID):
            _must_have_seen(version, seen)
        return events


def _must_have_seen(version: int, seen: int) -> None:
    if seen == version:
        return
    if seen in (NOTHING, UNSAID):
        raise version_unsaid()
    raise Outdated(f"it is at version {version} by now; look at it again", current_version=version)
