"""`jaringan keys`: who may knock at the API."""

import typing
from typing import Annotated

import typer

from jaringan_usaha.cli.errors import Sorry
from jaringan_usaha.cli.options import Debug, Json, Network

app = typer.Typer()

Role = typing.Literal["operator", "koperasi"]


@app.callback()
def options() -> None:
    """Make and end the keys of the API.

    \b
    Example:
      jaringan keys create --role operator
    """


@app.command()
def create(
    role: Annotated[Role, typer.Option(help="For the whole network, or for one koperasi.")],
    koperasi: Annotated[str | None, typer.Option(help="Whom a koperasi key speaks for.")] = None,
    network: Network = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Make an API key; it is shown this once and stored only as a hash.

    \b
    Example:
      jaringan keys create --role operator
      jaringan keys create --role koperasi --koperasi kop-melati
    """
    import asyncio

    from jaringan_usaha.cli.database import make_ready, settings_with, the_database
    from jaringan_usaha.cli.issuing import issue
    from jaringan_usaha.cli.says import say, show, show_json

    if (role == "koperasi") != (koperasi is not None):
        raise Sorry("a key of the role koperasi, and only that, needs --koperasi ID: add it")
    settings = settings_with(network=network)

    async def run(url: str) -> str:
        await make_ready(database, settings.network)
        return (await issue(url, settings.network, [(role, koperasi)]))[0]

    with the_database(settings) as database:
        key = asyncio.run(run(database.url))
    if as_json:
        show_json({"key": key, "role": role, "koperasi_id": koperasi, "network": settings.network})
    else:
        say("keep it safe, it is not shown again:")
        show(key)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's public part: 12 signs after ju_live_.")],
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """End an API key; within a second it opens nothing any more.

    \b
    Example:
      jaringan keys revoke 4fTx0kQ2LmZa
    """
    import asyncio

    from jaringan_usaha.cli.database import make_ready, settings_with, the_database
    from jaringan_usaha.cli.issuing import revoke as end
    from jaringan_usaha.cli.says import show, show_json

    settings = settings_with()

    async def run(url: str) -> bool:
        await make_ready(database, settings.network)
        return await end(url, key_id)

    with the_database(settings) as database:
        revoked = asyncio.run(run(database.url))
    if not revoked:
        raise Sorry("there is no live key of that id: give the 12 signs after ju_live_")
    if as_json:
        show_json({"revoked": True})
    else:
        show("revoked")
