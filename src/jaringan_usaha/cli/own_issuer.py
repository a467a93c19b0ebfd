"""A place to log in beside a service of one's own, and people who may: for trying things out."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import uvicorn

from jaringan_usaha.api.asked import Clock
from jaringan_usaha.cli.issuing import add_person
from jaringan_usaha.people.issuer import Issuer
from jaringan_usaha.people.people import NewPerson


@contextmanager
def own_issuer(port: int) -> Iterator[str]:
    """The URL where made-up people log in, on this computer, as long as the block lasts."""
    place = Issuer(f"http://127.0.0.1:{port}", Clock().now)
    server = uvicorn.Server(
        uvicorn.Config(place.app(), host="127.0.0.1", port=port, log_level="warning")
    )
    thread = threading.Thread(target=server.run, name="issuer", daemon=True)
    thread.start()
    while thread.is_alive() and not server.started:  # who is told of it finds it there
        time.sleep(0.01)
    try:
        yield place.url
    finally:
        server.should_exit = True
        thread.join()


async def let_in(
    database_url: str, network_id: int, issuer: str, people: Mapping[str, Mapping[str, Any]]
) -> None:
    """These people, by subject, with what each is."""
    for subject, person in people.items():
        await add_person(
            database_url, network_id, NewPerson(issuer=issuer, subject=subject, **person)
        )
