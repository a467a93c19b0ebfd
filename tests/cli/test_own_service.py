"""A service of one's own leaves nothing behind."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from jaringan_usaha.cli import own_service


def test_a_folder_is_gone_though_a_file_came_while_it_was_removed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    removed: list[Path] = []
    really = shutil.rmtree

    def disturbed(folder: Path, **how: Any) -> None:
        really(folder, **how)
        removed.append(folder)
        if len(removed) == 1:
            (folder / "postgres").mkdir(parents=True)
            (folder / "postgres" / "server.lock").touch()

    monkeypatch.setattr(own_service.shutil, "rmtree", disturbed)
    with own_service.temporary_folder() as folder:
        (folder / "postgres").mkdir()
    assert not folder.exists()
    assert removed == [folder, folder]
