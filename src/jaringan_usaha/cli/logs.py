"""What the service writes about itself: JSON lines of known fields, or the same for a terminal.

Nothing that a caller sent gets there: of an exception only its kind and the line it came from, of
other packages' messages only those listed here, and of records only the fields listed here.
"""

import json
import logging
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from traceback import walk_tb
from typing import Any

OURS = "jaringan_usaha"
ACCESS = "jaringan_usaha.access"
FIELDS = (
    "request_id", "method", "route", "status", "ms", "key_id", "role", "koperasi_id",
    "supplier_id", "requests",
)  # fmt: skip
"""What a record may carry in `extra`; everything else of it is left out."""

FOREIGN = frozenset({
    "ASGI callable returned without completing response.",
    "ASGI callable returned without starting response.",
    "Application startup complete.",
    "Application startup failed. Exiting.",
    "Application shutdown complete.",
    "Exception in ASGI application",
    "Invalid HTTP request received.",
    "Shutting down",
    "Waiting for application shutdown.",
    "Waiting for application startup.",
})  # fmt: skip
"""Sentences of other packages with nothing filled in; of others the place in the code is told."""


class Lines(logging.Formatter):
    """One JSON object a line; JSON escapes control characters, so a line is a line."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(dict(fields_of(record)))


class Terminal(logging.Formatter):
    """The same fields for people."""

    def format(self, record: logging.LogRecord) -> str:
        fields = dict(fields_of(record))
        time, level, name = (fields.pop(each) for each in ("time", "level", "logger"))
        said = fields.pop("message", "")
        rest = "".join(f" {field}={json.dumps(at)}" for field, at in fields.items())
        return f"{str(time)[11:23]} {level} {name}: {json.dumps(said)[1:-1]}{rest}"


def fields_of(record: logging.LogRecord) -> Iterator[tuple[str, Any]]:
    """All that is told of a record, in order."""
    told = datetime.fromtimestamp(record.created, UTC)
    yield "time", told.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    yield "level", record.levelname
    yield "logger", record.name
    if record.name.partition(".")[0] == OURS:
        if record.name != ACCESS:
            yield "message", _sentence(record)
    elif str(record.msg).strip() in FOREIGN:
        yield "message", str(record.msg).strip()
    else:
        yield "where", f"{Path(record.pathname).name}:{record.lineno}"
    for field in FIELDS:
        if record.__dict__.get(field) is not None:
            yield field, record.__dict__[field]
    if record.exc_info and record.exc_info[1] is not None:
        yield "error", kind_of(record.exc_info[1])


def _sentence(record: logging.LogRecord) -> str:
    """A sentence of ours, filled in; no exception's own words."""
    if not isinstance(record.args, tuple) or not record.args:
        return str(record.msg)
    return str(record.msg) % tuple(
        kind_of(each) if isinstance(each, BaseException) else each for each in record.args
    )


def kind_of(error: BaseException) -> str:
    """`ValueError at routes.py:12 < service.py:34`, innermost first; never what it says."""
    trace = walk_tb(error.__traceback__)
    places = [f"{Path(frame.f_code.co_filename).name}:{line}" for frame, line in trace]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    told = type(error).__name__
    if places:
        told += f" at {' < '.join(reversed(places[-8:]))}"
    return f"{told}, after {kind_of(cause)}" if cause is not None else told


def write_logs(level: str, *, access: bool = False) -> None:
    """From now on this process logs like that, whoever logs; on a terminal for people.

    `access`: a line for every request.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(Terminal() if sys.stderr.isatty() else Lines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger(ACCESS).setLevel(logging.INFO if access else logging.WARNING)
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # what cannot be written is not told either
    threading.excepthook = _of_nobody
    sys.unraisablehook = _of_nobody


def _of_nobody(ended: "threading.ExceptHookArgs | sys.UnraisableHookArgs") -> None:
    """An error that nobody was there to catch."""
    logging.getLogger(f"{OURS}.process").error("unexpected", exc_info=ended.exc_value)
