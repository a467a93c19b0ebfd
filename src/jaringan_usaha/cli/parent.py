"""A process and the children it starts: whatever ends the parent ends them.

The child's standard input is a pipe whose other end only the parent holds, and never writes to.
The kernel closes it when the parent ends, `kill -9` included, and the child reads the end of the
file. Unlike the parent's process number this cannot be mistaken for another's; unlike Linux's
PR_SET_PDEATHSIG it holds on every system, also when the parent died before the child could ask
for the signal, or when only the thread ended that had started the child.
"""

import asyncio
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from asyncio.subprocess import Process
from collections.abc import Mapping

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 15
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0


def end_with_parent() -> None:
    """From now on this process ends, as by SIGTERM, when its standard input does."""
    threading.Thread(target=_wait_for_the_end, name="parent", daemon=True).start()


def _wait_for_the_end() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE_SECONDS)
    os._exit(1)  # it could not end by itself


def command(*arguments: str) -> list[str]:
    """This program with other arguments."""
    return [sys.executable, "-P", "-m", "jaringan_usaha", *arguments, "--with-parent"]


async def keep_running(arguments: list[str], environment: Mapping[str, str]) -> None:
    """Run a child until cancelled; one that ends by itself is started again after a pause."""
    pause = FIRST_PAUSE_SECONDS
    while True:
        started_at = time.monotonic()
        try:
            status = await _run(arguments, environment)
            logger.warning("`%s` ended (%s); starting it again", arguments[4], status)
        except OSError as error:
            logger.error("`%s` cannot be started: %s", arguments[4], error)
        if time.monotonic() - started_at > LONGEST_PAUSE_SECONDS:
            pause = FIRST_PAUSE_SECONDS
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


async def _run(arguments: list[str], environment: Mapping[str, str]) -> int:
    child = await asyncio.create_subprocess_exec(
        *arguments,
        env=os.environ | environment,
        stdin=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for us; we end the child
    )
    try:
        return await child.wait()
    finally:
        await asyncio.shield(_end(child))


async def _end(child: Process) -> None:
    """By the end of its input and by signal; with force if it does not listen."""
    if child.returncode is not None:
        return
    if child.stdin is not None:
        child.stdin.close()
    child.terminate()
    try:
        await asyncio.wait_for(child.wait(), PATIENCE_SECONDS)
    except TimeoutError:
        child.kill()
        await child.wait()
