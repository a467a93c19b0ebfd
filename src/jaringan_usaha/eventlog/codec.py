"""Events to canonical bytes and back: stable names, shape numbers, upcasters."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from jaringan_usaha.kernel.messages import Event

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
"""Lifts the stored JSON object of one shape number to the next one."""

_encoder = msgspec.json.Encoder(order="sorted")


def encode(event: Event) -> bytes:
    """Canonical JSON: keys sorted, no white space, UTF-8, integers only. Same bytes always."""
    return _encoder.encode(event)


@dataclass(frozen=True)
class EventType:
    """One kind of event: its stored name, the shape number the code writes, its class."""

    name: str
    schema_no: int
    python: type[Event]
    decoder: msgspec.json.Decoder[Event]


class UnknownEventType(LookupError):
    """The log holds an event that this code does not know: deploy readers before writers."""


class EventTypes:
    """Every kind of event that the code knows."""

    def __init__(
        self,
        classes: Iterable[type[Event]],
        upcasters: Mapping[tuple[str, int], Upcaster] | None = None,
    ) -> None:
        self.by_name: dict[str, EventType] = {}
        self.by_class: dict[type[Event], EventType] = {}
        self._upcasters = dict(upcasters or {})
        for python in classes:
            name, _, number = python.name.rpartition(".")
            kind = EventType(name, int(number), python, msgspec.json.Decoder(python))
            if name in self.by_name:
                raise ValueError(f"two event classes are stored as {name}")
            self.by_name[name] = kind
            self.by_class[python] = kind

    def decode(self, name: str, schema_no: int, body: bytes) -> Event:
        """The event as the code knows it today.

        Raises UnknownEventType for a name or number that is newer than the code.
        """
        kind = self.by_name.get(name)
        if kind is None or schema_no > kind.schema_no:
            raise UnknownEventType(f"{name}.{schema_no} is not known to this version")
        if schema_no == kind.schema_no:
            return kind.decoder.decode(body)
        shape = msgspec.json.decode(body)
        for number in range(schema_no, kind.schema_no):
            shape = self._upcasters[name, number](shape)
        return msgspec.convert(shape, kind.python)
