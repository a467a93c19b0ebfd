"""How a rule says no: a sentence for people, a code for programs, facts as members."""

from typing import ClassVar


class Rejection(Exception):
    """The base of all refusals. `code` is public and never changes."""

    code: ClassVar[str]

    def __init__(self, detail: str, **facts: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.facts = facts


class Missing(Rejection):
    """What was asked about does not exist, or not for this caller."""

    code = "not-found"


class NotAllowed(Rejection):
    """This caller may not do that."""

    code = "forbidden"


class Gone(Rejection):
    """What was asked about was there, and is kept no longer."""

    code = "gone"


class Invalid(Rejection):
    """The request contradicts itself or the form."""

    code = "validation-failed"


class Refused(Rejection):
    """A rule of the house says no."""

    code = "state-conflict"


class Outdated(Rejection):
    """The caller acted on an older version of the thing than there is now."""

    code = "version-conflict"


class VersionUnsaid(Rejection):
    """The caller must say which version of the thing it has seen."""

    code = "precondition-required"


def version_unsaid() -> VersionUnsaid:
    """What is said wherever it is missed."""
    return VersionUnsaid(
        "say which version you have seen: GET it and send its ETag as If-Match, or "
        "`If-Match: *` when you mean whatever it is now"
    )


class KeyReused(Rejection):
    """The idempotency key already stands for another request."""

    code = "idempotency-key-reused"


class Stale(Rejection):
    """Others changed the same facts on every try; asking again is safe."""

    code = "state-conflict"


class Busy(Rejection):
    """Nothing was recorded; the same request may be sent again shortly."""

    code = "busy"


class Unknown(Rejection):
    """The database was lost in the middle: the same request, with the same key, finds out."""

    code = "storage-unavailable"
