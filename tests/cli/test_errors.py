"""Errors are one sentence on stderr that says what to do."""

import asyncio
import json
import socket
from pathlib import Path

import pytest

from databases import address_of, dropped, tell
from jaringan_usaha.cli import database as databases
from jaringan_usaha.cli.database import Database, make_ready
from jaringan_usaha.cli.errors import Sorry
from jaringan_usaha.embedded import EmbeddedServer

from .world import jaringan, sentence_of

NOWHERE = "postgresql://somebody:geheim@127.0.0.1:1/nowhere"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["frobnicate"], "No such command 'frobnicate'; see `jaringan --help`"),
        (["serve", "--sideways"], "see `jaringan serve --help`"),
        (["serve", "--port", "many"], "see `jaringan serve --help`"),
        (["keys"], "Missing command; see `jaringan keys --help`"),
        (["keys", "create"], "'--role'"),
        (["demo", "--port", "0"], "see `jaringan demo --help`"),
    ],
)
def test_wrong_use_is_told_with_the_help_to_look_at(
    arguments: list[str], said: str, tmp_path: Path
) -> None:
    done = jaringan(*arguments, folder=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert said in sentence_of(done)


@pytest.mark.parametrize("command", ["serve", "follow", "migrate", "replay", "rebuild"])
def test_a_database_that_is_away_is_told_without_the_password(command: str, tmp_path: Path) -> None:
    options = ["--port", "0"] if command == "serve" else []
    done = jaringan(command, *options, folder=tmp_path, JARINGAN_DATABASE_URL=NOWHERE)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "run `jaringan doctor`, or correct JARINGAN_DATABASE_URL" in sentence_of(done)
    assert "geheim" not in done.stderr


def test_a_setting_that_does_not_fit_is_named(tmp_path: Path) -> None:
    done = jaringan("serve", folder=tmp_path, JARINGAN_PORT="eight")
    assert done.returncode == 1
    assert "JARINGAN_PORT does not fit" in sentence_of(done)


def test_the_traceback_is_there_when_it_is_asked_for(tmp_path: Path) -> None:
    done = jaringan("migrate", "--debug", folder=tmp_path, JARINGAN_DATABASE_URL=NOWHERE)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("jaringan: ")


def test_an_empty_database_asks_for_migrate_and_then_works(
    postgres: EmbeddedServer, tmp_path: Path
) -> None:
    asyncio.run(tell(postgres, "create database test_cli_empty"))
    url = address_of(postgres, "test_cli_empty")
    try:
        done = jaringan("serve", "--port", "0", folder=tmp_path, JARINGAN_DATABASE_URL=url)
        assert done.returncode == 1
        assert "run `jaringan migrate`" in sentence_of(done)
        dry = jaringan("migrate", "--dry-run", "--json", folder=tmp_path, JARINGAN_DATABASE_URL=url)
        assert json.loads(dry.stdout)["migrations"][0] == "0001_event_log.sql"
        done = jaringan("migrate", "--json", folder=tmp_path, JARINGAN_DATABASE_URL=url)
        assert json.loads(done.stdout)["migrations"] == json.loads(dry.stdout)["migrations"]
        done = jaringan("migrate", folder=tmp_path, JARINGAN_DATABASE_URL=url)
        assert done.stdout == "nothing to apply: the database fits this program\n"
    finally:
        asyncio.run(tell(postgres, dropped("test_cli_empty")))


async def test_an_old_postgresql_is_refused(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "OLDEST_POSTGRESQL", 99)
    with pytest.raises(Sorry, match="99 or later is needed"):
        await make_ready(Database(database, None), 1)


def test_a_busy_port_is_told_before_anything_is_started(tmp_path: Path) -> None:
    folder = tmp_path / "never-made"
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = jaringan("serve", "--port", port, folder=folder)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"port {port} of 127.0.0.1 cannot be had" in sentence_of(done)
    assert "choose another with --port" in done.stderr
    assert not folder.exists()


def test_the_harness_is_looked_for_in_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jaringan_usaha.cli import bench, checkout

    monkeypatch.setattr(checkout, "repository", lambda: None)
    with pytest.raises(Sorry, match="the harness is in the repository"):
        bench.bench()
