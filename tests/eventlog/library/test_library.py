"""The test cases of the `eventsourcing` package, all of those that fit, on our log."""

from collections.abc import Iterator
from typing import ClassVar

import pytest
from eventsourcing.dcb import tests as dcb
from eventsourcing.tests import application, persistence, projection
from eventsourcing.utils import Environment, get_topic

from . import factory
from .adapter import Aggregates, Counters, LogThread, Notifications, Processes, Trackings
from .factory import Factory

PERSISTENCE_MODULE = factory.__name__

pytestmark = pytest.mark.filterwarnings("default::DeprecationWarning")  # they test old names too


class OnOurLog:
    """A database of its own for every test of a class."""

    thread: LogThread

    @pytest.fixture(autouse=True)
    def _log(self, database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.setenv("PERSISTENCE_MODULE", PERSISTENCE_MODULE)
        type(self).thread = LogThread(database)
        factory.in_use.append(self.thread)
        yield
        factory.in_use.remove(self.thread)
        self.thread.close()

    def new_factory(self) -> Factory:
        return Factory(Environment("test", {}))


class TestAggregateRecorder(OnOurLog, persistence.AggregateRecorderTestCase):
    def create_recorder(self) -> Aggregates:
        return self.new_factory().aggregate_recorder()


class TestAggregateRecorderWithNames(TestAggregateRecorder):
    """Originators may be named freely as well."""

    def new_originator_id(self) -> str:
        return f"originator {super().new_originator_id()}"


class TestApplicationRecorder(OnOurLog, persistence.ApplicationRecorderTestCase[Notifications]):
    def create_recorder(self) -> Notifications:
        return self.new_factory().application_recorder()

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestNonInterleavingNotificationIDs(
    OnOurLog, persistence.NonInterleavingNotificationIDsBaseCase
):
    def create_recorder(self) -> Notifications:
        return self.new_factory().application_recorder()


class TestTrackingRecorder(OnOurLog, persistence.TrackingRecorderTestCase):
    def create_recorder(self) -> Trackings:
        return self.new_factory().tracking_recorder()  # type: ignore[no-any-return]


class TestProcessRecorder(OnOurLog, persistence.ProcessRecorderTestCase):
    def create_recorder(self) -> Processes:
        return self.new_factory().process_recorder()


class OtherTrackings(Trackings):
    """Named by a topic."""


class TestInfrastructureFactory(OnOurLog, persistence.InfrastructureFactoryTestCase[Factory]):
    def setUp(self) -> None:
        self.env = Environment("test", {"PERSISTENCE_MODULE": PERSISTENCE_MODULE})
        super().setUp()

    def expected_factory_class(self) -> type[Factory]:
        return Factory

    def expected_aggregate_recorder_class(self) -> type[Aggregates]:
        return Aggregates

    def expected_application_recorder_class(self) -> type[Notifications]:
        return Notifications

    def expected_tracking_recorder_class(self) -> type[Trackings]:
        return Trackings

    def tracking_recorder_subclass(self) -> type[Trackings]:
        return OtherTrackings

    def expected_process_recorder_class(self) -> type[Processes]:
        return Processes


class TestEventCountersView(OnOurLog, projection.EventCountersViewTestCase):
    def construct_event_counters_view(self) -> Counters:
        return self.new_factory().tracking_recorder(Counters)  # type: ignore[no-any-return]


class TestAggregateEventCountersProjection(
    OnOurLog, projection.AggregateEventCountersProjectionTestCase
):
    view_class = Counters
    env: ClassVar[dict[str, str]] = {"PERSISTENCE_MODULE": PERSISTENCE_MODULE}


class TestTaggedDecisionCountersProjection(
    OnOurLog, projection.TaggedDecisionCountersProjectionTestCase
):
    view_class = Counters
    env: ClassVar[dict[str, str]] = {
        "PERSISTENCE_MODULE": PERSISTENCE_MODULE,
        "MAPPER_TOPIC": "eventsourcing.dcb.msgpack:MessagePackMapper",
    }


class TestEventSourcedProjection(OnOurLog, projection.EventSourcedProjectionTestCase):
    env: ClassVar[dict[str, str]] = {"PERSISTENCE_MODULE": PERSISTENCE_MODULE}


class TestExampleApplication(OnOurLog, application.ExampleApplicationTestCase):
    expected_factory_topic = get_topic(Factory)


class TestApplication(OnOurLog, application.ApplicationTestCase):
    pass


class TestDCBRecorder(OnOurLog, dcb.DCBRecorderTestCase):
    def test_append_read(self) -> None:
        self._test_append_read(self.new_factory().dcb_recorder())

    def test_append_subscribe(self) -> None:
        self._test_append_subscribe(self.new_factory().dcb_recorder())
