"""A rebuild after the other, in a process of its own, until it is ended."""

import asyncio
import contextlib
import json
import os

from jaringan_usaha import house
from jaringan_usaha.eventlog.rebuild import Differs, rebuild


async def again_and_again(url: str) -> None:
    while True:
        with contextlib.suppress(Differs):
            await rebuild(url, house.event_types(), house.PROJECTIONS)


if __name__ == "__main__":
    print(json.dumps({"url": ""}), flush=True)
    asyncio.run(again_and_again(os.environ["JARINGAN_DATABASE_URL"]))
