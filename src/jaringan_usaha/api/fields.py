"""The fields of which bodies are made: bounded, nothing converted, nothing unknown."""

import re
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from jaringan_usaha.kernel.money import MOST_IDR

SLUG_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:-]*$"
UUID_V7 = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
_PERSONAL = re.compile(r"(?<!\d)(?:\+?62|0)[ -]?8(?:[ -]?\d){7,11}(?!\d)|(?<!\d)\d{16}(?!\d)|\w@\w")
_DATED = re.compile(r"\d{4}-\d\d-\d\d")


def written_out(value: object) -> object:
    """Raises ValueError for what is no text that begins with a date: seconds since 1970 would
    pass for one."""
    if not (isinstance(value, str) and _DATED.match(value)):
        raise ValueError("write the date as 2026-11-22, with time and offset where those count")
    return value


def naming_nobody(text: str) -> str:
    """Raises PydanticCustomError for free text that holds a number or address of a person: it
    would be kept in the log for ever."""
    if _PERSONAL.search(text):
        raise PydanticCustomError(
            "personal-data",
            "leave out phone numbers, NIK and e-mail addresses: this is kept for ever",
        )
    return text


def in_utc(instant: datetime) -> datetime:
    """Raises ValueError for the few hours at both ends of time that UTC has no year for."""
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("the instant is out of range") from None


Slug = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        pattern=SLUG_PATTERN,
        examples=["kop-melati"],
    ),
]
SlugOrNone = Annotated[
    str,
    Field(max_length=128, pattern=f"^$|{SLUG_PATTERN}", description="empty when there is none"),
]
"""Of answers."""
Idr = Annotated[int, Field(ge=0, le=MOST_IDR, description="whole rupiah")]
Title = Annotated[str, Field(min_length=1, max_length=120)]
Reason = Annotated[
    str,
    Field(min_length=3, max_length=280, description="kept for ever; name no person in it"),
    AfterValidator(naming_nobody),
]
Day = Annotated[date, BeforeValidator(written_out), Field(strict=False, examples=["2026-11-22"])]
Instant = Annotated[
    AwareDatetime,
    BeforeValidator(written_out),
    AfterValidator(in_utc),
    Field(strict=False, examples=["2026-11-24T17:00:00+07:00"]),
]

UuidV7 = Annotated[
    str,
    Field(
        pattern=UUID_V7,
        min_length=36,
        max_length=36,
        description="made by the POS, UUIDv7 in lower case",
        examples=["01936f6e-8b7a-7c3e-9a51-0d2f6b7c8e90"],
    ),
]

Remark = Annotated[str, Field(max_length=280), AfterValidator(naming_nobody)]
"""A reason that may be left out."""

RegionCode = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{2}\.[0-9]{2}$",
        max_length=5,
        description="Kemendagri code of the regency or city",
        examples=["32.73"],
    ),
]


class Body(BaseModel):
    """What a caller sends: nothing unknown, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ReasonBody(Body):
    reason: Reason
