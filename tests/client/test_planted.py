"""What the machine of REL-9 is worth: each planted bug fails a day that passes without it."""

import pytest

from client.offline_day import OfflineDay, World
from client.planted import PLANTED, Planted


@pytest.mark.parametrize("bug", PLANTED.values(), ids=PLANTED)
def test_rel_9_a_planted_bug_is_found(bug: Planted, world: World) -> None:
    lived(bug, world)
    with pytest.MonkeyPatch.context() as patch:
        for slip in bug.slips:
            slip.make(patch)
        with pytest.raises(AssertionError) as found:
            lived(bug, world)
    assert bug.check in {entry.name for entry in found.traceback}, found.getrepr()


def lived(bug: Planted, world: World) -> None:
    """A day of the machine, evening and all. Raises AssertionError."""

    class Today(OfflineDay):
        pass

    Today.world = world
    day = Today()
    bug.day(day)
    day.teardown()
