"""API-1 and API-6: `jaringan serve` is killed before a fact is committed, and when it is committed
and nobody has heard of it yet."""

import json
import signal
import socket
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from jaringan_usaha.api.asked import new_id
from service import MASTER_KEY
from turnstile import Turnstile

from .world import Serving, jaringan

BODY = json.dumps({"title": "Koperasi Konsumen Melati"})
PATH = "/v1/koperasi/kop-melati"


async def test_api_1_kill_9_between_commit_and_answer_records_once(
    database: str, tmp_path: Path
) -> None:
    """The writer lock is held until the service stands still; then the database commits what it
    was sent, the service dies, and another one is asked the same with the same key."""
    folder = tmp_path / "never-made"
    options = {"JARINGAN_DATABASE_URL": database, "JARINGAN_MASTER_KEY_FILE": str(MASTER_KEY)}
    made = jaringan("keys", "create", "--role", "operator", "--json", folder=folder, **options)
    key, once = json.loads(made.stdout)["key"], new_id()
    holder, watcher = await asyncpg.connect(database), await asyncpg.connect(database)
    with Serving(folder, "--no-follow", **options) as service:
        async with holder.transaction():
            await holder.execute("select from log.head where network_id = 1 for update")
            line = send(service.url, key, once)
            while not await watcher.fetchval(WAITING):
                pass
            service.process.send_signal(signal.SIGSTOP)
        while await watcher.fetchval("select position from log.head") == 0:
            pass
        service.end(signal.SIGKILL)
        assert heard(line) == b"", "nobody was answered"
    with Serving(folder, "--no-follow", **options) as service:
        service.key = key
        again = service.ask("PUT", PATH, json.loads(BODY), **{"Idempotency-Key": once})
        assert (again.status, again.body) == (201, {"position": 1, "version": 1})
        assert await watcher.fetchval("select position from log.head") == 1
        found = service.ask("GET", f"/v1/operations/{once}")
        assert (found.body["state"], found.body["result_url"]) == ("done", PATH)
    await holder.close()
    await watcher.close()


SYNC = "/v1/sync?atomic=true"


@pytest.mark.parametrize("committed", [True, False])
async def test_api_6_kill_9_leaves_all_lines_that_stand_together_or_none(
    database: str, tmp_path: Path, committed: bool
) -> None:
    """Killed while the database commits: all are recorded. Killed before the service asks it to:
    none is. Whoever sends the file again need not know which."""
    folder = tmp_path / "never-made"
    options = {"JARINGAN_DATABASE_URL": database, "JARINGAN_MASTER_KEY_FILE": str(MASTER_KEY)}
    made = jaringan("keys", "create", "--role", "operator", "--json", folder=folder, **options)
    key = json.loads(made.stdout)["key"]
    lines = [
        {
            "op_id": new_id(),
            "type": "admit_koperasi",
            "body": {"koperasi_id": f"kop-{number}", "title": "Kop"},
        }
        for number in range(3)
    ]
    body = "\n".join(json.dumps(line) for line in lines)
    watcher = await asyncpg.connect(database)
    with Serving(folder, "--no-follow", **options) as service:
        if committed:
            async with Turnstile(database) as turnstile:
                line = send(service.url, key, new_id(), "POST", SYNC, body)
                await turnstile.is_waiting()
                service.process.send_signal(signal.SIGSTOP)
            while await watcher.fetchval("select position from log.head") == 0:
                pass
            service.end(signal.SIGKILL)
        else:
            async with watcher.transaction():
                await watcher.execute("select from log.head where network_id = 1 for update")
                line = send(service.url, key, new_id(), "POST", SYNC, body)
                while not await watcher.fetchval(WAITING):
                    pass
                service.end(signal.SIGKILL)
            while await watcher.fetchval(OTHERS):
                pass
        assert heard(line) == b"", "nobody was answered"
    count = 3 if committed else 0
    assert await watcher.fetchval("select position from log.head") == count
    assert await watcher.fetchval("select count(*) from log.events") == count
    with Serving(folder, "--no-follow", **options) as service:
        for replayed in (committed, True):
            verdicts = answered(service.url, key, body)
            assert [each["op_id"] for each in verdicts] == [line["op_id"] for line in lines]
            assert [each["body"]["position"] for each in verdicts] == [1, 2, 3]
            assert {each["replayed"] for each in verdicts} == {replayed}
        assert await watcher.fetchval("select position from log.head") == 3
    await watcher.close()


WAITING = """
select exists (
  select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database())
"""
OTHERS = """
select exists (
  select from pg_stat_activity
  where datname = current_database() and backend_type = 'client backend'
    and pid <> pg_backend_pid())
"""


def answered(url: str, key: str, body: str) -> list[Any]:
    """The verdicts on these lines."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
    request = urllib.request.Request(f"{url}{SYNC}", body.encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return [json.loads(line) for line in answer]


def send(
    url: str, key: str, once: str, method: str = "PUT", path: str = PATH, body: str = BODY
) -> socket.socket:
    """A request whose answer is not waited for."""
    address = urlsplit(url)
    line = socket.create_connection((address.hostname, address.port), timeout=30)
    line.sendall(
        f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
        f"Idempotency-Key: {once}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
    )
    return line


def heard(line: socket.socket) -> bytes:
    with line:
        try:
            return line.recv(1_000)
        except ConnectionResetError:
            return b""
