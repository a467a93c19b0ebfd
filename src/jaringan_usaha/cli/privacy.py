"""`jaringan privacy`: who has to be told when personal data got out, and what."""

from datetime import date, datetime, time, timedelta
from typing import Annotated

import typer

from jaringan_usaha.cli.errors import Sorry
from jaringan_usaha.cli.options import Debug, Json, Network

app = typer.Typer()

TEMPLATE = "breach_notice_id.txt"
KnownAt = Annotated[
    str, typer.Option(help="When the breach became known, as 2026-11-22T09:00+07:00.  [now]")
]


@app.callback()
def options() -> None:
    """Say whose personal data were read, and what they have to be told.

    \b
    Example:
      jaringan privacy affected --from 2026-11-01 --to 2026-11-22
    """


@app.command()
def affected(
    first: Annotated[str, typer.Option("--from", help="The first day, in Asia/Jakarta.")],
    last: Annotated[str, typer.Option("--to", help="The last day, included.")],
    key: Annotated[
        str, typer.Option(help="Read by this key alone: its 12 signs after ju_live_.")
    ] = "",
    known_at: KnownAt = "",
    network: Network = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """List the persons whose data were read, and until when they have to be told.

    Their names and numbers are shown for that, and the reading is itself kept.

    \b
    Example:
      jaringan privacy affected --from 2026-11-01 --to 2026-11-22
      jaringan privacy affected --from 2026-11-01 --to 2026-11-22 --key 4fTx0kQ2LmZa
    """
    from jaringan_usaha.cli.affected import affected_persons
    from jaringan_usaha.cli.database import done_with, settings_with
    from jaringan_usaha.cli.says import say, show, show_json

    deadline = _deadline(known_at)
    since, until = _days(first, last)
    settings = settings_with(network=network)

    persons = done_with(
        settings,
        lambda database: affected_persons(
            database.settings(settings), since=since, until=until, key_id=key
        ),
    )
    if as_json:
        show_json({"deadline": deadline.isoformat(), "persons": persons})
        return
    count = len(persons)
    say(f"{count} to be told, and the agency, until {_told(deadline)}: jaringan privacy notice")
    for each in persons:
        whose = each["koperasi_id"] or each["supplier_id"] or "-"
        called = "  ".join(each[field] or "-" for field in ("name", "phone", "email"))
        show(f"{each['subject_id']}  {whose}  {called}  {','.join(each['fields'])}")


@app.command()
def notice(known_at: KnownAt = "", as_json: Json = False, debug: Debug = False) -> None:
    """Write the notice to those affected and to the agency, in Indonesian, to be filled in.

    \b
    Example:
      jaringan privacy notice --known-at 2026-11-22T09:00+07:00 > pemberitahuan.txt
    """
    from importlib.resources import files

    from jaringan_usaha.cli.says import show, show_json

    deadline = _deadline(known_at)
    text = (files("jaringan_usaha.cli") / TEMPLATE).read_text("utf-8")
    text = text.replace("{deadline}", _told(deadline)).rstrip()
    if as_json:
        show_json({"deadline": deadline.isoformat(), "notice": text})
    else:
        show(text)


def _deadline(known_at: str) -> datetime:
    """3 × 24 hours after the breach became known (UU 27/2022 art. 46)."""
    from jaringan_usaha.api.asked import Clock
    from jaringan_usaha.kernel.calendar import JAKARTA

    try:
        known = datetime.fromisoformat(known_at) if known_at else Clock().now()
    except ValueError:
        raise Sorry("--known-at is no instant: write it as 2026-11-22T09:00+07:00") from None
    known = known if known.tzinfo else known.replace(tzinfo=JAKARTA)
    return known.astimezone(JAKARTA).replace(microsecond=0) + timedelta(hours=3 * 24)


def _told(deadline: datetime) -> str:
    return f"{deadline:%Y-%m-%d %H:%M} WIB"


def _days(first: str, last: str) -> tuple[datetime, datetime]:
    """From the first moment of one day to the last of another."""
    from jaringan_usaha.kernel.calendar import JAKARTA

    try:
        since, until = (date.fromisoformat(each) for each in (first, last))
    except ValueError:
        raise Sorry("--from and --to are days: write them as 2026-11-22") from None
    if since > until:
        raise Sorry("--from is later than --to: turn them round")
    after = until + timedelta(days=1)
    return (
        datetime.combine(since, time.min, JAKARTA),
        datetime.combine(after, time.min, JAKARTA),
    )
