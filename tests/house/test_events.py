"""Every event is in the public list of shapes, and one real stored one of each fits its entry."""

import copy
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from jsonschema_rs import Draft202012Validator

from house.trading import trade
from jaringan_usaha import house
from jaringan_usaha.cli.event_schemas import event_schemas
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.kernel.messages import Event
from market import opened

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVENTS_JSON = Path(__file__).parents[2] / "openapi" / "events.json"
CLASSES = {kind.name: kind for kind in house.event_types().by_class}

Stored = dict[str, list[dict[str, Any]]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stored(postgres: EmbeddedServer, template: str) -> AsyncIterator[Stored]:
    """The bodies that a day of trade left in the log, by name and number."""
    async with opened(postgres, template) as market:
        market.live_at(timedelta(days=2))
        await trade(market)
        rows = await market.worker.fetch(
            "select t.name || '.' || e.schema_no as name, e.body"
            " from log.events e join log.types t using (type_id) order by e.position"
        )
        found: Stored = {}
        for row in rows:
            found.setdefault(row["name"], []).append(json.loads(row["body"]))
        yield found


async def test_every_event_has_its_entry() -> None:
    entries = json.loads(EVENTS_JSON.read_text())
    assert set(entries) == set(CLASSES)
    assert entries == event_schemas()


@pytest.mark.parametrize("name", CLASSES)
async def test_a_real_stored_event_fits_its_entry(stored: Stored, name: str) -> None:
    schema = json.loads(EVENTS_JSON.read_text())[name]
    validator = Draft202012Validator(schema, validate_formats=True)
    assert stored[name], f"a day of trade leaves no {name}"
    for body in stored[name]:
        validator.validate(body)
        assert set(body) <= set(schema["properties"])


@pytest.mark.parametrize("name", CLASSES)
async def test_an_entry_refuses_what_lost_a_field_or_changed_its_kind(
    stored: Stored, name: str
) -> None:
    schema = json.loads(EVENTS_JSON.read_text())[name]
    validator = Draft202012Validator(schema)
    body = stored[name][0]
    for field in schema["required"]:
        short = {key: value for key, value in body.items() if key != field}
        assert not validator.is_valid(short), field
    for field in body:
        wrong = copy.deepcopy(body)
        wrong[field] = {"not": ["of", "this", "kind"]}
        if field != "values":  # an object of numbers
            assert not validator.is_valid(wrong), field


@pytest.mark.parametrize("name", CLASSES)
async def test_a_name_tells_the_room_and_the_number(name: str) -> None:
    room, what, number = name.split(".")
    kind: type[Event] = CLASSES[name]
    feature, *sub_room, file = kind.__module__.removeprefix("jaringan_usaha.features.").split(".")
    assert (feature, file) == (room, "events")
    assert len(sub_room) <= 1
    assert what.replace("_", "").isalpha()
    assert what.islower()
    assert int(number) >= 1


async def test_nothing_unlisted_is_stored(stored: Stored) -> None:
    assert set(stored) == set(CLASSES)
