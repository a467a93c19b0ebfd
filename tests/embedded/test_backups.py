"""docs/backups.md on two servers: what one loses, the other has, by the commands of the page."""

import asyncio
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import asyncpg

from jaringan_usaha import house
from jaringan_usaha.api.asked import new_id
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.embedded.binaries import find_binaries
from jaringan_usaha.eventlog.migrate import migrate
from market import oil, served
from service import Speaker

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "backups.md").read_text(encoding="utf-8")
BACK_UP, BRING_BACK = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SITI = {
    "koperasi_id": "melati",
    "roles": ["ketua"],
    "name": "Siti Aminah",
    "phone": "+628111111111",
}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def url_of(port: int) -> str:
    return f"postgresql://manager:a@127.0.0.1:{port}/koperasi"


async def give_a_login(server: EmbeddedServer) -> None:
    """One that may make roles and databases, and is no superuser."""
    owner = await asyncpg.connect(server.url)
    await owner.execute("create role manager login createrole createdb password 'a'")
    await owner.close()


def run(commands: str, port: int, folder: Path) -> "subprocess.CompletedProcess[str]":
    """What somebody types who is logged in to this server's machine."""
    programs = [str(find_binaries().folder), str(Path(sys.executable).parent), os.environ["PATH"]]
    login = {"PGHOST": "127.0.0.1", "PGPORT": str(port), "PGUSER": "manager", "PGPASSWORD": "a"}
    return subprocess.run(
        ["sh", "-ec", commands],
        cwd=folder,
        env={**os.environ, **login, "PATH": ":".join(programs), "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


async def trade(url: str) -> tuple[str, str]:
    """The path of a contact, and the key of who wrote it."""
    await migrate(url, house.event_types(), house.topics(), [1])
    async with served(url) as market:
        await market.stock()
        await market.open_cycle("week-1")
        melati = await market.koperasi("melati")
        placed = await market.place(melati, {"cycle_id": "week-1", "lines": [oil(2)]})
        assert placed.status_code == 201, placed.text
        path = f"/v1/contacts/{new_id()}"
        headers = {"authorization": f"Bearer {melati.key}", "idempotency-key": new_id()}
        body = {**SITI, "consented_on": "2026-01-10"}
        done = await market.client.put(path, json=body, headers=headers)
        assert done.status_code == 201, done.text
        return path, melati.key


async def shown(url: str, path: str, key: str) -> tuple[list[str], str]:
    """Whose orders the bearer of the old key sees, and the name of the contact."""
    async with served(url) as market:
        melati = Speaker(market.client, market.projector, key)
        orders = await melati.get("/v1/orders", cycle_id="week-1")
        person = await melati.get(f"{path}/personal-data")
        return [row["koperasi_id"] for row in orders.json()["items"]], person.json()["name"]


def test_a_backup_is_brought_back_elsewhere(
    ready_cluster: Path, own_folder: Path, tmp_path: Path
) -> None:
    port = free_port()
    with EmbeddedServer(own_folder, tcp_port=port) as server:
        asyncio.run(give_a_login(server))
        assert run("createdb koperasi", port, tmp_path).returncode == 0
        path, key = asyncio.run(trade(url_of(port)))
        plain = run("pg_dump --file=plain.sql koperasi", port, tmp_path)
        assert "row-level security" in plain.stderr, "the page says that this cannot be"
        done = run(BACK_UP, port, tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
    subprocess.run(["rm", "-r", own_folder / "postgres"], check=True)
    subprocess.run(["cp", "-a", ready_cluster / "postgres", own_folder], check=True)
    port = free_port()
    with EmbeddedServer(own_folder, tcp_port=port) as server:
        asyncio.run(give_a_login(server))
        done = run(BRING_BACK, port, tmp_path)
        assert done.returncode == 0, done.stderr
        assert asyncio.run(shown(url_of(port), path, key)) == (["melati"], SITI["name"])
