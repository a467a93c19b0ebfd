"""Our log in the words of the `eventsourcing` package: what its own test cases do not ask."""

import asyncio

import pytest
from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent, DCBQuery, DCBQueryItem
from eventsourcing.persistence import DataError, IntegrityError, StoredEvent, Tracking

from eventlog.jars import CloseShelf, OpenShelf, PutCoins, jars
from eventlog.keys import asked, new_command_id
from eventlog.logs import counts_of, events_of
from jaringan_usaha.eventlog.database import Connection, Pool
from jaringan_usaha.eventlog.eventlog import EventLog
from jaringan_usaha.eventlog.recorder import StoredEventRecorder, TaggedEventRecorder

RACERS = 16
WITH_ONE_TAG = DCBQueryItem(types=["Taken"], tags=["seat:1"])
CONDITIONS = {
    "a type and a tag, by mark": [WITH_ONE_TAG],
    "a type and two tags": [DCBQueryItem(types=["Taken"], tags=["seat:1", "show:1"])],
    "a tag of any type": [DCBQueryItem(tags=["seat:1"])],
    "a type of any tag": [DCBQueryItem(types=["Taken"])],
    "anything": [],
    "one of two": [DCBQueryItem(types=["Freed"], tags=["seat:1"]), WITH_ONE_TAG],
    "a numbered type, as ours are": [DCBQueryItem(types=["taken.1"], tags=["seat:1"])],
}


@pytest.fixture
def stored(pool: Pool) -> StoredEventRecorder:
    return StoredEventRecorder(pool, 1, asked)


@pytest.fixture
def tagged(pool: Pool) -> TaggedEventRecorder:
    return TaggedEventRecorder(pool, 1, asked)


@pytest.mark.parametrize("items", CONDITIONS.values(), ids=list(CONDITIONS))
async def test_a_condition_admits_exactly_one_of_many_racers(
    tagged: TaggedEventRecorder, pool: Pool, items: list[DCBQueryItem]
) -> None:
    """Where the condition was read before the append, all sixteen got through (Polecat #515)."""
    await tagged.append([DCBEvent(type="Opened", data=b"", tags=["show:1"])])
    kind = "taken.1" if items and items[0].types == ["taken.1"] else "Taken"
    taken = DCBEvent(type=kind, data=b"{}", tags=["seat:1", "show:1"])
    condition = DCBAppendCondition(DCBQuery(items), after=1)
    results = await asyncio.gather(
        *(tagged.append([taken], condition) for _ in range(RACERS)), return_exceptions=True
    )
    assert sorted(map(str, (each for each in results if isinstance(each, int)))) == ["2"]
    assert sum(isinstance(each, IntegrityError) for each in results) == RACERS - 1
    assert (await counts_of(pool))[:3] == (2, 2, 2)


async def test_a_condition_on_several_tags_needs_all_of_them(tagged: TaggedEventRecorder) -> None:
    await tagged.append([DCBEvent(type="Taken", data=b"", tags=["seat:1", "show:1"])])
    both = DCBQuery([DCBQueryItem(types=["Taken"], tags=["seat:1", "show:2"])])
    taken = DCBEvent(type="Taken", data=b"", tags=["seat:1", "show:2"])
    assert await tagged.append([taken], DCBAppendCondition(both)) == 2
    with pytest.raises(IntegrityError):
        await tagged.append([taken], DCBAppendCondition(both))


async def test_looking_up_and_searching_find_the_same(tagged: TaggedEventRecorder) -> None:
    for number in range(40):
        tags = [f"seat:{number % 3}", f"show:{number % 2}"]
        await tagged.append([DCBEvent(type=f"T{number % 4}", data=bytes([number]), tags=tags)])
    items = [
        DCBQueryItem(types=["T1", "T2"], tags=["seat:1", "show:1"]),
        DCBQueryItem(types=["T3"], tags=["seat:0"]),
    ]
    expected = [
        number + 1
        for number in range(40)
        if (number % 4 in (1, 2) and number % 3 == 1 and number % 2 == 1)
        or (number % 4 == 3 and number % 3 == 0)
    ]
    for after, limit in ((None, None), (13, None), (None, 3), (20, 2)):
        by_mark = await tagged.read(DCBQuery(items), after=after, limit=limit)
        search = [*items, DCBQueryItem(types=["never"])]
        by_search = await tagged.read(DCBQuery(search), after=after, limit=limit)
        found = [each.position for each in by_mark]
        assert found == [each for each in expected if each > (after or 0)][:limit]
        assert [each.position for each in by_search] == found
        assert by_mark.head == by_search.head == (40 if limit is None else found[-1])


