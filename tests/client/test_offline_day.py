"""REL-9: after an offline day the service is the merge of the tills' journals."""

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from client.offline_day import OfflineDay, World

ORDINARY = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def test_rel_9_after_an_offline_day_the_service_is_the_merge_of_the_journals(world: World) -> None:
    class Today(OfflineDay):
        pass

    Today.world = world
    run_state_machine_as_test(Today, settings=ORDINARY)
