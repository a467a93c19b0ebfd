"""`jaringan import market-prices`: the food agency's table of daily consumer prices."""

from pathlib import Path
from typing import Annotated

import typer

from jaringan_usaha.cli.options import Debug, Json


def market_prices(
    file: Annotated[Path, typer.Argument(help="The table, CSV in UTF-8.")],
    region: Annotated[str, typer.Option(help="Kemendagri code of the regency or city, as 32.73.")],
    source: Annotated[str, typer.Option(help="Whose table it is.")] = "Badan Pangan Nasional",
    url: Annotated[
        str | None, typer.Option(help="A running service, instead of one on your own data.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="An operator's key of that service.")] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Import what goods cost in the markets of a region, day by day.

    A price of 0 says that nobody observed one, and is never taken for a price. The same table
    again changes nothing.

    \b
    Example:
      jaringan import market-prices harga.csv --region 32.73
      jaringan import market-prices harga.csv --region 32.73 --url http://127.0.0.1:8000 \\
        --key ju_live_…
    """
    from jaringan_usaha.cli import observing

    observing.run(file, region, source, service=(url, key), as_json=as_json)
