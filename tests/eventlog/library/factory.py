"""What `PERSISTENCE_MODULE` names: exactly one factory, as the package's loader demands."""

from typing import Any

from eventsourcing.dcb.api import DCBRecorder
from eventsourcing.dcb.persistence import DCBInfrastructureFactory
from eventsourcing.persistence import InfrastructureFactory, TrackingRecorder
from eventsourcing.utils import resolve_topic

from .adapter import Aggregates, LogThread, Notifications, Processes, TaggedEvents, Trackings

in_use: list[LogThread] = []
"""The log of the running test; the package's loader passes no objects."""


class Factory(InfrastructureFactory[Trackings], DCBInfrastructureFactory[Trackings]):
    def _of(self, purpose: str) -> tuple[LogThread, int]:
        (thread,) = in_use
        return thread, thread.network(self.env.name, purpose)

    def aggregate_recorder(self, purpose: str = "events") -> Aggregates:
        return Aggregates(*self._of(purpose))

    def application_recorder(self) -> Notifications:
        return Notifications(*self._of("events"))

    def tracking_recorder(self, tracking_recorder_class: type[Any] | None = None) -> Any:
        topic = self.env.get(self.TRACKING_RECORDER_TOPIC)
        kind = tracking_recorder_class or (resolve_topic(topic) if topic else Trackings)
        assert issubclass(kind, TrackingRecorder)
        return kind(*self._of("events"))

    def process_recorder(self) -> Processes:
        return Processes(*self._of("events"))

    def dcb_recorder(self) -> DCBRecorder:
        return TaggedEvents(*self._of("events"))
