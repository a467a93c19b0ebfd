"""The whole service in process, for the client that integrators copy."""

import pytest

from jaringan_usaha.embedded import EmbeddedServer
from market import house_template


@pytest.fixture(scope="session")
def template(postgres: EmbeddedServer) -> str:
    """A migrated database with one network that no test touches."""
    return house_template(postgres)
