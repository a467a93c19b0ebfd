"""A command as its request brings it, framed by who asks, when and under which key; and the answer
to it."""

from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel, Field

from jaringan_usaha.api import asked as asking
from jaringan_usaha.api import versions
from jaringan_usaha.api.access.admission import CallerNow, SupplierNow
from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.door import door_of
from jaringan_usaha.api.versions import TAG_PATTERN
from jaringan_usaha.eventlog.answers import Recorded
from jaringan_usaha.kernel.messages import Asked

KEY_FORM: dict[str, Any] = {"minLength": 16, "maxLength": 130, "pattern": asking.KEY_PATTERN}
"""In the contract; `key_of` says what is wrong."""
TAG_FORM: dict[str, Any] = {"maxLength": 40, "pattern": TAG_PATTERN}

KeyHeader = Annotated[
    str,
    Header(
        description="the same for every repetition of this request: what was recorded is answered"
        " as before for 35 days, what was refused is decided anew",
        json_schema_extra=KEY_FORM,
    ),
]
MatchHeader = Annotated[
    str,
    Header(
        description='the ETag that a GET of the thing gave, such as "v3", which it must still have;'
        " `*` means whatever it is now. Without it nothing is changed: 428",
        json_schema_extra=TAG_FORM,
    ),
]


async def asked_by_key(
    request: Request, caller: CallerNow, idempotency_key: KeyHeader = ""
) -> Asked:
    """The frame of a command under the request's key. Raises Problem 400 and 422."""
    return await frame(request, caller, key_in(request))


async def asked_on_version(
    request: Request, caller: CallerNow, idempotency_key: KeyHeader = "", if_match: MatchHeader = ""
) -> Asked:
    """As `asked_by_key`, to change a thing that the caller has seen: its `If-Match` is held
    against the version that the decision rests on. Raises Problem 400 and 422."""
    return await _frame(request, caller, key_in(request), versions.seen_by(request))


async def asked_on_any_version(
    request: Request,
    caller: CallerNow,
    idempotency_key: KeyHeader = "",
    if_match: Annotated[
        str,
        Header(
            description="optional for what is not there yet; else the ETag that a GET of the thing"
            ' gave, such as "v3", or `*` for whatever it is now',
            json_schema_extra=TAG_FORM,
        ),
    ] = "",
) -> Asked:
    """As `asked_on_version`, where the same route also makes the thing. Raises Problem 400 and
    422."""
    seen = versions.seen_by(request, may_be_new=True)
    return await _frame(request, caller, key_in(request), seen)


async def asked_by_supplier(
    request: Request,
    caller: SupplierNow,
    idempotency_key: KeyHeader = "",
    if_match: MatchHeader = "",
) -> Asked:
    """As `asked_on_version`, where suppliers may command too. Raises Problem 400 and 422."""
    return await _frame(request, caller, key_in(request), versions.seen_by(request))


def key_in(request: Request) -> str:
    """Raises Problem 400."""
    return asking.key_of(request.headers.getlist("idempotency-key"))


async def asked_by_path(
    request: Request,
    caller: CallerNow,
    idempotency_key: Annotated[
        str,
        Header(description="optional here: the path names the thing", json_schema_extra=KEY_FORM),
    ] = "",
) -> Asked:
    """The frame of a PUT, which may go without a key: its path and content stand for it."""
    keys = request.headers.getlist("idempotency-key")
    if keys:
        return await frame(request, caller, asking.key_of(keys))
    content = asking.print_of(request.url.path, await json_of(request))
    return await frame(request, caller, content.hex())


async def asked_afresh(
    request: Request,
    caller: CallerNow,
    idempotency_key: Annotated[
        str,
        Header(
            description="optional here: the same wish again records nothing",
            json_schema_extra=KEY_FORM,
        ),
    ] = "",
) -> Asked:
    """The frame of a PUT that sets what holds from now on. Without a key every request stands
    for itself: what was set, changed, and is set again must not be taken for a repetition."""
    keys = request.headers.getlist("idempotency-key")
    return await frame(request, caller, asking.key_of(keys) if keys else asking.new_id())


async def frame(request: Request, caller: Caller, key: str) -> Asked:
    """The frame of a command that changes nothing with a version. Raises Problem 422."""
    versions.must_have_seen_nothing(request)
    return await _frame(request, caller, key, None)


async def _frame(request: Request, caller: Caller, key: str, seen: int | None) -> Asked:
    what = (request.method, request.url.path, request.url.query, await json_of(request))
    return asking.asked(caller, key, door_of(request).clock.now(), *what, seen=seen)


async def json_of(request: Request) -> Any:
    """The parsed body, or None without one."""
    return await request.json() if await request.body() else None


AskedByKey = Annotated[Asked, Depends(asked_by_key)]
AskedOnVersion = Annotated[Asked, Depends(asked_on_version)]
AskedOnAnyVersion = Annotated[Asked, Depends(asked_on_any_version)]
AskedBySupplier = Annotated[Asked, Depends(asked_by_supplier)]
AskedByPath = Annotated[Asked, Depends(asked_by_path)]
AskedAfresh = Annotated[Asked, Depends(asked_afresh)]


class Done(BaseModel):
    """A command was recorded. A GET with `?after=position` shows it."""

    position: int = Field(ge=0, description="the last position of its events in the log")
    version: int = Field(ge=0, description="of the thing, for `If-Match`; 0 where it has none")


def done(response: Response, recorded: Recorded, location: str = "") -> Done:
    """The answer to a command, with its headers."""
    if recorded.version:
        versions.versioned(response, recorded.version)
    if location:
        response.headers["Location"] = location
    if recorded.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return Done(position=recorded.position, version=recorded.version)
