"""What can go wrong with the embedded server, each time with what to do about it."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class EmbeddedServerError(Exception):
    """The embedded server cannot be had; the text says what to do."""


def disk_full(folder: Path) -> EmbeddedServerError:
    return EmbeddedServerError(f"the disk of {folder} is full: free some space and start again")


def failed(doing: str, output: str, folder: Path) -> EmbeddedServerError:
    """What a PostgreSQL program said when it failed, or the remedy where we know one."""
    if "No space left on device" in output:
        return disk_full(folder)
    return EmbeddedServerError(f"{doing} failed: {output.strip() or 'it said nothing'}")


@contextmanager
def told_plainly(folder: Path) -> Iterator[None]:
    """Turn an OSError about our own files into a sentence; raises EmbeddedServerError."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full(folder) from error
        raise EmbeddedServerError(
            f"cannot use {error.filename or folder} ({error.strerror}): "
            "name a folder you may write in JARINGAN_DATA_FOLDER"
        ) from error
