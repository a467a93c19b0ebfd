"""Secrets of the service: one master key from a file, and all that is derived from it or sealed
under it.

The file holds one key a line, `<id>:<base64 of 32 bytes>`; the first seals, all of them open. So a
new key is put on top, what is stored is sealed again, and the old line is taken out.
"""

import base64
import binascii
import os
import secrets
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12
ID_DIGITS = 8


class NoMasterKey(RuntimeError):
    """There is no usable master key; the sentence says what to do."""


class Sealed(Exception):
    """What is stored cannot be opened: other key, other place, or changed."""


class Vault:
    """Seals values with AES-256-GCM, each bound to the place that it is stored in."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """`keys` by id, the current one first."""
        self._keys = dict(keys)
        self.current = next(iter(self._keys))
        self.prefix = bytes((len(self.current),)) + self.current.encode()
        """How everything begins that is sealed under the current key."""

    @property
    def key_ids(self) -> Collection[str]:
        return self._keys.keys()

    @classmethod
    def from_file(cls, path: Path | None) -> Self:
        """Raises NoMasterKey."""
        if path is None:
            raise NoMasterKey(
                "name the file of the master key in JARINGAN_MASTER_KEY_FILE; "
                "`jaringan keys master FILE` makes one"
            )
        try:
            lines = path.read_text(encoding="ascii").split()
        except (OSError, UnicodeDecodeError):
            raise NoMasterKey(
                f"the master key {path} cannot be read: `jaringan keys master FILE` makes one"
            ) from None
        keys: dict[str, bytes] = {}
        for line in lines:
            name, _, text = line.partition(":")
            try:
                key = base64.b64decode(text, validate=True)
            except binascii.Error:
                key = b""
            if len(key) != KEY_BYTES or not name or name in keys:
                raise NoMasterKey(f"the master key {path} has a line that is none: <id>:<base64>")
            keys[name] = key
        if not keys:
            raise NoMasterKey(f"the master key {path} is empty")
        return cls(keys)

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose, the same as long as the current key is."""
        return self._derived(self._keys[self.current], purpose)

    def derived(self, purpose: str) -> list[bytes]:
        """Those of every key, the current one first: for checking what was signed before."""
        return [self._derived(key, purpose) for key in self._keys.values()]

    def seal(self, plain: bytes, place: str) -> bytes:
        """`place` says where it will be stored: table, row and column."""
        nonce = os.urandom(NONCE_BYTES)
        box = AESGCM(self._keys[self.current]).encrypt(nonce, plain, place.encode())
        return self.prefix + nonce + box

    def open(self, sealed: bytes, place: str) -> bytes:
        """Raises Sealed."""
        length = sealed[0] if sealed else 0
        key = self._keys.get(sealed[1 : 1 + length].decode("ascii", "replace"))
        rest = sealed[1 + length :]
        if key is None or len(rest) < NONCE_BYTES:
            raise Sealed("sealed under a key that is not in the file")
        try:
            return AESGCM(key).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], place.encode())
        except InvalidTag:
            raise Sealed("not what was sealed for this place") from None

    @staticmethod
    def _derived(key: bytes, purpose: str) -> bytes:
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(key)


def new_line() -> str:
    """One line for the file, with a fresh key."""
    key = base64.b64encode(os.urandom(KEY_BYTES)).decode()
    return f"{secrets.token_hex(ID_DIGITS // 2)}:{key}\n"


def make_file(path: Path) -> bool:
    """Make a master key where there is none, for its owner's eyes only. False when there is one."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(new_line())
        file.flush()
        os.fsync(file.fileno())
    return True
