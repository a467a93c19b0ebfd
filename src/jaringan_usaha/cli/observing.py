"""Sends a table of market prices to a service, in parts as large as a request may be."""

import asyncio
import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jaringan_usaha.api.access.keys import key_id
from jaringan_usaha.cli.database import settings_with, the_database
from jaringan_usaha.cli.errors import Sorry
from jaringan_usaha.cli.issuing import revoke
from jaringan_usaha.cli.own_service import own_service
from jaringan_usaha.cli.says import number, show, show_json
from jaringan_usaha.client.service import Service, ServiceProblem
from jaringan_usaha.embedded import default_data_folder

MOST_BYTES = 900_000  # of a part, and a day more; a request has at most 1 MiB
MOST_FILE_BYTES = 100 << 20
COUNTS = ("rows", "prices", "unobserved", "late")
REGION = re.compile(r"[0-9]{2}\.[0-9]{2}")


def run(
    file: Path,
    region: str,
    source: str,
    *,
    service: tuple[str | None, str | None],
    as_json: bool,
) -> None:
    """Import a table and say what it held. Raises Sorry."""
    if not REGION.fullmatch(region):
        raise Sorry("--region is a Kemendagri code of two and two digits: write it as 32.73")
    parts = list(parts_of(_content(file)))
    with _service(*service) as (url, key):
        try:
            counts = asyncio.run(_send(url, key, parts, region, source))
        except ServiceProblem as error:
            raise Sorry(f"{file.name} was not taken: {error}") from error
    if as_json:
        show_json(dict(counts))
    else:
        show(
            f"{number(counts['rows'])} rows: {number(counts['prices'])} prices, "
            f"{number(counts['unobserved'])} without one, "
            f"{number(counts['late'])} told a day later"
        )


def _content(file: Path) -> bytes:
    try:
        if file.stat().st_size > MOST_FILE_BYTES:
            raise Sorry(f"{file.name} has more than 100 MiB: cut it into several files")
        return file.read_bytes()
    except OSError as error:
        raise Sorry(f"{file.name} cannot be read ({error.strerror}): name another file") from None


def parts_of(table: bytes) -> Iterator[bytes]:
    """The table in parts, each with the head; a small one is sent as it is.

    A day is not cut, so that every part names the commodities in the table's order.
    """
    if len(table) <= MOST_BYTES:
        yield table
        return
    head, *lines = table.splitlines(keepends=True)
    part, size, day = [head], len(head), b""
    for line in lines:
        before, day = day, line.partition(b",")[0]
        if size > MOST_BYTES and day != before:
            yield b"".join(part)
            part, size = [head], len(head)
        part.append(line)
        size += len(line)
    yield b"".join(part)


async def _send(url: str, key: str, parts: list[bytes], region: str, source: str) -> Counter[str]:
    """Each part under an id made of what it says, so that sending it twice changes nothing."""
    counts: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))
    async with Service(url, key) as service:
        for part in parts:
            said = "\x1f".join((region, source)).encode() + b"\x1f" + part
            path = f"/v1/market-prices/table-{hashlib.sha256(said).hexdigest()[:24]}/table"
            answer = await service.put_file(
                path, part, "text/csv", region_code=region, source=source
            )
            counts.update({name: answer[name] for name in COUNTS})
    return counts


@contextmanager
def _service(url: str | None, key: str | None) -> Iterator[tuple[str, str]]:
    """The service that is named, or one on this installation's own data, whose key ends with it."""
    if url is not None and key is not None:
        yield url, key
        return
    if url is not None or key is not None:
        raise Sorry("give --url and --key together, or neither of them")
    settings = settings_with()
    if settings.database_url:
        raise Sorry("JARINGAN_DATABASE_URL names a database: give --url and --key of its service")
    folder = default_data_folder()
    with own_service(folder, 0, [("operator", None)]) as service:
        try:
            yield service.url, service.keys[0]
        finally:
            with the_database(settings, folder) as database:
                asyncio.run(revoke(database.url, key_id(service.keys[0])))
