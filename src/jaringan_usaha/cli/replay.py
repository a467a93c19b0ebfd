"""`jaringan replay`: the proof that the read tables are what the log says."""

import typer

from jaringan_usaha.cli.options import Debug, Json


def replay(as_json: Json = False, debug: Debug = False) -> None:
    """Fold the whole log into tables of its own and compare them with the live ones.

    Nothing is switched, and the service goes on. Exit code 1 when any table differs.

    \b
    Example:
      jaringan replay --json
    """
    import asyncio
    from dataclasses import asdict

    from rich import box
    from rich.console import Console
    from rich.table import Table

    from jaringan_usaha import house
    from jaringan_usaha.cli.database import as_owner, settings_with, the_database
    from jaringan_usaha.cli.folding import folding
    from jaringan_usaha.cli.says import number, show, show_json
    from jaringan_usaha.eventlog import rebuild as rebuilding

    async def run(url: str) -> rebuilding.Replayed:
        async with as_owner(database):
            with folding("replaying") as report:
                return await rebuilding.replay(
                    url, house.event_types(), house.PROJECTIONS, report=report
                )

    with the_database(settings_with()) as database:
        replayed = asyncio.run(run(database.url))
    if as_json:
        shown = asdict(replayed)
        for network in shown["networks"]:
            for row in network["tables"]:
                row["agrees"] = row["live"] == row["replayed"]
        show_json({**shown, "agrees": replayed.agrees})
    else:
        for network in replayed.networks:
            table = Table(
                title=f"network {network.network_id} at position {number(network.position)}"
                f" of {number(network.head)}",
                box=box.SIMPLE,
            )
            for title in ("table", "live rows", "replayed rows", "digest"):
                table.add_column(title, justify="right" if "rows" in title else "left")
            for each in network.tables:
                agrees = each.live == each.replayed
                table.add_row(
                    each.table_name,
                    number(each.live.rows) if each.live else "–",
                    number(each.replayed.rows) if each.replayed else "–",
                    f"✓ {each.live.digest[:16] if each.live else ''}" if agrees else "✗ differs",
                )
            Console().print(table)
            for sentence in network.unsound:
                show(f"✗ {sentence}")
        show(
            "✓ live and replayed tables agree"
            if replayed.agrees
            else "✗ they do not agree: run `jaringan rebuild`"
        )
    if not replayed.agrees:
        raise typer.Exit(1)
