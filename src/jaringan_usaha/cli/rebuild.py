"""`jaringan rebuild`: new read tables in the place of the live ones."""

from jaringan_usaha.cli.options import Debug, Json


def rebuild(as_json: Json = False, debug: Debug = False) -> None:
    """Fold the whole log into new read tables beside the live ones, compare, and switch.

    The service goes on meanwhile. Needed when the tables' shape has changed, or after a
    projection stopped at an event that a newer program understands.

    \b
    Example:
      jaringan rebuild
    """
    import asyncio

    from jaringan_usaha import house
    from jaringan_usaha.cli.database import as_owner, settings_with, the_database
    from jaringan_usaha.cli.folding import folding
    from jaringan_usaha.cli.says import number, show, show_json
    from jaringan_usaha.eventlog import rebuild as rebuilding

    async def run(url: str) -> rebuilding.Rebuilt:
        async with as_owner(database):
            with folding("rebuilding") as report:
                return await rebuilding.rebuild(
                    url, house.event_types(), house.PROJECTIONS, report=report
                )

    with the_database(settings_with()) as database:
        rebuilt = asyncio.run(run(database.url))
    if as_json:
        show_json({"events": rebuilt.events, "compared": rebuilt.compared_tables > 0})
    else:
        compared = "equal to the former ones" if rebuilt.compared_tables else "nothing to compare"
        show(f"{number(rebuilt.events)} events folded into new read tables ({compared}); switched")
