"""`jaringan demo`: the story of a hundred koperasi, from nothing, in under a minute."""

from typing import Annotated

import typer

from jaringan_usaha.cli.options import Debug, Json


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="End after the tables, and leave nothing running.")
    ] = False,
    fast: Annotated[bool, typer.Option("--fast", help="No pauses for people to follow.")] = False,
    port: Annotated[
        int, typer.Option(min=1, max=65_535, help="The port, or the next one that is free.")
    ] = 8000,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Bandung: 100 koperasi buy together from four suppliers, on fresh data of its own.

    The last order reaches a price; one supplier delivers in two parts, another too little; the
    freight bill comes again when all is sold. The tables show what each koperasi saved and
    earned, and why; six checks compare them with a separate calculation.

    Everything goes through the HTTP API. Afterwards the service stays, with a second cycle that
    orders go on arriving in, until Ctrl-C.

    \b
    Example:
      jaringan demo
      jaringan demo --once --json
    """
    from jaringan_usaha.cli import telling

    telling.run(once=once, fast=fast, port=port, as_json=as_json)
