"""The whole service in process, for the client that integrators copy."""

from collections.abc import Iterator

import pytest

from client.offline_day import World, a_world
from jaringan_usaha.embedded import EmbeddedServer
from market import house_template


@pytest.fixture(scope="session")
def template(postgres: EmbeddedServer) -> str:
    """A migrated database with one network that no test touches."""
    return house_template(postgres)


@pytest.fixture(scope="module")
def world(postgres: EmbeddedServer, template: str) -> Iterator[World]:
    with a_world(postgres, template) as world:
        yield world
