"""One database cluster: made, launched, asked, stopped."""

import os
import re
import shlex
import shutil
import time
from pathlib import Path

from jaringan_usaha.embedded.binaries import Binaries
from jaringan_usaha.embedded.errors import EmbeddedServerError, failed
from jaringan_usaha.embedded.locks import FileLock
from jaringan_usaha.embedded.place import MAJOR, Place, make_private
from jaringan_usaha.embedded.settings import DATABASE, ROLE, port_of, write_settings

STOP_PATIENCE_SECONDS = 60
PAUSE_SECONDS = 0.05
LOG_LINES_SHOWN = 5
ACCEPTS, REJECTS = 0, 1  # what pg_isready ends with when a server is there
MAKE_CLUSTER = (
    f"--username={ROLE}",
    "--auth=peer",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--data-checksums",
)


class Cluster:
    """The server's processes all hold `server.lock`, inherited from the launch.

    So the kernel says whether any of them lives, the last straggler of a killed server included,
    and no process number from a file is ever believed.
    """

    def __init__(self, place: Place, binaries: Binaries) -> None:
        self._place = place
        self._binaries = binaries

    def has_processes(self) -> bool:
        """Ask only with start.lock held, or users.lock held alone: the look takes the lock."""
        with FileLock(self._place.server_lock) as lock:
            return not lock.try_seize()

    def answers(self) -> bool:
        """Whether this very cluster, by its system_identifier, takes connections.

        Raises EmbeddedServerError when a server is there but turns us away or is another one.
        """
        if self._knock() != ACCEPTS:
            return False
        asked = self.psql("select system_identifier from pg_control_system()")
        if asked is None:
            return False
        if asked != self._system_identifier():
            raise EmbeddedServerError(
                f"another server answers in {self._place.socket_folder}: stop it and start again"
            )
        return True

    def psql(self, statements: str) -> str | None:
        """What the statements print; None when the server went away or has not come up.

        Raises EmbeddedServerError when it is up and says no.
        """
        options = ("-X", "-q", "-A", "-t", "--set=ON_ERROR_STOP=1")
        done = self._binaries.run(
            "psql", *options, *self._address(), "--username", ROLE, "postgres", text=statements
        )
        if done.returncode == 0:
            return done.stdout.strip()
        if self._knock() == ACCEPTS:
            raise failed("a statement to the embedded server", done.stderr, self._place.folder)
        return None

    def launch(self, tcp_port: int | None) -> None:
        """Start the server without waiting for it; start.lock is held and no process of it lives.

        Raises EmbeddedServerError when the cluster cannot be made or is of another major version.
        """
        self._refuse_other_major()
        with FileLock(self._place.server_lock).seize() as lock:
            if not self._place.cluster.exists():
                self._make(lock)
            self._forget_the_dead()
            write_settings(self._place, tcp_port)
            options = f"-D {shlex.quote(str(self._place.cluster))} -c " + shlex.quote(
                f"config_file={self._place.settings}"
            )
            with self._place.startup_log.open("wb") as log:
                self._binaries.run(
                    *("pg_ctl", "start", "--no-wait", "--silent", "--options", options),
                    *("-p", self._binaries.folder / "postgres"),
                    account=self._place.account,
                    variables={"PGDATA": str(self._place.cluster)},
                    output=log,
                    keep_open=[lock.fileno()],
                )

    def stop(self) -> None:
        """Stop what runs and wait until it is gone; users.lock is held alone.

        Gives up after about two minutes, with whatever does not react to an immediate stop.
        """
        for mode in ("fast", "immediate"):
            deadline = time.monotonic() + STOP_PATIENCE_SECONDS
            while self.has_processes() and time.monotonic() < deadline:
                if self._knock() in (ACCEPTS, REJECTS):
                    # one that listens has written its own number into postmaster.pid
                    self._binaries.run(
                        *("pg_ctl", "stop", "--silent", "--mode", mode),
                        *("--timeout", str(STOP_PATIENCE_SECONDS)),
                        *("--pgdata", self._place.cluster),
                        account=self._place.account,
                    )
                time.sleep(PAUSE_SECONDS)

    def death(self) -> EmbeddedServerError:
        """Why the server just launched is gone, from the end of its newest log."""
        logs = [self._place.startup_log, *self._place.log_folder.glob("*.log")]
        newest = max(logs, key=lambda log: log.stat().st_mtime)
        lines = newest.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
        return failed(
            f"the start of the embedded server (see {newest})", "\n".join(lines), self._place.folder
        )

    def _make(self, lock: FileLock) -> None:
        """Make the cluster and its database aside, then move it into place: whole or not at all.

        The tools inherit the lock: should we be killed, the next one waits until they are through.
        """
        fresh = self._place.unfinished_cluster
        shutil.rmtree(fresh, ignore_errors=True)
        make_private(fresh, self._place.account)
        self._must("initdb", *MAKE_CLUSTER, "--pgdata", fresh, lock=lock)
        alone = ("--single", "-c", "exit_on_error=on", "-D", fresh, "postgres")
        self._must("postgres", *alone, text=f"create database {DATABASE};\n", lock=lock)
        fresh.rename(self._place.cluster)
        make_durable(self._place.root)

    def _knock(self) -> int:
        return self._binaries.run("pg_isready", "--quiet", *self._address()).returncode

    def _address(self) -> tuple[str | Path, ...]:
        return ("--host", self._place.socket_folder, "--port", str(port_of(self._place)))

    def _system_identifier(self) -> str:
        shown = self._must("pg_controldata", self._place.cluster)
        found = re.search(r"^Database system identifier: *(\d+)$", shown, re.MULTILINE)
        return found[1] if found else ""

    def _refuse_other_major(self) -> None:
        if self._place.cluster.exists():
            others = [(self._place.cluster / "PG_VERSION").read_text().strip()]
        else:
            others = [one.name for one in self._place.root.iterdir() if one.name.isdigit()]
        if others and str(MAJOR) not in others:
            raise EmbeddedServerError(
                f"the data in {self._place.root} was made by PostgreSQL {others[0]}: "
                f"bring it to {MAJOR} with pg_upgrade, or name another folder in "
                "JARINGAN_DATA_FOLDER"
            )

    def _forget_the_dead(self) -> None:
        """Remove what a killed server left behind, which would stop or mislead the next one.

        Safe although postmaster.pid is PostgreSQL's own guard: no process of this server lives,
        and a server started by other hands is still found by its shared memory.
        """
        (self._place.cluster / "postmaster.pid").unlink(missing_ok=True)
        for left in self._place.socket_folder.glob(".s.PGSQL.*"):
            left.unlink(missing_ok=True)

    def _must(
        self, tool: str, *arguments: str | Path, text: str = "", lock: FileLock | None = None
    ) -> str:
        done = self._binaries.run(
            tool,
            *arguments,
            account=self._place.account,
            text=text,
            keep_open=[lock.fileno()] if lock else (),
        )
        if done.returncode != 0:
            raise failed(tool, done.stderr, self._place.folder)
        return done.stdout


def make_durable(folder: Path) -> None:
    """Have the disk remember a renaming inside `folder`."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
