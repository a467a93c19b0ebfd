"""Which version of a thing a caller has seen: `ETag`, `If-Match` and `If-None-Match`.

A thing that only its own events change is shown with `"v3"`, the number of its last one. Where the
answer shows more (what holds today, how far others are) a hash of it follows, `"v3.0f…"`, and an
answer about nothing that has a version has the hash alone, `".0f…"`. So equal tags mean equal
bytes, and a command looks at the number only.
"""

import re
from hashlib import blake2b

from fastapi import Request, Response

from jaringan_usaha.api.problems import Problem
from jaringan_usaha.kernel.messages import NOTHING, UNSAID

_TAG = re.compile(r'"v([1-9][0-9]{0,8})(?:\.[0-9a-f]{16})?"')
TAG_PATTERN = r'^(\*|"v[1-9][0-9]{0,8}(\.[0-9a-f]{16})?")$'
"""Of `If-Match` in the contract."""
_ANY = "*"
MOST_TAGS = 1 << 10
"""How long `If-None-Match` may be."""
PACKED_FROM = 1 << 10
"""Bytes of a body from which on it is sent packed to whoever takes that."""
_UNHASHED = '."'
_OF_THE_BODY = {b"content-length", b"content-type"}


def tag_of(version: int) -> str:
    return f'"v{version}"'


def versioned(response: Response, version: int, *, shows_more: bool = False) -> None:
    """Give an answer the tag of the thing's version; `shows_more` than the thing's own events
    make of it."""
    response.headers["ETag"] = f'"v{version}{_UNHASHED}' if shows_more else tag_of(version)


def seen_in(header: str) -> int | None:
    """The version in `If-Match: "v3"`; None for `*`, which is whatever it is now. Raises Problem
    422 for another form."""
    if header.strip() == _ANY:
        return None
    tag = _TAG.fullmatch(header.strip())
    if tag is None:
        raise Problem(422, "validation-failed", 'send If-Match as the ETag you were given: "v1"')
    return int(tag[1])


def seen_by(request: Request, *, may_be_new: bool = False) -> int | None:
    """What the caller of a command has seen. Without `If-Match` that is `UNSAID`, or `NOTHING`
    where the command also makes the thing. Raises Problem 422."""
    header = request.headers.get("if-match")
    if header is not None:
        return seen_in(header)
    return NOTHING if may_be_new else UNSAID


def must_have_seen_nothing(request: Request) -> None:
    """No condition is passed over in silence. Raises Problem 422."""
    if request.headers.get("if-match", _ANY).strip() != _ANY:
        raise Problem(
            422, "validation-failed", "this changes nothing that has a version; leave If-Match out"
        )


def unless_known(request: Request, response: Response) -> Response:
    """The answer to a GET with its tag; 304 to a caller who has it already. What a caller may
    not see has been refused by then. Raises Problem 431."""
    body = getattr(response, "body", None)
    if response.status_code != 200 or body is None:
        return response
    tag = response.headers.get("etag", f'"{_UNHASHED}')
    if tag.endswith(_UNHASHED):
        tag = f'{tag[:-1]}{blake2b(body, digest_size=8).hexdigest()}"'
        response.headers["ETag"] = tag
    known = ",".join(request.headers.getlist("if-none-match"))
    if len(known) > MOST_TAGS:
        raise Problem(431, "headers-too-large", "name at most 1 KiB of tags")
    if not known or not _names(known, tag):
        return response
    unchanged = Response(status_code=304)
    unchanged.raw_headers = [each for each in response.raw_headers if each[0] not in _OF_THE_BODY]
    if len(body) >= PACKED_FROM:
        unchanged.headers.add_vary_header("Accept-Encoding")  # as the packed one would say
    return unchanged


def _names(header: str, tag: str) -> bool:
    """Whether `If-None-Match` has the tag; a proxy may have called it weak."""
    tags = {each.strip().removeprefix("W/") for each in header.split(",")}
    return tag in tags or _ANY in tags
