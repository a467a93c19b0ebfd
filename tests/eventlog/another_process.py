"""A process of the house to be stopped, killed and resumed: commands in, answers out, as lines.

    python -m eventlog.another_process URL NETWORK

A line asks for coins to be put (`put`) or a shelf to be closed (`close`), with its key. With
`"silent": true` the answer is never given though the command was handled; with `"sleep": true`
the process stops itself when it has decided and before it appends.
"""

import asyncio
import json
import os
import signal
import sys
from typing import Any
from uuid import UUID

from eventlog.jars import CloseShelf, JarCommand, PutCoins, jars
from eventlog.keys import asked
from eventlog.logs import open_log
from jaringan_usaha.eventlog.appender import Appender, Outcome, Proposal
from jaringan_usaha.eventlog.database import open_pool
from jaringan_usaha.kernel.rejections import Rejection


class Sleeper(Appender):
    """Stops the whole process between decision and append, when told to."""

    sleeps = False

    def submit(self, proposal: Proposal) -> "asyncio.Future[Outcome]":
        if self.sleeps:
            self.sleeps = False
            os.kill(os.getpid(), signal.SIGSTOP)
        return super().submit(proposal)


def command_of(line: dict[str, Any]) -> JarCommand:
    frame = asked(UUID(line["key"]))
    if line["do"] == "close":
        return CloseShelf(asked=frame, shelf_id=line["shelf"])
    return PutCoins(asked=frame, jar_id=line["jar"], shelf_id=line["shelf"])


async def main(url: str, network_id: int) -> None:
    pool = await open_pool(url, most=4)
    appender = Sleeper(pool, network_id)
    log = await open_log(pool, network_id, appender=appender)

    async def handle(line: dict[str, Any]) -> None:
        appender.sleeps = line.get("sleep", False)
        said: dict[str, Any]
        try:
            recorded = await log.handle(jars, command_of(line))
            said = {"position": recorded.position, "replayed": recorded.replayed}
        except Rejection as rejection:
            said = {"refused": rejection.code}
        if not line.get("silent"):
            print(json.dumps({"key": line["key"], **said}), flush=True)

    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
    )
    print("ready", flush=True)
    async with asyncio.TaskGroup() as tasks:
        async for line in lines:
            tasks.create_task(handle(json.loads(line)))
    await pool.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
