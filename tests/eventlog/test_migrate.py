"""Making a database ready for this code, and refusing to serve one that is not."""

from dataclasses import replace

import pytest

from eventlog.jars import (
    EVENTS,
    TOPICS,
    CloseShelf,
    OpenShelf,
    PutCoins,
    Say,
    ShelfClosed,
    ShelfIsClosed,
    ShelfOpened,
    jars,
    said,
)
from eventlog.keys import asked
from eventlog.logs import counts_of, open_log, topics, types
from jaringan_usaha.eventlog import migrate as migration
from jaringan_usaha.eventlog.codec import EventTypes
from jaringan_usaha.eventlog.database import Connection, Pool
from jaringan_usaha.eventlog.migrate import Migration, NotMigrated, check, migrate
from jaringan_usaha.eventlog.topics import Topics
from jaringan_usaha.kernel.messages import Event

NO_TOPICS = Topics([])


async def test_a_migrated_database_fits(owner: Connection) -> None:
    await check(owner, types, topics)


async def test_an_empty_database_does_not(owner: Connection) -> None:
    await owner.execute("drop schema log cascade")
    await owner.execute("drop schema read cascade")
    with pytest.raises(NotMigrated, match="empty"):
        await check(owner, types, topics)


async def test_an_event_type_without_a_number_is_refused(owner: Connection) -> None:
    class CoinsCounted(Event):
        name = "jars.coins_counted.1"

    with pytest.raises(NotMigrated, match="older"):
        await check(owner, EventTypes([*EVENTS, CoinsCounted]), topics)


async def test_a_question_whose_old_events_have_no_marks_is_refused(
    owner: Connection, database: str
) -> None:
    """Case 19: deployed with a new (type, tag) pair and no backfill."""
    by_shelf = replace(TOPICS[1], name="jars.filled", events=(EVENTS[3],))
    asks_more = Topics([*TOPICS, by_shelf])
    assert asks_more.pairs - topics.pairs == {("jars.coins_put", "shelf")}
    with pytest.raises(NotMigrated, match="lack marks"):
        await check(owner, types, asks_more)
    await migrate(database, types, asks_more, [])
    await check(owner, types, asks_more)


async def test_old_events_get_the_marks_that_new_questions_ask_for(
    owner: Connection, pool: Pool, database: str
) -> None:
    """Recorded by code that asked nothing; decided about by code that asks."""
    await owner.execute("truncate log.pairs")
    log = await open_log(pool, asks=NO_TOPICS)
    for _ in range(3):
        filler = tuple(ShelfOpened(shelf_id=f"filler {number}") for number in range(1_000))
        await log.handle(said, Say(asked=asked(), events=filler))
    old = (ShelfOpened(shelf_id="a"), ShelfOpened(shelf_id="b"), ShelfClosed(shelf_id="b"))
    await log.handle(said, Say(asked=asked(), events=old))
    assert (await counts_of(pool))[3] == 0
    told: list[str] = []
    page, migration._BACKFILL_PAGE = migration._BACKFILL_PAGE, 700
    try:
        await migrate(database, types, topics, [], report=told.append)
    finally:
        migration._BACKFILL_PAGE = page
    assert any("marking old events of network 1" in each for each in told)
    assert (await counts_of(pool))[3] == 3_003
    asking = await open_log(pool)
    put = PutCoins(asked=asked(), jar_id="j", shelf_id="a")
    assert (await asking.handle(jars, put)).position == 3_004
    with pytest.raises(ShelfIsClosed):
        await asking.handle(jars, PutCoins(asked=asked(), jar_id="j", shelf_id="b"))
    with pytest.raises(ShelfIsClosed):
        await asking.handle(jars, OpenShelf(asked=asked(), shelf_id="b"))


async def test_migrating_again_changes_nothing(
    owner: Connection, database: str, pool: Pool
) -> None:
    log = await open_log(pool)
    await log.handle(jars, OpenShelf(asked=asked(), shelf_id="a"))
    await log.handle(jars, CloseShelf(asked=asked(), shelf_id="a"))
    before = await counts_of(pool)
    last = "select last_value from pg_sequences where schemaname = 'log'"
    number = await owner.fetchval(last)
    for _ in range(3):
        assert await migrate(database, types, topics, [1, 2]) == []
    assert await counts_of(pool) == before
    assert await owner.fetchval(last) == number, "numbers are smallints: none may be wasted"


async def test_a_changed_old_migration_is_refused(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *rest = migration.all_migrations()
    changed = Migration(first.name, first.sql + "\n-- one more thought\n")
    monkeypatch.setattr(migration, "all_migrations", lambda: [changed, *rest])
    with pytest.raises(NotMigrated, match="changed after"):
        await migrate(database, types, topics, [])


async def test_a_read_model_of_another_shape_asks_for_a_rebuild(owner: Connection) -> None:
    await owner.execute("comment on schema read is 'another shape'")
    with pytest.raises(NotMigrated, match="rebuild"):
        await check(owner, types, topics)


def test_statements_are_sent_one_by_one() -> None:
    sql = "-- why\ncreate table a (\n  b int);\n\ndo $$\nbegin\n  perform 1;\nend $$;\n"
    statements = Migration("x", sql).statements()
    assert [each.split()[0] for each in statements] == ["create", "do"]
    assert "perform 1;\nend $$;" in statements[1]
    with pytest.raises(ValueError, match="inside a statement"):
        Migration("x", "select 1").statements()
