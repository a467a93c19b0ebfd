"""Packed bodies: unpacked while they come, and never further than is allowed."""

import sys
import zlib
from typing import Protocol

from starlette.requests import Request

from jaringan_usaha.api.problems import Problem

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MOST_WIRE_BYTES = 1 << 20
MOST_BYTES = 8 << 20
MOST_RATIO = 100
WINDOW: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 23}  # 8 MiB, RFC 9659


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


async def body_of(request: Request) -> bytes:
    """The body, unpacked while it is counted. Raises Problem 400, 413 and 415."""
    encoding = request.headers.get("content-encoding", "identity").lower()
    unpack: _Unpacker | None = None
    if encoding == "gzip":
        unpack = zlib.decompressobj(wbits=31)
    elif encoding == "zstd":
        unpack = zstd.ZstdDecompressor(options=WINDOW)
    elif encoding != "identity":
        raise Problem(415, "unsupported-media-type", "send the lines plain, or with gzip or zstd")
    found = bytearray()
    wire = 0
    async for part in request.stream():
        wire += len(part)
        if unpack is None:
            found += part
        elif part:
            found += _unpacked(unpack, part, MOST_BYTES + 1 - len(found), encoding)
        too_packed = len(found) > MOST_RATIO * max(wire, 1_000)
        if wire > MOST_WIRE_BYTES or len(found) > MOST_BYTES or too_packed:
            raise Problem(413, "payload-too-large", "send at most 1 MiB (8 MiB unpacked) at once")
    if unpack is not None and wire and not unpack.eof:
        raise Problem(400, "json-invalid", f"the {encoding} body was cut; send it again whole")
    return bytes(found)


def _unpacked(unpack: _Unpacker, part: bytes, most: int, encoding: str) -> bytes:
    """Raises Problem 400 for what was not packed so, or holds more than one packet."""
    if not unpack.eof:
        try:
            found = unpack.decompress(part, most)
        except (zlib.error, zstd.ZstdError):
            raise Problem(400, "json-invalid", f"the body is not {encoding}, or was cut") from None
        if not unpack.unused_data:
            return found
    raise Problem(400, "json-invalid", f"send one {encoding} packet, and nothing after it")
