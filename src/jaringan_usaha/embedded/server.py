"""The embedded server as its users see it: start, use, stop, shared by any number of processes."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from jaringan_usaha.embedded.binaries import binaries_for
from jaringan_usaha.embedded.cluster import PAUSE_SECONDS, Cluster
from jaringan_usaha.embedded.errors import EmbeddedServerError, told_plainly
from jaringan_usaha.embedded.locks import FileLock
from jaringan_usaha.embedded.place import Place, default_data_folder
from jaringan_usaha.embedded.settings import DATABASE, ROLE, port_of, tcp_port_of

SILENCE_SECONDS = 2  # between two reports while waiting
SOURCES = Path(__file__).resolve().parents[2]


class EmbeddedServer:
    """A PostgreSQL in `folder`, running as long as any process uses it.

    Every user holds users.lock together with the others. A guardian process waits to hold it
    alone, which means nobody is left, and stops the server; who comes meanwhile waits, then starts
    it again. So a user may end in any way, `kill -9` included. The order of taking locks is
    users.lock, start.lock, server.lock, everywhere.
    """

    def __init__(
        self,
        folder: Path | None = None,
        report: Callable[[str], None] | None = None,
        tcp_port: int | None = None,
    ) -> None:
        self._place = Place(folder or default_data_folder())
        self._report = report or (lambda _: None)
        self._tcp_port = tcp_port
        self._users: FileLock | None = None
        self._process = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """For libpq and asyncpg alike: database and role `jaringan`, through the socket."""
        folder = quote(str(self._place.socket_folder), safe="")
        return f"postgresql://{ROLE}@/{DATABASE}?host={folder}&port={port_of(self._place)}"

    def start(self) -> None:
        """Return when the server takes connections; waits through a recovery without limit.

        Raises EmbeddedServerError, and then holds nothing.
        """
        if self._users:
            return
        with told_plainly(self._place.folder):
            self._place.make()
            users = FileLock(self._place.users_lock)
            try:
                self._join(users)
                self._bring_up()
            except BaseException:
                users.close()  # if a server is half up and nobody else's, the guardian stops it
                raise
        self._users, self._process = users, os.getpid()

    def stop(self) -> None:
        """Leave; the last one to leave returns when the server is down."""
        users, self._users = self._users, None
        if users is None or self._process != os.getpid():
            return  # a forked child leaves its parent's server alone
        with users, FileLock(self._place.start_lock).seize():
            if users.try_seize():
                self._cluster.stop()
            else:
                users.share()  # at once while others use it; else waits for the guardian's stop

    def _join(self, users: FileLock) -> None:
        if not users.try_share():
            self._report("menunggu server lama berhenti / waiting for the old server to stop")
            users.share()
        with FileLock(self._place.start_lock).seize():
            self._binaries = binaries_for(self._place.account, self._place)
            self._cluster = Cluster(self._place, self._binaries)
            self._set_guardian()

    def _set_guardian(self) -> None:
        """See that there is a guardian; it is born holding guardian.lock, so never two.

        Raises EmbeddedServerError if it cannot be started.
        """
        with (
            FileLock(self._place.guardian_lock) as lock,
            self._place.guardian_log.open("ab") as log,
        ):
            if not lock.try_seize():
                return
            log.truncate(0)
            ended = subprocess.run(  # noqa: S603 - this very Python, with paths of our own
                [
                    *(sys.executable, "-P", "-m", "jaringan_usaha.embedded.guardian"),
                    *(self._place.folder, self._binaries.folder, str(lock.fileno())),
                ],
                cwd="/",
                env=os.environ | {"PYTHONPATH": str(SOURCES)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[lock.fileno()],
                check=False,
            )
        if ended.returncode != 0:
            raise EmbeddedServerError(f"the guardian did not start: see {self._place.guardian_log}")

    def _bring_up(self) -> None:
        launched = False
        began_at = reported_at = time.monotonic()
        while not self._cluster.answers():
            with FileLock(self._place.start_lock).seize():
                if not self._cluster.has_processes():
                    if launched:
                        raise self._cluster.death()
                    self._launch()
                    launched = True
                    began_at = reported_at = time.monotonic()
            if time.monotonic() - reported_at > SILENCE_SECONDS:
                reported_at = time.monotonic()
                seconds = round(reported_at - began_at)
                self._report(f"masih memulihkan data / still recovering data ({seconds} s)")
            time.sleep(PAUSE_SECONDS)
        if self._tcp_port not in (None, tcp_port_of(self._place)):
            raise EmbeddedServerError(
                f"the server is already running without TCP port {self._tcp_port}: "
                "end the programs that use it, then start again"
            )

    def _launch(self) -> None:
        if self._tcp_port:
            refuse_busy(self._tcp_port)
        if not self._place.cluster.exists():
            self._report("menyiapkan data / preparing the data")
        self._report("menyalakan server / starting the server")
        self._cluster.launch(self._tcp_port)


def refuse_busy(tcp_port: int) -> None:
    """Raises EmbeddedServerError when another program listens there."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", tcp_port))
        except OSError as error:
            raise EmbeddedServerError(
                f"TCP port {tcp_port} cannot be had ({error.strerror}): choose another"
            ) from error
