"""A server is made, started, used, shared and stopped."""

import multiprocessing
import socket
from pathlib import Path

import pytest

from jaringan_usaha.embedded import EmbeddedServer, EmbeddedServerError, default_data_folder
from jaringan_usaha.embedded.place import SOCKET_PATH_LIMIT_BYTES, Place, we_are_root

from .world import AUser, ask, guardian_runs, nothing_runs, server_runs, until


def test_a_first_start_makes_a_cluster_that_keeps_what_it_acknowledges(empty_folder: Path) -> None:
    said: list[str] = []
    with EmbeddedServer(empty_folder, said.append) as server:
        assert ask(server, "select current_user, current_database()") == "jaringan|jaringan"
        for setting, expected in {
            "fsync": "on",
            "full_page_writes": "on",
            "synchronous_commit": "on",
            "data_checksums": "on",
            "listen_addresses": "",
            "lock_timeout": "0",
            "idle_in_transaction_session_timeout": "10s",
            "max_wal_size": "4GB",
            "logging_collector": "on",
            "server_encoding": "UTF8",
        }.items():
            assert (setting, ask(server, f"show {setting}")) == (setting, expected)
        locale = "select datlocprovider, datlocale from pg_database where datname = 'jaringan'"
        assert ask(server, locale) == "b|C.UTF-8"
    assert (empty_folder / "postgres" / "18" / "PG_VERSION").read_text() == "18\n"
    assert [sentence.split()[0] for sentence in said] == ["menyiapkan", "menyalakan"]
    assert not server_runs(empty_folder)


def test_nobody_is_let_in_on_trust(folder: Path) -> None:
    with EmbeddedServer(folder) as server:
        ways = "select string_agg(distinct auth_method, ',') from pg_hba_file_rules"
        assert ask(server, ways) == "peer,scram-sha-256"
        assert Place(folder).socket_folder.stat().st_mode & 0o777 == 0o700


def test_rows_are_there_after_the_next_start(folder: Path) -> None:
    with EmbeddedServer(folder) as server:
        ask(server, "create table kept as select 7 as n")
    with EmbeddedServer(folder) as server:
        assert ask(server, "select n from kept") == "7"


def test_start_and_stop_work_without_with_and_twice(folder: Path) -> None:
    server = EmbeddedServer(folder)
    server.start()
    server.start()
    assert ask(server, "select 1") == "1"
    server.stop()
    server.stop()
    assert not server_runs(folder)


def test_two_processes_share_one_server_and_the_last_one_out_stops_it(folder: Path) -> None:
    with AUser(folder) as first:
        first.hear("ready")
        with EmbeddedServer(folder) as server:
            first.leave()
            assert ask(server, "select 1") == "1"
        assert not server_runs(folder)
    until(lambda: nothing_runs(folder))


def test_two_that_start_and_leave_at_once_get_one_server(folder: Path) -> None:
    with AUser(folder) as one, AUser(folder) as other:
        one.hear("ready")
        other.hear("ready")
        starts = [line for line in one.said + other.said if "starting" in line]
        assert len(starts) == 1
        one.leave()
        other.leave()
    assert not server_runs(folder)


def test_a_forked_child_leaves_its_parents_server_alone(folder: Path) -> None:
    with EmbeddedServer(folder) as server:
        child = multiprocessing.get_context("fork").Process(target=server.stop)
        child.start()
        child.join()
        assert ask(server, "select 1") == "1"
        assert guardian_runs(folder)


def test_a_path_too_long_or_odd_for_a_socket_is_served_all_the_same(folder: Path) -> None:
    long = folder / 'it\'s $HOME, "quoted"' / ("x" * SOCKET_PATH_LIMIT_BYTES)
    with AUser(long) as other, EmbeddedServer(long) as server:
        other.hear("ready")
        assert ask(server, "select 1") == "1"
        assert Place(long).socket_folder.parent == Path("/tmp")
        assert Place(long).socket_folder.stat().st_mode & 0o777 == 0o700
        other.leave()
    Place(long).socket_folder.rmdir()


def test_tcp_is_had_by_asking_and_only_on_this_machine(folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with EmbeddedServer(folder, tcp_port=port) as server, EmbeddedServer(folder) as second:
        assert ask(server, "show listen_addresses") == "127.0.0.1"
        assert ask(second, "show port") == str(port)
        with pytest.raises(EmbeddedServerError, match="without TCP port 1024"):
            EmbeddedServer(folder, tcp_port=1024).start()
    with EmbeddedServer(folder) as server:
        assert ask(server, "show listen_addresses") == ""


def test_a_busy_tcp_port_is_said_plainly(folder: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        with pytest.raises(EmbeddedServerError, match=f"TCP port {port} cannot be had"):
            EmbeddedServer(folder, tcp_port=port).start()


def test_the_data_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JARINGAN_DATA_FOLDER", "/srv/koperasi")
    assert default_data_folder() == Path("/srv/koperasi")
    monkeypatch.delenv("JARINGAN_DATA_FOLDER")
    monkeypatch.setenv("XDG_DATA_HOME", "/data/own")
    expected = "/var/lib/jaringan_usaha" if we_are_root() else "/data/own/jaringan_usaha"
    assert default_data_folder() == Path(expected)
