"""Which events leave which marks: collected once from everything that decisions ask."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from uuid import UUID

from jaringan_usaha.eventlog.marks import stream_key, stream_mark, tag_mark
from jaringan_usaha.eventlog.memory import type_name
from jaringan_usaha.kernel.decider import About, Topic
from jaringan_usaha.kernel.messages import Event


class Stream(NamedTuple):
    """The stream that an event belongs to."""

    about: About[Any]
    key: UUID


class Topics:
    """Everything that some decision may ask about."""

    def __init__(self, topics: Iterable[Topic[Any]]) -> None:
        self._streams: dict[type[Event], Topic[Any]] = {}
        self._stream_tags: dict[str, Topic[Any]] = {}
        self._asking: dict[tuple[type[Event], str], list[Topic[Any]]] = {}
        self.pairs: set[tuple[str, str]] = set()
        for topic in dict.fromkeys(topics):
            for kind in topic.events:
                self._asking.setdefault((kind, topic.tag), []).append(topic)
                if not topic.stream:
                    self.pairs.add((type_name(kind), topic.tag))
                elif kind in self._streams or self._stream_tags.get(topic.tag, topic) != topic:
                    raise ValueError(f"{kind.__name__} would belong to two streams")
                else:
                    self._streams[kind] = self._stream_tags[topic.tag] = topic

    def stream_of(self, event: Event) -> Stream | None:
        """The stream that the event continues, or None when it stands alone."""
        topic = self._streams.get(type(event))
        if topic is None:
            return None
        value = str(getattr(event, f"{topic.tag}_id"))
        return Stream(topic.about(value), stream_key(topic.tag, value))

    def marks_left(self, event: Event, stream: Stream | None, version: int) -> Iterator[UUID]:
        """Only marks that some decision asks for."""
        if stream is not None:
            yield stream_mark(stream.about.topic.tag, stream.about.value, version)
        name = type_name(type(event))
        for tag, value in event.tags():
            if (name, tag) in self.pairs:
                yield tag_mark(name, tag, value)

    def touched(self, event: Event) -> Iterator[About[Any]]:
        """All questions whose answer this event changes."""
        for tag, value in event.tags():
            for topic in self._asking.get((type(event), tag), ()):
                yield topic.about(value)
