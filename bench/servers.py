"""Yardsticks that answer HTTP: what the same request costs without our house, or with another.

`python -m bench.servers noop`: FastAPI, our body, nothing done with it.
`python -m bench.servers recorder`: the `eventsourcing` package's PostgreSQL recorder behind
FastAPI, one commit per order, as its documentation has it. It needs psycopg:
`pip install "psycopg[binary,pool]"`.
"""

import asyncio
import json
import os
import socket
import sys
from uuid import uuid4

import uvicorn
from fastapi import FastAPI

from jaringan_usaha.features.cycles.orders.routes import OrderBody


def noop() -> FastAPI:
    app = FastAPI()

    @app.post("/orders", status_code=201)
    async def place(body: OrderBody) -> dict[str, int]:
        return {"position": 1, "version": len(body.lines)}

    return app


def recorder(address: str) -> FastAPI:
    from eventsourcing.persistence import StoredEvent
    from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

    folder, database = address.split("|")
    store = PostgresDatastore(database, folder, 5432, "jaringan", "", pool_size=8, max_overflow=8)
    events = PostgresApplicationRecorder(store, events_table_name="yard_events")
    events.create_table()
    app = FastAPI()

    @app.post("/orders", status_code=201)
    def place(body: OrderBody) -> dict[str, int]:
        event = StoredEvent(uuid4(), 1, "cycles:OrderPlaced", body.model_dump_json().encode())
        (position,) = events.insert_events([event]) or [0]
        return {"position": position, "version": 1}

    return app


async def serve(app: FastAPI) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=2_048)
    config = uvicorn.Config(
        app, http="httptools", ws="none", log_config=None, access_log=False, backlog=2_048
    )
    print(json.dumps({"url": f"http://127.0.0.1:{listener.getsockname()[1]}"}), flush=True)
    await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    asyncio.run(serve(noop() if sys.argv[1] == "noop" else recorder(os.environ["BENCH_DATABASE"])))
