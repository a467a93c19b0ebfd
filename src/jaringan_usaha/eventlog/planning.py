"""A command decided: what is to be appended for it, and what that rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from jaringan_usaha.eventlog.answers import Recorded, already_so
from jaringan_usaha.eventlog.appender import NewEvent, Proposal
from jaringan_usaha.eventlog.codec import EventTypes, encode
from jaringan_usaha.eventlog.facts import Entries
from jaringan_usaha.eventlog.topics import Topics
from jaringan_usaha.kernel.decider import About, Decider, Known
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.rejections import Rejection

Task = tuple[Decider[Any], Command]


class Plan(msgspec.Struct, frozen=True):
    """One decided command: its events, where they stand in streams, and what it rests on."""

    events: Sequence[Event]
    facts: Entries
    proposal: Proposal

    @property
    def leaves(self) -> list[UUID]:
        """What it changes: the marks that its events leave, and the answer under its key."""
        marks = [mark for event in self.proposal.events for mark in event.marks]
        return [self.proposal.asked.command_id, *marks]


@dataclass(frozen=True)
class Planner:
    """Decides commands, and says what their events are to the log."""

    types: EventTypes
    type_ids: Mapping[str, int]
    topics: Topics

    def decide(
        self, decider: Decider[Any], command: Command, facts: Entries
    ) -> Plan | Rejection | Recorded:
        """What is to be appended; or the refusal, or what has been so already."""
        known = Known({about: entry.fact for about, entry in facts.items()})
        try:
            events = decider.answer(command, known)
        except Rejection as rejection:
            return rejection
        if not events:
            return already_so(facts[decider.needs(command)[0].plain()].fact)
        versions: dict[About[Any], int] = {}
        new: list[NewEvent] = []
        version = 0
        for event in events:
            stream = self.topics.stream_of(event)
            if stream is not None:
                about = stream.about
                version = versions.get(about, facts[about].fact.version) + 1
                versions[about] = version
            kind = self.types.by_class[type(event)]
            new.append(
                NewEvent(
                    self.type_ids[kind.name],
                    kind.schema_no,
                    encode(event),
                    stream.key if stream else None,
                    version if stream else None,
                    tuple(self.topics.marks_left(event, stream, version)),
                )
            )
        guards = [guard for entry in facts.values() for guard in entry.guards]
        return Plan(events, facts, Proposal(command.asked, new, guards, version))
