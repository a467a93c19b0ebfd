"""Facts of other rooms, put into a log as if those rooms had decided them."""

from uuid import UUID

from given import NOON
from jaringan_usaha import house
from jaringan_usaha.api.asked import new_id
from jaringan_usaha.eventlog.eventlog import EventLog
from jaringan_usaha.kernel.decider import About, Decider
from jaringan_usaha.kernel.messages import Asked, Command, Event

TOPICS = house.topics()


class Happen(Command):
    """These events happened."""

    events: tuple[Event, ...]


def _streams(command: Happen) -> list[About[object]]:
    streams = [TOPICS.stream_of(event) for event in command.events]
    return list(dict.fromkeys(stream.about for stream in streams if stream is not None))


happened: Decider[Happen] = Decider(_streams, lambda command, _: command.events, ())


async def record(log: EventLog, *events: Event) -> int:
    """Append the events, each as the next one of its stream; the last position."""
    asked = Asked(at=NOON, command_id=UUID(new_id()), print=b"", by="test")
    return (await log.handle(happened, Happen(asked=asked, events=events))).position
