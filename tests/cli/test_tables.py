"""`jaringan replay` proves the read tables, `jaringan rebuild` mends them."""

import json
from pathlib import Path

import pytest

from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.embedded.binaries import find_binaries

from .world import Serving, jaringan, sentence_of

SHIFTED = "update read.koperasi set title = 'someone else' where koperasi_id = 'kop-2'"


def sql(url: str, statement: str) -> str:
    done = find_binaries().run("psql", "-XAtq", "--set=ON_ERROR_STOP=1", "-c", statement, url)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def used_folder(folder: Path) -> Path:
    """Three koperasi were admitted and shown, and the service ended."""
    with Serving(folder) as service:
        service.operate()
        for number in range(3):
            done = service.ask("PUT", f"/v1/koperasi/kop-{number}", {"title": f"Kop {number}"})
            assert done.status == 201
        shown = service.ask("GET", f"/v1/koperasi?after={done.body['position']}")
        assert len(shown.body["items"]) == 3
        service.interrupt()
    return folder


def test_replay_agrees_and_switches_nothing(used_folder: Path) -> None:
    with EmbeddedServer(used_folder) as server:
        before = sql(server.url, "select 'read.koperasi'::regclass::oid")
        done = jaringan("replay", "--json", folder=used_folder)
        assert done.returncode == 0, done.stderr
        replayed = json.loads(done.stdout)
        assert replayed["agrees"]
        assert replayed["events"] == 3
        (network,) = replayed["networks"]
        assert (network["position"], network["head"], network["unsound"]) == (3, 3, [])
        (koperasi,) = [each for each in network["tables"] if each["table_name"] == "koperasi"]
        assert koperasi["agrees"]
        assert koperasi["live"] == koperasi["replayed"]
        assert koperasi["live"]["rows"] == 3
        assert sql(server.url, "select 'read.koperasi'::regclass::oid") == before
        assert sql(server.url, "select to_regnamespace('read_replay') is null") == "t"


def test_replay_finds_a_changed_row_and_rebuild_refuses_to_hide_it(used_folder: Path) -> None:
    with EmbeddedServer(used_folder) as server:
        sql(server.url, SHIFTED)
        done = jaringan("replay", folder=used_folder)
        assert done.returncode == 1
        assert "✗ they do not agree" in done.stdout
        assert "koperasi" in done.stdout
        done = jaringan("replay", "--json", folder=used_folder)
        assert done.returncode == 1
        replayed = json.loads(done.stdout)
        assert not replayed["agrees"]
        differing = [
            table["table_name"]
            for network in replayed["networks"]
            for table in network["tables"]
            if not table["agrees"]
        ]
        assert differing == ["koperasi"]
        done = jaringan("rebuild", folder=used_folder)
        assert done.returncode == 1
        assert "rebuilt tables differ from the live ones: koperasi" in sentence_of(done)


def test_replay_says_which_projection_stopped(used_folder: Path) -> None:
    stop = (
        "update read.bookmarks set state = 'stopped', position = 1, "
        """error = '{"position": 2, "error": "ValueError: broken"}' where projection = 'margin'"""
    )
    with EmbeddedServer(used_folder) as server:
        sql(server.url, stop)
        done = jaringan("replay", folder=used_folder)
        assert done.returncode == 1
        assert "projection margin stopped after position 1" in done.stdout
        done = jaringan("rebuild", "--json", folder=used_folder)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["events"] == 3
        assert sql(server.url, "select count(*) from read.koperasi") == "3"
        assert jaringan("replay", folder=used_folder).returncode == 0
