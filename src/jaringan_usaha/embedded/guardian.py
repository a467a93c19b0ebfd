"""The process that outlives the server's users and stops the server when the last is gone."""

import os
import sys
from pathlib import Path

from jaringan_usaha.embedded.binaries import Binaries
from jaringan_usaha.embedded.cluster import Cluster
from jaringan_usaha.embedded.locks import FileLock
from jaringan_usaha.embedded.place import Place


def guard(place: Place, binaries: Binaries, guardian_lock: int) -> None:
    """Wait until nobody uses the server, then stop it.

    guardian.lock goes first: whoever gets users.lock next must see that a new guardian is needed.
    """
    with FileLock(place.users_lock).seize():
        Cluster(place, binaries).stop()
        os.close(guardian_lock)


def main() -> None:
    """Called with the data folder, the bin folder, and the open file that is guardian.lock."""
    folder, binaries, guardian_lock = sys.argv[1:]
    if os.fork():
        os._exit(0)  # the starter goes on; the child belongs to no terminal and to nobody
    os.setsid()
    guard(Place(Path(folder)), Binaries(Path(binaries)), int(guardian_lock))


if __name__ == "__main__":
    main()
