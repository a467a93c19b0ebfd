"""Locks the kernel keeps: whoever holds one is alive, and a death of any kind frees it."""

import fcntl
import os
from pathlib import Path
from typing import Self


class FileLock:
    """One opened lock file.

    A child process that inherits the open file holds the lock as well, until the last holder is
    gone. `close` therefore only closes: an explicit unlock would take the child's lock away too.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fileno(self) -> int:
        return self._file

    def close(self) -> None:
        os.close(self._file)

    def share(self) -> Self:
        """Wait until nobody holds it alone."""
        fcntl.flock(self._file, fcntl.LOCK_SH)
        return self

    def seize(self) -> Self:
        """Wait until nobody else holds it at all."""
        fcntl.flock(self._file, fcntl.LOCK_EX)
        return self

    def try_share(self) -> bool:
        return self._try(fcntl.LOCK_SH)

    def try_seize(self) -> bool:
        """Where it fails, a share held before is given up too."""
        return self._try(fcntl.LOCK_EX)

    def _try(self, kind: int) -> bool:
        try:
            fcntl.flock(self._file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
