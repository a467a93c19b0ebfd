"""Options that commands share."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Network = Annotated[
    int | None,
    typer.Option("--network", min=1, help="The network's number.  [env: JARINGAN_NETWORK]"),
]
WithParent = Annotated[
    bool,
    typer.Option("--with-parent", hidden=True, help="End when standard input ends."),
]
