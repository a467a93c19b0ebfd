"""A service of one's own on fresh data, for a command that needs one to speak to."""

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jaringan_usaha.api.access.caller import Role
from jaringan_usaha.cli.database import Database, make_ready, settings_with, the_database
from jaringan_usaha.cli.errors import Sorry
from jaringan_usaha.cli.issuing import issue
from jaringan_usaha.cli.parent import command
from jaringan_usaha.embedded.binaries import find_binaries
from jaringan_usaha.embedded.place import we_are_root

NETWORK = 1
PATIENCE_SECONDS = 30
REMOVALS = 20
PAUSE_SECONDS = 0.05


@dataclass(frozen=True)
class OwnService:
    """Where it answers, its keys, in the order in which they were asked for, and its database."""

    url: str
    keys: Sequence[str]
    database_url: str


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that is gone afterwards, which root's database account can enter.

    The database's guardian may look once more whether all have left, and leave a lock file in
    what is being removed.
    """
    folder = Path(tempfile.mkdtemp(prefix="jaringan-"))
    if we_are_root():
        folder.chmod(0o755)
    try:
        yield folder
    finally:
        for _ in range(REMOVALS):
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                break
            time.sleep(PAUSE_SECONDS)


@contextmanager
def own_service(
    folder: Path,
    port: int,
    wanted: Sequence[tuple[Role, str | None]],
    more: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[OwnService]:
    """`jaringan serve` on an embedded database in `folder`, with keys, and with `more` in its
    environment; nothing runs afterwards.

    Raises Sorry, EmbeddedServerError.
    """
    find_binaries()  # or say at once that there are none
    serving = _serve(folder, port, more)  # before the database, since it has much to load
    try:
        with the_database(settings_with(), folder) as database:
            try:
                keys = asyncio.run(_keys(database, wanted))
                assert serving.stdout is not None
                line = serving.stdout.readline()
                if not line:
                    raise Sorry("the service did not start: what it says stands above")
                yield OwnService(json.loads(line)["url"], keys, database.url)
            finally:
                _end(serving)  # so that we are the last to leave, and the database is down then
    finally:
        _end(serving)


async def _keys(database: Database, wanted: Sequence[tuple[Role, str | None]]) -> list[str]:
    await make_ready(database, NETWORK)
    return await issue(database.url, NETWORK, wanted)


def _serve(folder: Path, port: int, more: Mapping[str, str]) -> "subprocess.Popen[Any]":
    environment = {**os.environ, **more, "JARINGAN_DATA_FOLDER": str(folder)}
    environment.pop("JARINGAN_DATABASE_URL", None)
    options = ("--host", "127.0.0.1", "--port", str(port), "--network", str(NETWORK), "--json")
    return subprocess.Popen(  # noqa: S603  this very Python, with arguments of our own
        command("serve", *options),
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for us; we end the child
    )


def _end(serving: "subprocess.Popen[Any]") -> None:
    if serving.returncode is not None:
        return
    serving.terminate()
    try:
        serving.communicate(timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        serving.kill()
        serving.communicate()
