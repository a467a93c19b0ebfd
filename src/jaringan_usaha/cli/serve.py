"""`jaringan serve`: the HTTP service, and beside it the follower and the embedded database."""

from typing import Annotated

import typer

from jaringan_usaha.cli.options import Debug, Json, Network, WithParent


def serve(
    host: Annotated[
        str | None, typer.Option(help="The address to listen on.  [env: JARINGAN_HOST]")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65_535, help="The port; 0 takes a free one.  [env: JARINGAN_PORT]"),
    ] = None,
    network: Network = None,
    no_follow: Annotated[
        bool, typer.Option("--no-follow", help="Leave the read tables to `jaringan follow`.")
    ] = False,
    access_log: Annotated[
        bool, typer.Option("--access-log", help="Write a line for every request.")
    ] = False,
    as_json: Json = False,
    with_parent: WithParent = False,
    debug: Debug = False,
) -> None:
    """Serve the HTTP API until Ctrl-C, and keep the read tables level with the log.

    \b
    Example:
      jaringan serve --port 8080
      JARINGAN_DATABASE_URL=postgresql://user@db/jaringan jaringan serve --host 0.0.0.0
    """
    from jaringan_usaha.cli import service
    from jaringan_usaha.cli.parent import end_with_parent

    if with_parent:
        end_with_parent()
    service.run(
        host=host,
        port=port,
        network=network,
        follow=not no_follow,
        access_log=access_log,
        as_json=as_json,
    )
