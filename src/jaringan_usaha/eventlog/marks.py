"""Marks: the hashes by which decisions find facts and guard against newer ones.

There are two kinds, (type, tag) and (stream, version). A mark is 128 bits; where the tagged
thing has a time-ordered id (UUIDv7), the mark keeps that time in front, so that the marks of
today's orders lie side by side in the index however large the log has grown.
"""

from functools import lru_cache
from hashlib import blake2b
from uuid import UUID

from asyncpg.pgproto import pgproto

_TIMED_LENGTH = 36


@lru_cache(4_096)
def tag_mark(type_name: str, tag: str, value: str) -> UUID:
    """The mark that an event of this type leaves under this tag."""
    return _mark(f"tag\x1f{type_name}\x1f{tag}\x1f{value}", value)


@lru_cache(4_096)
def stream_mark(tag: str, value: str, version: int) -> UUID:
    """The mark that the `version`-th event of a stream leaves."""
    return _mark(f"stream\x1f{tag}\x1f{value}\x1f{version}", value)


def stream_key(tag: str, value: str) -> UUID:
    """The id under which a stream's events are stored."""
    return _mark(f"stream\x1f{tag}\x1f{value}", value)


def _mark(text: str, value: str) -> UUID:
    digest = blake2b(text.encode(), digest_size=16).digest()
    if len(value) == _TIMED_LENGTH and value[14] == "7":
        try:
            return pgproto.UUID(bytes.fromhex(value[:8] + value[9:13]) + digest[6:])
        except ValueError:
            pass  # not a UUID after all, only of the same length
    return pgproto.UUID(digest)
