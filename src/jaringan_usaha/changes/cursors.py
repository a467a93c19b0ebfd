"""Where a caller has come to in the changes, signed, so that it is good for that caller alone."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

import msgspec

from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.access.vault import Vault
from jaringan_usaha.api.paging import cursor_invalid
from jaringan_usaha.changes.announcing import audiences_of
from jaringan_usaha.changes.views import Key

PURPOSE = "cursors of changes"
MAC_BYTES = 16
MOST_CHARACTERS = 256


def written(vault: Vault, caller: Caller, key: Key) -> str:
    """The cursor after the note with this key."""
    text = msgspec.json.encode(key)
    signed = text + _mac(vault.derive(PURPOSE), caller, text)
    return base64.urlsafe_b64encode(signed).decode().rstrip("=")


def read(vault: Vault, caller: Caller, cursor: str) -> Key:
    """Raises Problem 400 for a cursor that this service did not give to such a caller."""
    try:
        signed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise cursor_invalid() from None
    text, mac = signed[:-MAC_BYTES], signed[-MAC_BYTES:]
    secrets: Sequence[bytes] = vault.derived(PURPOSE)
    if not any(hmac.compare_digest(_mac(each, caller, text), mac) for each in secrets):
        raise cursor_invalid()
    key: Key = msgspec.json.decode(text, type=Key)
    return key


def _mac(secret: bytes, caller: Caller, text: bytes) -> bytes:
    whose = msgspec.json.encode([caller.network_id, *audiences_of(caller)])
    return hmac.digest(secret, whose + b"\n" + text, hashlib.sha256)[:MAC_BYTES]
