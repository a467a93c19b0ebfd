"""A rebuild after the other, in a process of its own, until it is ended."""

import asyncio
import json
import os

from jaringan_usaha import house
from jaringan_usaha.eventlog.rebuild import Differs, rebuild


async def again_and_again(url: str) -> None:
    while True:
        try:
            await rebuild(url, house.event_types(), house.PROJECTIONS)
        except Differs:
            pass


if __name__ == "__main__":
    print(json.dumps({"url": ""}), flush=True)
    asyncio.run(again_and_again(os.environ["JARINGAN_DATABASE_URL"]))
