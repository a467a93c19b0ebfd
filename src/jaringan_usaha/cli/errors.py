"""Every error as one sentence on stderr that says what to do."""

import sys
import traceback
from typing import Any

from typer import TyperException

WRONG_USE = 2


class Sorry(Exception):
    """A command cannot be carried out; the sentence says what to do."""


def tell(error: Exception) -> int:
    """Say what is wrong, with a traceback only under --debug; returns the exit code."""
    if "--debug" in sys.argv:
        traceback.print_exception(error)
    sys.stderr.write(f"jaringan: {' '.join(sentence_of(error).split())}\n")
    return WRONG_USE if isinstance(error, TyperException) else 1


def sentence_of(error: Exception) -> str:
    """What is wrong and what to do."""
    if isinstance(error, TyperException):
        return f"{error.format_message().rstrip('.')}; see `{_command(error)} --help`"
    if isinstance(error, Sorry) or _is_ours(error):
        return str(error)
    if type(error).__module__.partition(".")[0] == "asyncpg":
        return refused_by_database(error)
    return (
        f"unexpected {type(error).__name__}: {first_line(error)}; "
        "run the same with --debug to see where"
    )


def refused_by_database(error: Exception) -> str:
    """What the database said; the address is not shown, since it may hold a password."""
    said = first_line(error) or type(error).__name__
    return f"the database says no ({said}): run `jaringan doctor`, or correct JARINGAN_DATABASE_URL"


def _is_ours(error: Exception) -> bool:
    """Errors of other rooms whose text is already such a sentence."""
    from jaringan_usaha.api.access.vault import NoMasterKey
    from jaringan_usaha.embedded import EmbeddedServerError
    from jaringan_usaha.eventlog.migrate import NotMigrated
    from jaringan_usaha.eventlog.rebuild import Differs

    return isinstance(error, EmbeddedServerError | NoMasterKey | NotMigrated | Differs)


def _command(error: TyperException) -> str:
    context: Any = getattr(error, "ctx", None)
    return str(context.command_path) if context is not None else "jaringan"


def first_line(error: Exception) -> str:
    """What an error says, without its details."""
    return str(error).strip().partition("\n")[0]
