"""`jaringan import retail`: a year of real receipts through the API, compared to the last unit."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from jaringan_usaha.cli.options import Debug, Json

app = typer.Typer()

Prices = Literal["stated", "listed"]


@app.callback()
def options() -> None:
    """Bring data in through the API.

    \b
    Example:
      jaringan import retail --weeks 4
    """


@app.command()
def retail(
    weeks: Annotated[
        int | None, typer.Option(min=1, max=53, help="Only the first weeks; all without it.")
    ] = None,
    prices: Annotated[
        Prices, typer.Option(help="As paid (stated), or bought together at listed prices.")
    ] = "stated",
    shops: Annotated[
        int | None, typer.Option(min=1, max=457, help="Only the shops with the most receipts.")
    ] = None,
    rate: Annotated[int, typer.Option(min=1, help="Rupiah for a dollar.")] = 15_000,
    clients: Annotated[int, typer.Option(min=1, max=64, help="Points of sale at once.")] = 8,
    seed: Annotated[int, typer.Option(help="Which requests are repeated or cut.")] = 2017,
    folder: Annotated[
        Path | None, typer.Option(help="Keep the data here; else they are gone afterwards.")
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="A running service, instead of one's own.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="An operator's key of that service.")] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Import the receipts of completejourney: shop = koperasi, basket = order, week = cycle.

    The service is one of its own on an empty database, so your data stay untouched. Requests are
    repeated and connections cut on purpose; then every total is compared with one worked out by
    polars from the files. Exit code 1 when anything differs.

    At listed prices the group buys at tiers in whole cases; goods are received short and in parts,
    invoiced with PPN, and charged with fee and freight.

    \b
    Example:
      jaringan import retail --weeks 4 --json
      jaringan import retail --prices listed --weeks 2 --shops 20
      jaringan import retail --url http://127.0.0.1:8000 --key ju_live_…
    """
    from jaringan_usaha.cli import importing

    equal = importing.run(
        prices=prices,
        weeks=weeks,
        shops=shops,
        rate=rate,
        clients=clients,
        seed=seed,
        folder=folder,
        service=(url, key),
        as_json=as_json,
    )
    if not equal:
        raise typer.Exit(1)
