"""The running service: one process for HTTP, the follower as its child, the database watched."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import uvicorn

from jaringan_usaha.app import create_app
from jaringan_usaha.cli.database import Database, make_ready, settings_with, the_database
from jaringan_usaha.cli.errors import Sorry
from jaringan_usaha.cli.logs import write_logs
from jaringan_usaha.cli.parent import command, keep_running
from jaringan_usaha.cli.protocol import Protocol, check_uvicorn
from jaringan_usaha.cli.resealing import check_sealed
from jaringan_usaha.cli.says import say, show, show_json
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.eventlog.database import FULL, LOST, open_pool
from jaringan_usaha.eventlog.projector import listening
from jaringan_usaha.settings import Settings

logger = logging.getLogger(__name__)

BACKLOG = 2_048
LAST_REQUESTS_SECONDS = 10
AGAIN_SECONDS = 0.5


def run(
    *,
    host: str | None,
    port: int | None,
    network: int | None,
    follow: bool,
    access_log: bool,
    as_json: bool,
) -> None:
    """Serve until SIGINT or SIGTERM; nothing is left running.

    Raises Sorry for a port that cannot be had, before anything else is started; NotMigrated;
    NoMasterKey.
    """
    settings = settings_with(host=host, port=port, network=network)
    write_logs(settings.log_level, access=access_log)
    with (
        listening_on(settings.host, settings.port) as listener,
        the_database(settings) as database,
    ):
        settings = database.settings(settings)

        def ready() -> None:
            address = address_of(listener)
            if as_json:
                show_json({"url": address, "pid": os.getpid()})
            else:
                show(f"{address}  (Ctrl-C ends it; a key: jaringan keys create --role operator)")

        asyncio.run(_serve(settings, database, listener, follow, ready))


@contextlib.contextmanager
def listening_on(host: str, port: int) -> Iterator[socket.socket]:
    """The port, ours from now on: who comes before we are ready waits. Raises Sorry."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise Sorry(f"{host} is no address here ({error.strerror}): choose another") from None
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError as error:
            raise Sorry(
                f"port {port} of {host} cannot be had ({error.strerror}): "
                "end the program that has it, or choose another with --port"
            ) from None
        yield listener


def address_of(listener: socket.socket) -> str:
    """The URL under which this machine reaches the service."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  shown, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server(uvicorn.Server):
    """uvicorn, which says when it is ready and leaves signals to us."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn does, but a signal that was obeyed is not raised a second time."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            self._ready()


async def _serve(
    settings: Settings,
    database: Database,
    listener: socket.socket,
    follow: bool,
    ready: Callable[[], None],
) -> None:
    await check_uvicorn()
    await make_ready(database, settings.network)
    await check_sealed(settings)  # or say at once what is wrong with the master key
    config = uvicorn.Config(
        create_app(settings),
        http=Protocol,
        ws="none",
        log_config=None,
        access_log=False,  # the door writes its own
        server_header=False,
        proxy_headers=bool(settings.forwarded_allow_ips),
        forwarded_allow_ips=settings.forwarded_allow_ips,
        backlog=BACKLOG,
        timeout_graceful_shutdown=LAST_REQUESTS_SECONDS,
    )
    beside: list[Coroutine[Any, Any, None]] = []
    if follow:
        environment = {"JARINGAN_DATABASE_URL": database.url}
        beside.append(keep_running(command("follow"), environment))
    if database.folder is not None:
        beside.append(keep_up(database))
    async with _running(beside):
        try:
            await Server(config, ready).serve(sockets=[listener])
        except SystemExit:
            raise Sorry("the service did not start: what it says stands above") from None


@contextlib.asynccontextmanager
async def _running(coroutines: list[Coroutine[Any, Any, None]]) -> Any:
    tasks = [asyncio.create_task(each) for each in coroutines]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def keep_up(database: Database) -> None:
    """Start the embedded server again when it dies; noticed at once, by a connection that ends."""
    while True:
        try:
            await _until_it_is_gone(database.url)
            logger.warning("the embedded server is gone; starting it again")
            await asyncio.to_thread(_start_again, database)
        except Exception as error:
            logger.error("the embedded server cannot be watched: %s", error)
        await asyncio.sleep(AGAIN_SECONDS)


async def _until_it_is_gone(url: str) -> None:
    with contextlib.suppress(*LOST, *FULL):
        pool = await open_pool(url, most=1)
        try:
            async with listening(pool, "serve", lambda _: None) as lost:
                await lost.wait()
        finally:
            pool.terminate()


def _start_again(database: Database) -> None:
    """Bring the server up as one more user of it, and leave it to the users that it has."""
    with EmbeddedServer(database.folder, say):
        pass
