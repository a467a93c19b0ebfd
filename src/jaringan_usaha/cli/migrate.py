"""`jaringan migrate`: bring the database up to this program."""

from typing import Annotated

import typer

from jaringan_usaha.cli.options import Debug, Json


def migrate(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be applied.")
    ] = False,
    network: Annotated[
        list[int] | None,
        typer.Option("--network", min=1, help="Open this network too; may be repeated."),
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Apply the migrations that the database lacks, register event types, open networks.

    \b
    Example:
      JARINGAN_DATABASE_URL=postgresql://owner@db/jaringan jaringan migrate --dry-run
      jaringan migrate --network 1 --network 2
    """
    import asyncio

    from jaringan_usaha import house
    from jaringan_usaha.cli.database import as_owner, settings_with, the_database
    from jaringan_usaha.cli.says import say, show, show_json
    from jaringan_usaha.eventlog.migrate import migrate as bring_up

    settings = settings_with()

    async def run(url: str) -> list[str]:
        async with as_owner(database):
            return await bring_up(
                url,
                house.event_types(),
                house.topics(),
                network or [settings.network],
                dry_run=dry_run,
                report=say,
            )

    with the_database(settings) as database:
        names = asyncio.run(run(database.url))
    if as_json:
        show_json({"dry_run": dry_run, "migrations": names})
    elif not names:
        show("nothing to apply: the database fits this program")
    else:
        show(f"{'would apply' if dry_run else 'applied'} {', '.join(names)}")
