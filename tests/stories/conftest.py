"""The way of the goods, for a file of stories to walk along."""

from collections.abc import AsyncIterator

import pytest_asyncio

from jaringan_usaha.embedded import EmbeddedServer
from way import Way, travelled


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def way(postgres: EmbeddedServer, template: str) -> AsyncIterator[Way]:
    async with travelled(postgres, template) as way:
        yield way
