"""The follower in a process of its own, which says when it runs."""

import asyncio
import json
import os

from jaringan_usaha.follower import run_follower
from jaringan_usaha.settings import Settings

if __name__ == "__main__":
    print(json.dumps({"url": ""}), flush=True)
    asyncio.run(run_follower(os.environ["JARINGAN_DATABASE_URL"], Settings().memory_facts))
