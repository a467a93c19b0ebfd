"""Whatever is killed, the next start works, nothing acknowledged is lost, nothing runs on."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from jaringan_usaha.embedded import EmbeddedServer, EmbeddedServerError
from jaringan_usaha.embedded.place import Place, we_are_root

from .world import (
    AUser,
    ask,
    guardian_runs,
    is_free,
    kill_guardian,
    kill_server,
    nothing_runs,
    postmaster,
    server_runs,
    until,
)


def sleeper(folder: Path) -> "subprocess.Popen[bytes]":
    """An unrelated process of the very account the server runs as."""
    account = Place(folder).account if we_are_root() else None
    return subprocess.Popen(["sleep", "600"], user=account.uid if account else None)


def leave_stale_files(folder: Path, pid: int) -> None:
    """What a killed server leaves behind, all of it naming `pid`."""
    place = Place(folder)
    account = place.account
    body = f"{pid}\n{place.cluster}\n1700000000\n5432\n{place.socket_folder}\n\n 1 1\nready   \n"
    for stale in (
        place.cluster / "postmaster.pid",
        place.socket_folder / ".s.PGSQL.5432.lock",
        place.socket_folder / ".s.PGSQL.5432",
    ):
        stale.write_text(body)
        os.chown(stale, account.uid, account.gid)


def test_kill_9_of_the_only_user_leaves_nothing_running(folder: Path) -> None:
    with AUser(folder) as user:
        user.hear("ready")
        assert server_runs(folder)
        assert guardian_runs(folder)
        user.kill()
        until(lambda: nothing_runs(folder))


def test_who_comes_while_the_guardian_stops_the_server_gets_it_again(folder: Path) -> None:
    with EmbeddedServer(folder) as server:
        ask(server, "create table came (n int)")
    for n in range(3):
        with AUser(folder) as user:
            user.hear("ready")
            user.kill()
        with EmbeddedServer(folder) as server:
            ask(server, f"insert into came values ({n})")
            assert guardian_runs(folder)
    with EmbeddedServer(folder) as server:
        assert ask(server, "select count(*) from came") == "3"


def test_a_killed_guardian_is_replaced_by_the_next_user(folder: Path) -> None:
    with EmbeddedServer(folder):
        kill_guardian(folder)
        with AUser(folder) as user:
            user.hear("ready")
            assert guardian_runs(folder)
            user.kill()


def test_without_a_guardian_the_last_user_stops_the_server_itself(folder: Path) -> None:
    with EmbeddedServer(folder):
        kill_guardian(folder)
    assert nothing_runs(folder)


def test_an_orphan_without_a_guardian_is_taken_over(folder: Path) -> None:
    with AUser(folder) as user:
        user.hear("ready")
        kill_guardian(folder)
        user.kill()
    before = postmaster(folder)
    with EmbeddedServer(folder):
        assert postmaster(folder) == before
        assert guardian_runs(folder)


def test_a_killed_server_is_started_again_by_a_second_process(folder: Path) -> None:
    with EmbeddedServer(folder) as server:
        ask(server, "create table thousand as select generate_series(1, 1000) as n")
        kill_server(folder)
        with AUser(folder) as second:
            second.hear("ready")
            assert ask(server, "select count(*) from thousand") == "1000"
            second.leave()
        assert ask(server, "select 1") == "1"
    assert not server_runs(folder)


def test_a_killed_server_is_started_again_by_the_same_process(folder: Path) -> None:
    with EmbeddedServer(folder) as first:
        ask(first, "create table survived as select 7 as n")
        kill_server(folder)
        with EmbeddedServer(folder) as second:
            assert ask(second, "select n from survived") == "7"


def test_a_foreign_process_named_in_stale_files_is_neither_believed_nor_hurt(folder: Path) -> None:
    with sleeper(folder) as innocent:
        leave_stale_files(folder, innocent.pid)
        with EmbeddedServer(folder) as server:
            assert ask(server, "select 1") == "1"
        assert innocent.poll() is None
        leave_stale_files(folder, innocent.pid)
        EmbeddedServer(folder).stop()
        with AUser(folder) as user:
            user.hear("ready")
            user.kill()
            until(lambda: nothing_runs(folder))
        assert innocent.poll() is None
        innocent.kill()


def test_a_dead_server_not_yet_buried_does_not_bar_the_next(folder: Path) -> None:
    zombie = sleeper(folder)
    zombie.kill()
    leave_stale_files(folder, zombie.pid)  # a zombie still counts as a process for PostgreSQL
    with EmbeddedServer(folder) as server:
        assert ask(server, "select 1") == "1"
    zombie.wait()


def test_killed_while_making_the_cluster_the_next_makes_it_anew(empty_folder: Path) -> None:
    with AUser(empty_folder) as user:
        until((Place(empty_folder).unfinished_cluster / "PG_VERSION").exists)
        user.kill()
    with EmbeddedServer(empty_folder) as server:
        assert ask(server, "select 1") == "1"


def test_a_long_recovery_is_waited_for_and_told(own_folder: Path) -> None:
    place = Place(own_folder)
    with EmbeddedServer(own_folder) as server:
        ask(server, "create table kept as select 7 as n")
        ask(server, "alter system set restore_command = 'sleep 7; false'")
    (place.cluster / "recovery.signal").touch()  # asks for two files before it goes on
    os.chown(place.cluster / "recovery.signal", place.account.uid, place.account.gid)
    said: list[str] = []
    with EmbeddedServer(own_folder, said.append) as server:
        assert ask(server, "select n from kept") == "7"
        ask(server, "alter system reset restore_command")
    waited = [sentence for sentence in said if "still recovering" in sentence]
    assert len(waited) >= 6, said  # one each two seconds


def test_a_user_killed_during_recovery_leaves_nothing_running(own_folder: Path) -> None:
    place = Place(own_folder)
    with EmbeddedServer(own_folder) as server:
        ask(server, "alter system set restore_command = 'sleep 2; false'")
    (place.cluster / "recovery.signal").touch()
    os.chown(place.cluster / "recovery.signal", place.account.uid, place.account.gid)
    with AUser(own_folder) as user:
        user.hear("still recovering")
        user.kill()
        until(lambda: nothing_runs(own_folder))


def test_a_server_that_dies_at_once_is_an_error_with_its_last_words(
    folder: Path, wrap: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrap("postgres", '[ "$1" = --version ] || { echo "FATAL: no sugar left"; exit 1; }')
    with pytest.raises(EmbeddedServerError, match="no sugar left"):
        EmbeddedServer(folder).start()
    until(lambda: nothing_runs(folder))
    assert is_free(Place(folder).users_lock)
    assert is_free(Place(folder).start_lock)
    monkeypatch.delenv("PG_BIN")
    with EmbeddedServer(folder) as server:
        assert ask(server, "select 1") == "1"


def test_a_server_that_dies_after_a_while_is_an_error_with_its_log(own_folder: Path) -> None:
    settings = Place(own_folder).cluster / "postgresql.auto.conf"
    settings.write_text("shared_preload_libraries = 'nowhere'\n")
    with pytest.raises(EmbeddedServerError, match='could not access file "nowhere"'):
        EmbeddedServer(own_folder).start()