async def test_our_own_events_are_seen(
    log: EventLog, stored: StoredEventRecorder, tagged: TaggedEventRecorder, pool: Pool
) -> None:
    opened = OpenShelf(asked=asked(), shelf_id="a")
    await log.handle(jars, opened)
    for coins in (3, 4):
        await log.handle(jars, PutCoins(asked=asked(), jar_id="j", shelf_id="a", coins=coins))
    shelf, first, second = await stored.select_notifications(None, 10)
    assert (shelf.topic, shelf.originator_id, shelf.originator_version) == (
        "jars.shelf_opened.1",
        opened.asked.command_id,
        1,
    )
    assert first.topic == "jars.coins_put.1"
    assert first.state == b'{"coins":3,"jar_id":"j","shelf_id":"a"}'
    assert first.originator_id == second.originator_id != shelf.originator_id
    assert (first.originator_version, second.originator_version) == (1, 2)
    only = await stored.select_notifications(1, 10, topics=["jars.shelf_opened.1"])
    assert [each.id for each in only] == [1]
    query = DCBQuery([DCBQueryItem(types=["jars.coins_put.1"], tags=["jar:j", "shelf:a"])])
    found = list(await tagged.read(query))
    assert [each.position for each in found] == [2, 3]
    assert found[0].event.tags == ["jar:j", "shelf:a"]


async def test_a_condition_sees_our_own_events_though_they_leave_no_mark(
    log: EventLog, tagged: TaggedEventRecorder
) -> None:
    await log.handle(jars, OpenShelf(asked=asked(), shelf_id="a"))
    await log.handle(jars, PutCoins(asked=asked(), jar_id="j", shelf_id="a"))
    put = DCBQuery([DCBQueryItem(types=["jars.coins_put.1"], tags=["jar:j"])])
    counted = DCBEvent(type="Counted", data=b"", tags=["jar:j"])
    with pytest.raises(IntegrityError):
        await tagged.append([counted], DCBAppendCondition(put, after=1))
    assert await tagged.append([counted], DCBAppendCondition(put, after=2)) == 3


async def test_a_refused_append_leaves_nothing(
    tagged: TaggedEventRecorder, stored: StoredEventRecorder, pool: Pool
) -> None:
    await tagged.append([DCBEvent(type="Taken", data=b"", tags=["seat:1"])])
    before = await counts_of(pool)
    with pytest.raises(IntegrityError):
        await tagged.append([DCBEvent(type="Taken", data=b"")] * 3, DCBAppendCondition())
    taken = StoredEvent(new_command_id(), 1, "topic", b"")
    await stored.insert_events([taken])
    with pytest.raises(IntegrityError):
        await stored.insert_events(
            [StoredEvent(taken.originator_id, 2, "topic", b""), taken],
            tracking=Tracking("upstream", 5),
        )
    assert await stored.max_tracking_id("upstream") is None
    after = await counts_of(pool)
    assert after[:3] == tuple(count + 1 for count in before[:3])


async def test_a_tracking_in_a_transaction_of_the_caller_goes_back_with_it(
    stored: StoredEventRecorder, pool: Pool
) -> None:
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await stored.insert_tracking(Tracking("upstream", 7), connection=connection)
        await transaction.rollback()
    assert not await stored.has_tracking_id("upstream", 7)


async def test_trackings_are_kept_apart_by_network(pool: Pool) -> None:
    one, two = (StoredEventRecorder(pool, network, asked) for network in (1, 2))
    await one.insert_tracking(Tracking("upstream", 7))
    assert await two.max_tracking_id("upstream") is None
    await two.insert_tracking(Tracking("upstream", 3))
    assert await one.max_tracking_id("upstream") == 7


async def test_the_driver_s_errors_become_the_package_s(stored: StoredEventRecorder) -> None:
    with pytest.raises(DataError):
        await stored.insert_events([StoredEvent(new_command_id(), 1, "a\0topic", b"")])


async def test_a_conflict_of_versions_has_one_winner(
    stored: StoredEventRecorder, pool: Pool
) -> None:
    event = StoredEvent(new_command_id(), 1, "topic", b"state")
    results = await asyncio.gather(
        *(stored.insert_events([event]) for _ in range(RACERS)), return_exceptions=True
    )
    assert [each for each in results if isinstance(each, list)] == [[1]]
    assert len(await events_of(pool)) == 1


async def test_numbers_of_types_are_given_once(
    stored: StoredEventRecorder, owner: Connection
) -> None:
    await asyncio.gather(
        *(
            stored.insert_events([StoredEvent(new_command_id(), 1, f"topic {number % 3}", b"")])
            for number in range(12)
        )
    )
    names = await owner.fetch("select name from log.types where name like 'topic %'")
    assert len(names) == 3


async def test_a_program_of_the_package_does_not_stop_our_decisions(
    log: EventLog, tagged: TaggedEventRecorder
) -> None:
    await log.handle(jars, OpenShelf(asked=asked(), shelf_id="a"))
    await tagged.append([DCBEvent(type="ShelfClosed", data=b"", tags=["shelf:a"])])
    closed = await log.handle(jars, CloseShelf(asked=asked(), shelf_id="a"))
    assert closed.position == 3
