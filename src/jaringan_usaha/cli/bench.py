"""`jaringan bench`: the measurements that the repository keeps."""

from typing import Annotated

import typer

from jaringan_usaha.cli.options import Debug, Json


def bench(
    name: Annotated[str | None, typer.Argument(help="One measurement; all without it.")] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Measure against the yardsticks of the same run, and print ratios.

    \b
    Example:
      jaringan bench orders --json
    """
    import subprocess
    import sys

    from jaringan_usaha.cli.checkout import repository
    from jaringan_usaha.cli.errors import Sorry

    top = repository()
    if top is None or not (top / "bench" / "__main__.py").exists():
        raise Sorry("the harness is in the repository, not in the installed package: run it there")
    named = [name] if name else []
    options = ["--json"] if as_json else []
    done = subprocess.run(  # noqa: S603  this very Python, with arguments of our own
        [sys.executable, "-m", "bench", *named, *options], cwd=top, check=False
    )
    raise typer.Exit(done.returncode)
