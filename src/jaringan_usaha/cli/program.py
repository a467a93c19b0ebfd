"""The program `jaringan`: its commands, and what becomes of their errors."""

import sys
from typing import Annotated

import typer

import jaringan_usaha
from jaringan_usaha.cli import (
    bench,
    contract,
    demo,
    doctor,
    follow,
    keys,
    market_prices,
    migrate,
    people,
    prices,
    privacy,
    rebuild,
    replay,
    retail,
    serve,
)
from jaringan_usaha.cli.errors import tell

app = typer.Typer(
    name="jaringan",
    epilog=(
        "Without JARINGAN_DATABASE_URL the embedded PostgreSQL in JARINGAN_DATA_FOLDER is used. "
        "Exit codes: 0 done, 1 an error or a check that failed, 2 wrong use, 130 interrupted."
    ),
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"max_content_width": 100},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(jaringan_usaha.__version__)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Belanja bareng: many koperasi, one order, one better price, every step recorded.

    \b
    Example:
      jaringan demo
    """


for command, short_help in (
    (demo.demo, "Show it all on made-up data: a hundred koperasi buy together."),
    (serve.serve, "Serve the HTTP API, and follow the log beside it."),
    (follow.follow, "Follow the log alone."),
    (migrate.migrate, "Bring the database up to this program."),
    (replay.replay, "Prove that the read tables are what the log says."),
    (rebuild.rebuild, "Fold the log into new read tables and switch to them."),
    (doctor.doctor, "Say what is well, what is not, and what mends it."),
    (contract.openapi, "Write the API's contract and the schemas of events."),
    (bench.bench, "Measure against the yardsticks of the same run."),
):
    app.command(short_help=short_help)(command)
retail.app.command("market-prices")(market_prices.market_prices)
retail.app.command(short_help="Bring in a supplier's price table, after its questions.")(
    prices.prices
)
app.add_typer(retail.app, name="import", short_help="Bring data in through the API.")
app.add_typer(
    privacy.app, name="privacy", short_help="Whom to tell when personal data got out, and what."
)
app.add_typer(keys.app, name="keys", short_help="Make and end the keys of the API.")
app.add_typer(people.app, name="people", short_help="Let people in who log in, and end them.")


def main() -> None:
    """Run the command that the command line asks for, and end the process with its exit code."""
    try:
        command = typer.main.get_command(app)
        arguments = sys.argv[1:] or ["--help"]
        status = command.main(arguments, prog_name="jaringan", standalone_mode=False)
    except Exception as error:
        status = tell(error)
    sys.exit(status if isinstance(status, int) else 0)
