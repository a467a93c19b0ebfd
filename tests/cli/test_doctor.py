"""`jaringan doctor` finds what is not well, and names the command that mends it."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from embedded.world import until
from jaringan_usaha.embedded import EmbeddedServer

from .test_tables import sql
from .world import Serving, jaringan

DATABASE = "database"


@pytest.fixture
def port() -> str:
    """A port that is free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return str(found.getsockname()[1])


def examined(folder: Path, **more: str) -> tuple[int, dict[str, dict[str, Any]]]:
    done = jaringan("doctor", "--json", folder=folder, **more)
    assert done.stdout, done.stderr
    said = json.loads(done.stdout)
    assert said["well"] == (done.returncode == 0)
    assert all(finding["well"] == (finding["remedy"] == "") for finding in said["findings"])
    return done.returncode, {finding["name"]: finding for finding in said["findings"]}


def test_all_is_well(folder: Path, port: str) -> None:
    status, findings = examined(folder, JARINGAN_PORT=port)
    assert status == 0, findings
    assert {
        *("python", "postgresql programs", "data folder", "port", "limits", DATABASE),
        *("fsync", "full_page_writes", "synchronous_commit", "encoding", "collation"),
        *("clock", "migrations", "projection margin of network 1"),
    } == {name for name in findings if "projection" not in name or "margin" in name}
    done = jaringan("doctor", folder=folder, JARINGAN_PORT=port)
    assert len(done.stdout.splitlines()) == len(findings)
    assert all(line.startswith("✓ ") for line in done.stdout.splitlines())


def test_pages_that_a_crash_could_tear(folder: Path, port: str) -> None:
    with EmbeddedServer(folder) as server:
        sql(server.url, "alter system set full_page_writes = off")
        sql(server.url, "select pg_reload_conf()")
        until(lambda: sql(server.url, "show full_page_writes") == "off")
        status, findings = examined(folder, JARINGAN_PORT=port)
        assert status == 1
        assert [name for name, each in findings.items() if not each["well"]] == ["full_page_writes"]
        assert "alter system set full_page_writes" in findings["full_page_writes"]["remedy"]
        line = "✗ full_page_writes: off  →  psql"
        assert line in jaringan("doctor", folder=folder, JARINGAN_PORT=port).stdout


def test_a_pending_migration(database: str, port: str, tmp_path: Path) -> None:
    sql(database, "delete from house.migrations where name like '0004%'")
    status, findings = examined(tmp_path, JARINGAN_DATABASE_URL=database, JARINGAN_PORT=port)
    assert status == 1
    assert findings["migrations"]["remedy"] == "jaringan migrate"


def test_read_tables_of_another_shape(database: str, port: str, tmp_path: Path) -> None:
    sql(database, "comment on schema read is 'another'")
    status, findings = examined(tmp_path, JARINGAN_DATABASE_URL=database, JARINGAN_PORT=port)
    assert status == 1
    assert findings["migrations"]["remedy"] == "jaringan rebuild"


def test_a_stopped_projection(database: str, port: str, tmp_path: Path) -> None:
    sql(
        database,
        "insert into read.bookmarks (network_id, projection, position, state, error) "
        """values (1, 'margin', 41, 'stopped', '{"position": 42, "error": "broken"}')""",
    )
    status, findings = examined(tmp_path, JARINGAN_DATABASE_URL=database, JARINGAN_PORT=port)
    assert status == 1
    found = findings["projection margin of network 1"]
    assert found["remedy"] == "jaringan rebuild"
    assert "stopped after position 41" in found["seen"]
    assert "broken" in found["seen"]


def test_nobody_follows(database: str, port: str, tmp_path: Path) -> None:
    sql(database, "update log.head set position = 3 where network_id = 1")
    status, findings = examined(tmp_path, JARINGAN_DATABASE_URL=database, JARINGAN_PORT=port)
    assert status == 1
    found = findings["projection cycles of network 1"]
    assert (found["seen"], found["remedy"]) == ("3 events behind", "jaringan follow")


def test_commits_that_do_not_wait_for_the_disk(database: str, port: str, tmp_path: Path) -> None:
    sql(
        database,
        "do $$ begin execute format('alter database %I set synchronous_commit = off', "
        "current_database()); end $$",
    )
    status, findings = examined(tmp_path, JARINGAN_DATABASE_URL=database, JARINGAN_PORT=port)
    assert status == 1
    assert not findings["synchronous_commit"]["well"]


def test_a_port_that_another_program_holds(database: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(0)
        held = str(other.getsockname()[1])
        status, findings = examined(tmp_path, JARINGAN_DATABASE_URL=database, JARINGAN_PORT=held)
    assert status == 1
    assert findings["port"]["remedy"] == "jaringan serve --port 0"


def test_a_database_that_is_away(port: str, tmp_path: Path) -> None:
    url = "postgresql://somebody:geheim@127.0.0.1:1/nowhere"
    status, findings = examined(tmp_path, JARINGAN_DATABASE_URL=url, JARINGAN_PORT=port)
    assert status == 1
    assert not findings[DATABASE]["well"]
    assert "geheim" not in str(findings)


def test_programs_of_postgresql_that_are_not_there(port: str, tmp_path: Path) -> None:
    status, findings = examined(tmp_path, JARINGAN_PORT=port, PG_BIN=str(tmp_path))
    assert status == 1
    assert not findings["postgresql programs"]["well"]


def test_a_new_user_is_well_and_nothing_is_made(port: str, tmp_path: Path) -> None:
    folder = tmp_path / "never-made"
    status, findings = examined(folder, JARINGAN_PORT=port)
    assert status == 0, findings
    assert "`jaringan serve` makes one" in findings[DATABASE]["seen"]
    assert not folder.exists()


def test_beside_a_running_service(folder: Path) -> None:
    with Serving(folder) as service:
        held = service.url.rpartition(":")[2]
        status, findings = examined(folder, JARINGAN_PORT=held)
        assert status == 0, findings
        assert findings["port"]["seen"] == f"{held} is held by a running `serve`"
        assert findings["projection margin of network 1"]["seen"] == "level with the log"
