"""What is said for a database that does not answer."""

from collections.abc import Iterator
from contextlib import contextmanager

from jaringan_usaha.eventlog.database import FULL, LOST
from jaringan_usaha.kernel.rejections import Busy


@contextmanager
def answering() -> Iterator[None]:
    """Raises Busy where the database is lost, full, or cuts a statement."""
    try:
        yield
    except (*LOST, *FULL):
        raise Busy("the database does not answer; ask again shortly", retry_after=2) from None
