"""The grammar of rule tests: given what happened, when this is asked, then that follows."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from jaringan_usaha.kernel.decider import About, Decider, Fact, Known
from jaringan_usaha.kernel.messages import Asked, Command, Event
from jaringan_usaha.kernel.rejections import Rejection

NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


def asked(at: datetime = NOON, seen: int | None = None) -> Asked:
    """A command's frame, received at this instant, from who has seen this version."""
    return Asked(at=at, command_id=UUID(int=1), print=b"", by="test", seen=seen)


def given(*deciders: Decider[Any]) -> "Given":
    """Start with an empty log and these rules."""
    return Given(deciders, ())


def known_to(decider: Decider[Any], command: Command, events: Sequence[Event]) -> Known:
    """What the log would tell the decider: events are found by type and tag, then folded."""
    tagged: dict[tuple[str, str], list[tuple[int, Event]]] = {}
    for position, event in enumerate(events, start=1):
        for tag in set(event.tags()):
            tagged.setdefault(tag, []).append((position, event))
    facts = {}
    for each in decider.needs(command):
        about = each.plain()
        assert about.topic in decider.topics, f"{about.topic.name} is not among the topics"
        facts[about] = _fact(about, tagged.get((about.topic.tag, about.value), ()))
    return Known(facts)


def _fact(about: About[Any], tagged: Sequence[tuple[int, Event]]) -> Fact[Any]:
    fact = Fact(about.topic.initial(about.value))
    for position, event in tagged:
        if isinstance(event, about.topic.events):
            state = about.topic.evolve(fact.state, event)
            fact = Fact(state, fact.version + about.topic.stream, position)
    return fact


class Given:
    """Deciders and the events that they may look back on."""

    def __init__(self, deciders: Sequence[Decider[Any]], events: Sequence[Event]) -> None:
        self._deciders = deciders
        self._events = events

    def events(self, *events: Event) -> "Given":
        """These events too, after those named before."""
        return Given(self._deciders, (*self._events, *events))

    def when(self, command: Command) -> "Answer":
        """Decide, and keep what came of it for one of the `then…`."""
        decider = self._decider_of(command)
        known = known_to(decider, command, self._events)
        try:
            return Answer(tuple(decider.answer(command, known)), None)
        except Rejection as rejection:
            return Answer((), rejection)

    def _decider_of(self, command: Command) -> Decider[Any]:
        """A command and the rule that decides it stand in one module."""
        module = type(command).__module__
        (decider,) = [each for each in self._deciders if each.decide.__module__ == module]
        return decider


class Answer:
    """What a decision led to; each `then…` asserts something and fails otherwise."""

    def __init__(self, events: tuple[Event, ...], rejection: Rejection | None) -> None:
        self._events = events
        self._rejection = rejection

    def then(self, first: Event, *more: Event) -> None:
        """Exactly these events are recorded, in this order."""
        assert self.then_recorded() == (first, *more)

    def then_recorded(self) -> tuple[Event, ...]:
        """Something is recorded; for tests that look at a part of it."""
        if self._rejection is not None:
            raise self._rejection
        assert self._events, "nothing was recorded"
        return self._events

    def then_nothing(self) -> None:
        """The wish is already fact: it is granted without a new event."""
        if self._rejection is not None:
            raise self._rejection
        assert self._events == ()

    def then_refused(self, code: type[Rejection], **facts: object) -> None:
        """Refused with exactly this rejection; these are among its facts."""
        assert self._rejection is not None, f"not refused, but recorded {self._events}"
        assert type(self._rejection) is code, repr(self._rejection)
        told = {name: self._rejection.facts.get(name) for name in facts}
        assert told == facts
        assert self._rejection.detail
