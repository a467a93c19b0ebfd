"""Where the embedded server keeps its files, and the account it runs as."""

import hashlib
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from jaringan_usaha.embedded.errors import EmbeddedServerError

MAJOR = 18
SOCKET_PATH_LIMIT_BYTES = 103  # macOS; Linux allows 107
LONGEST_SOCKET_NAME = ".s.PGSQL.65535"


@dataclass(frozen=True)
class Account:
    """A user of the operating system."""

    name: str
    uid: int
    gid: int

    @staticmethod
    def of(uid: int) -> "Account":
        """Raises EmbeddedServerError for a number without a name: PostgreSQL refuses those."""
        try:
            entry = pwd.getpwuid(uid)
        except KeyError:
            raise EmbeddedServerError(
                f"user id {uid} has no name in /etc/passwd: give it one, PostgreSQL asks for it"
            ) from None
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)

    def may_enter(self, path: Path) -> bool:
        """Whether every folder down to `path`, and `path` itself, opens to this account."""
        return all(self._may_pass(step.stat()) for step in (path, *path.parents))

    def _may_pass(self, seen: os.stat_result) -> bool:
        if seen.st_uid == self.uid:
            return bool(seen.st_mode & stat.S_IXUSR)
        if seen.st_gid == self.gid:
            return bool(seen.st_mode & stat.S_IXGRP)
        return bool(seen.st_mode & stat.S_IXOTH)


def we_are_root() -> bool:
    return os.geteuid() == 0


def default_data_folder() -> Path:
    """JARINGAN_DATA_FOLDER, else /var/lib for root, else the user's own data folder."""
    if named := os.environ.get("JARINGAN_DATA_FOLDER"):
        return Path(named)
    if we_are_root():
        return Path("/var/lib/jaringan_usaha")
    shared = Path(os.environ.get("XDG_DATA_HOME", ""))
    own = shared if shared.is_absolute() else Path.home() / ".local" / "share"
    return own / "jaringan_usaha"


class Place:
    """The files of one embedded server.

    Run by root, only `cluster`, `socket_folder` and `log_folder` belong to the server's account;
    root itself never writes inside them, so that account cannot lead root's pen elsewhere.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()  # one name, whichever way a process came to it
        self.root = self.folder / "postgres"
        self.cluster = self.root / str(MAJOR)
        self.unfinished_cluster = self.root / f"{MAJOR}.unfinished"
        self.log_folder = self.root / "log"
        self.startup_log = self.root / "startup.log"
        self.settings = self.root / "server.conf"
        self.access = self.root / "access.conf"
        self.names = self.root / "names.conf"
        self.tcp_port = self.root / "tcp_port"
        self.users_lock = self.root / "users.lock"
        self.start_lock = self.root / "start.lock"
        self.server_lock = self.root / "server.lock"
        self.guardian_lock = self.root / "guardian.lock"
        self.guardian_log = self.root / "guardian.log"

    @property
    def socket_folder(self) -> Path:
        """Beside the data, or, where that path is too long, one that any process finds again."""
        beside = self.root / "socket"
        if len(os.fsencode(beside / LONGEST_SOCKET_NAME)) <= SOCKET_PATH_LIMIT_BYTES:
            return beside
        mark = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        # not TMPDIR, which differs from process to process; make_private refuses another's folder
        return Path("/tmp") / f"jaringan-{mark}"  # noqa: S108

    @property
    def account(self) -> Account:
        """Who runs the server: us; or, when we are root, the cluster's owner, else a service user.

        Raises EmbeddedServerError when the named service user does not exist or is root.
        """
        if not we_are_root():
            return Account.of(os.geteuid())
        if self.cluster.exists():
            return Account.of(self.cluster.stat().st_uid)
        named = os.environ.get("JARINGAN_SERVICE_USER")
        for name in [named] if named else ["postgres", "nobody"]:
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            if entry.pw_uid != 0:
                return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
        raise EmbeddedServerError(
            "PostgreSQL must not run as root: name an existing user in JARINGAN_SERVICE_USER"
        )

    def make(self) -> None:
        """Make the folders that are missing; the mode of one that exists is never changed.

        Raises OSError when they cannot be made, EmbeddedServerError when the server could not use
        them.
        """
        mode = 0o755 if we_are_root() else 0o700
        for folder in (self.folder, self.root):
            if not folder.exists():
                folder.mkdir(parents=True, exist_ok=True)
                folder.chmod(mode)  # whatever the umask
        owner = self.root.stat().st_uid
        if owner != os.geteuid():
            raise EmbeddedServerError(
                f"{self.root} belongs to {Account.of(owner).name}: run as that user, "
                "or name another folder in JARINGAN_DATA_FOLDER"
            )
        if not self.account.may_enter(self.root):
            raise EmbeddedServerError(
                f"the service user {self.account.name} cannot enter {self.root}: "
                "name a folder outside closed ones in JARINGAN_DATA_FOLDER"
            )
        make_private(self.log_folder, self.account)
        make_private(self.socket_folder, self.account)


def make_private(folder: Path, account: Account) -> None:
    """A folder only `account` may open; raises EmbeddedServerError if it is another's already."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or found.st_mode & 0o077:
            raise EmbeddedServerError(
                f"{folder} is not a private folder of {account.name}: remove it and start again"
            ) from None
    else:
        os.chown(folder, account.uid, account.gid)
