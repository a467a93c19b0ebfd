"""API-1: `jaringan serve` is killed when a fact is committed and nobody has heard of it yet."""

import json
import signal
import socket
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from jaringan_usaha.api.asked import new_id
from service import MASTER_KEY

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
            while not await watcher.fetchval(
                "select exists (select from pg_stat_activity where wait_event_type = 'Lock'"
                " and datname = current_database())"
            ):
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


def send(url: str, key: str, once: str) -> socket.socket:
    """A request whose answer is not waited for."""
    address = urlsplit(url)
    line = socket.create_connection((address.hostname, address.port), timeout=30)
    line.sendall(
        f"PUT {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
        f"Idempotency-Key: {once}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(BODY)}\r\n\r\n{BODY}".encode()
    )
    return line


def heard(line: socket.socket) -> bytes:
    with line:
        try:
            return line.recv(1_000)
        except ConnectionResetError:
            return b""
