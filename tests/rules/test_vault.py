"""SEC-11: values are sealed for one place, under keys that are rotated while the service runs."""

import stat
from pathlib import Path

import pytest

from jaringan_usaha.api.access.vault import NoMasterKey, Sealed, Vault, make_file, new_line

PLACE = "access.contacts/kop-melati/phone"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "master.key"
    assert make_file(file)
    return file


def test_what_is_sealed_opens_at_its_place_alone(path: Path) -> None:
    vault = Vault.from_file(path)
    sealed = vault.seal(b"0812-3456", PLACE)
    assert b"0812" not in sealed
    assert vault.seal(b"0812-3456", PLACE) != sealed  # a fresh nonce each time
    assert vault.open(sealed, PLACE) == b"0812-3456"
    with pytest.raises(Sealed):
        vault.open(sealed, "access.contacts/kop-mawar/phone")


def test_a_changed_byte_is_found_out(path: Path) -> None:
    vault = Vault.from_file(path)
    sealed = vault.seal(b"0812-3456", PLACE)
    for at in range(len(sealed)):
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises(Sealed):
            vault.open(bytes(changed), PLACE)
    for length in range(len(sealed)):
        with pytest.raises(Sealed):
            vault.open(sealed[:length], PLACE)


def test_a_new_key_on_top_seals_and_the_old_one_still_opens(path: Path) -> None:
    before = Vault.from_file(path)
    old = before.seal(b"0812-3456", PLACE)
    path.write_text(new_line() + path.read_text())
    after = Vault.from_file(path)
    assert after.open(old, PLACE) == b"0812-3456"
    assert not old.startswith(after.prefix)
    new = after.seal(b"0812-3456", PLACE)
    assert new.startswith(after.prefix)
    with pytest.raises(Sealed):
        before.open(new, PLACE)


def test_every_purpose_has_a_secret_of_its_own_that_lasts(path: Path) -> None:
    vault = Vault.from_file(path)
    assert vault.derive("cursors") == Vault.from_file(path).derive("cursors")
    assert vault.derive("cursors") != vault.derive("sessions")
    path.write_text(new_line() + path.read_text())
    assert vault.derive("cursors") in Vault.from_file(path).derived("cursors")[1:]


def test_the_file_is_made_once_and_for_its_owner_alone(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    held = path.read_text()
    assert not make_file(path)
    assert path.read_text() == held


@pytest.mark.parametrize(
    "text", ["", "\n", "one", "one:", "one:QUJD", ":" + new_line().partition(":")[2], "é:QUJD"]
)
def test_without_a_usable_key_nothing_starts(tmp_path: Path, text: str) -> None:
    path = tmp_path / "master.key"
    path.write_text(text)
    with pytest.raises(NoMasterKey, match=r"master\.key"):
        Vault.from_file(path)


def test_a_missing_key_says_how_to_make_one(tmp_path: Path) -> None:
    for path in (None, tmp_path / "nowhere"):
        with pytest.raises(NoMasterKey, match="jaringan keys master FILE"):
            Vault.from_file(path)
