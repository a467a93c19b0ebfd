"""The world of tills, for the client that integrators copy."""

from collections.abc import Iterator

import pytest

from client.offline_day import World, a_world
from jaringan_usaha.embedded import EmbeddedServer


@pytest.fixture(scope="module")
def world(postgres: EmbeddedServer, template: str) -> Iterator[World]:
    with a_world(postgres, template) as world:
        yield world
