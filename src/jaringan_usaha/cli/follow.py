"""`jaringan follow`: the follower alone."""

from jaringan_usaha.cli.options import Debug, Json, Network, WithParent


def follow(
    network: Network = None,
    as_json: Json = False,
    with_parent: WithParent = False,
    debug: Debug = False,
) -> None:
    """Keep the read tables level with the log and close cycles in time, until Ctrl-C.

    `jaringan serve` runs one of these itself, unless told --no-follow. Several may run at once.

    \b
    Example:
      JARINGAN_DATABASE_URL=postgresql://user@db/jaringan jaringan follow
    """
    import asyncio
    import signal

    from jaringan_usaha.cli.database import make_ready, settings_with, the_database
    from jaringan_usaha.cli.logs import write_logs
    from jaringan_usaha.cli.parent import end_with_parent
    from jaringan_usaha.cli.says import say, show_json
    from jaringan_usaha.follower import run_follower

    settings = settings_with(network=network)
    write_logs(settings.log_level)
    if with_parent:
        end_with_parent()
    else:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with the_database(settings) as database:
            if not with_parent:
                asyncio.run(make_ready(database, settings.network))
                if as_json:
                    show_json({"state": "following"})
                else:
                    say("following the log (Ctrl-C ends it)")
            asyncio.run(run_follower(database.url, settings.memory_facts))
    except KeyboardInterrupt:
        pass  # asked to end
