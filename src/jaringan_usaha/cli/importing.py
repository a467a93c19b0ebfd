"""Runs an import on a service of its own, or on the one that is named."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Literal

from rich.console import Console

from jaringan_usaha.cli.errors import Sorry
from jaringan_usaha.cli.own_service import own_service, temporary_folder
from jaringan_usaha.cli.says import show_json
from jaringan_usaha.client.service import ServiceProblem


def run(
    *,
    prices: Literal["stated", "listed"],
    weeks: int | None,
    shops: int | None,
    rate: int,
    clients: int,
    seed: int,
    folder: Path | None,
    service: tuple[str | None, str | None],
    as_json: bool,
) -> bool:
    """Whether nothing was lost and nothing is double. Raises Sorry."""
    try:
        from jaringan_usaha.retail import replay, run, source
    except ModuleNotFoundError as error:
        raise Sorry(
            f"{error.name} is not installed: run `pip install 'jaringan-usaha[retail]'`"
        ) from None
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    refusals = (
        source.RetailDataMissing,
        source.NotWholeCents,
        replay.ImportRefused,
        ServiceProblem,
    )
    try:
        source.retail_files()
        with _service(folder, *service) as (url, key):
            compared = asyncio.run(
                run.import_retail(
                    url,
                    key,
                    prices=prices,
                    shops=shops,
                    weeks=None if weeks is None else list(range(1, weeks + 1)),
                    rate=rate,
                    clients=clients,
                    seed=seed,
                    console=Console(stderr=True),
                )
            )
    except refusals as error:
        raise Sorry(str(error)) from error
    if as_json:
        show_json(compared.as_json())
    else:
        compared.show(Console())
    return compared.equal


@contextmanager
def _service(folder: Path | None, url: str | None, key: str | None) -> Iterator[tuple[str, str]]:
    if url is not None and key is not None:
        yield url, key
        return
    if url is not None or key is not None:
        raise Sorry("give --url and --key together, or neither of them")
    with (
        nullcontext(folder) if folder else temporary_folder() as own,
        own_service(own, 0, [("operator", None)]) as service,
    ):
        yield service.url, service.keys[0]
