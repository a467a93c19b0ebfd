"""`JARINGAN_MEMORY_FACTS`: what a service remembers, of all networks together."""

import pytest

from jaringan_usaha.api.door import Door
from jaringan_usaha.app import create_app
from jaringan_usaha.eventlog.memory import nothing_yet
from jaringan_usaha.features.registry.domain import KOPERASI
from service import settings_for

MOST = 1_000


@pytest.mark.parametrize("networks", [1, 3])
async def test_a_service_remembers_as_many_facts_as_it_is_set_to(
    database: str, networks: int
) -> None:
    app = create_app(settings_for(database, memory_facts=MOST))
    async with app.router.lifespan_context(app):
        door: Door = app.state.door
        memories = {
            id(memory): memory
            for memory in (door.log(1 + number)._facts.memory for number in range(networks))
        }
        (memory,) = memories.values()
        for number in range(MOST + 10):
            about = KOPERASI.about(f"kop-{number}")
            memory.learn(1 + number % networks, about, nothing_yet(about))
        assert len(memory) == MOST
