"""Those whose personal data were read, with what is needed to tell them."""

from datetime import datetime
from typing import Any

from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.access.vault import Vault
from jaringan_usaha.cli.issuing import the_pool
from jaringan_usaha.eventlog.database import looking
from jaringan_usaha.eventlog.queries import Part
from jaringan_usaha.features.contacts import reads, values
from jaringan_usaha.settings import Settings

PAGE = 200
CALLED = ("name", "phone", "email")


async def affected_persons(
    settings: Settings, *, since: datetime, until: datetime, key_id: str
) -> list[dict[str, Any]]:
    """From `since` on and before `until`, by one key or, with "", by any. That these are read now
    is kept as a read of the command line. Raises NoMasterKey."""
    assert settings.database_url is not None
    vault = Vault.from_file(settings.master_key_file)
    us = Caller(settings.network, "operator", None, "command line")
    found: list[dict[str, Any]] = []
    async with the_pool(settings.database_url) as (pool, clock), pool.acquire() as db:
        after = ""
        while True:
            async with looking(db, us.sight_of_all):
                rows = await reads.affected(
                    db,
                    us.network_id,
                    since=since,
                    until=until,
                    key_id=key_id,
                    part=Part((after,), PAGE),
                )
            ids = [row["subject_id"] for row in rows]
            persons = await values.opened(db, vault, us.network_id, ids, CALLED)
            await reads.note(db, us, clock.now(), persons)
            for row in rows:
                person = persons.get(row["subject_id"], {})
                found.append({**dict(row), **{field: person.get(field) for field in CALLED}})
            if len(rows) < PAGE:
                return found
            after = ids[-1]
