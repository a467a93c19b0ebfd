"""Facts that other rooms record, put into the log as they would stand there."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from jaringan_usaha import house
from jaringan_usaha.api.asked import new_id
from jaringan_usaha.api.door import Door
from jaringan_usaha.kernel.decider import About, Decider, Known
from jaringan_usaha.kernel.messages import Asked, Command, Event
from service import NETWORK

TOPICS = house.topics()


class Happen(Command):
    """These events, one after another."""

    events: tuple[Event, ...]


def needs(command: Happen) -> Sequence[About[Any]]:
    """The streams that the events continue; nothing is asked about what they say."""
    streams = [TOPICS.stream_of(event) for event in command.events]
    return list(dict.fromkeys(stream.about for stream in streams if stream is not None))


def decide(command: Happen, _: Known) -> Sequence[Event]:
    return command.events


happening = Decider(needs, decide, ())


async def happened(door: Door, *events: Event) -> int:
    """Record events that some room has decided on; their last position."""
    key = UUID(new_id())
    asked = Asked(at=door.clock.now(), command_id=key, print=key.bytes, by="test")
    recorded = await door.log(NETWORK).handle(happening, Happen(asked=asked, events=events))
    return recorded.position
