"""`jaringan import prices`: a supplier's table, previewed, answered, and stored when confirmed."""

from pathlib import Path
from typing import Annotated

import typer

from jaringan_usaha.cli.options import Debug, Json


def prices(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="A .csv, .xlsx, .xls or .ods table.")
    ],
    supplier: Annotated[str, typer.Option(help="The supplier's id.")],
    url: Annotated[str, typer.Option(envvar="JARINGAN_URL", help="The running service.")],
    key: Annotated[str, typer.Option(envvar="JARINGAN_KEY", help="An operator's key.")],
    valid_from: Annotated[
        str, typer.Option(metavar="DATE", help="First day of the prices, as 2026-03-01.")
    ],
    valid_until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Last day; open without it.")
    ] = None,
    incremental: Annotated[
        bool, typer.Option("--incremental", help="Each part of a quantity at its own tier.")
    ] = False,
    import_id: Annotated[
        str | None, typer.Option("--id", help="Of the import and the list; made of the file else.")
    ] = None,
    answers: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|interactive", help="A JSON object of answers by question, or ask here."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Store it when no question is open.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Bring in a supplier's price table: what would change is shown before anything is stored.

    What cannot be read for sure is asked and never guessed; nothing is stored while a question
    is open. Answers that hold for the supplier's next file are remembered. Exit code 1 while
    questions are open.

    \b
    Example:
      jaringan import prices harga.xlsx --supplier indofood --valid-from 2026-03-01
      jaringan import prices harga.xlsx --supplier indofood --valid-from 2026-03-01 \\
        --answers answers.json --yes --json
    """
    from jaringan_usaha.cli import price_files

    stored_or_ready = price_files.run(
        file,
        service=(url, key),
        terms={
            "supplier_id": supplier,
            "valid_from_on": valid_from,
            **({"valid_until_on": valid_until} if valid_until else {}),
            "tier_mode": "incremental" if incremental else "all_units",
        },
        import_id=import_id,
        answers=answers,
        yes=yes,
        as_json=as_json,
    )
    if not stored_or_ready:
        raise typer.Exit(1)
