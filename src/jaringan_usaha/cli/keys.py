"""`jaringan keys`: who may knock at the API."""

import typing
from pathlib import Path
from typing import Annotated, Any

import typer

from jaringan_usaha.cli.errors import Sorry
from jaringan_usaha.cli.options import Debug, Json, Network

app = typer.Typer()

Role = typing.Literal["operator", "koperasi", "device", "supplier", "auditor", "office"]
KeyId = Annotated[str, typer.Argument(help="The key's public part: 12 signs after ju_live_.")]


@app.callback()
def options() -> None:
    """Make, replace and end the keys of the API.

    \b
    Example:
      jaringan keys create --role operator
    """


@app.command()
def create(
    role: Annotated[Role, typer.Option(help="Whom the key speaks for.")],
    koperasi: Annotated[
        str | None, typer.Option(help="Of which koperasi a key, or a device's key, is.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="Which device of the koperasi it is.")] = None,
    supplier: Annotated[str | None, typer.Option(help="Whom a supplier's key speaks for.")] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="What it may do, as orders:write; may be repeated.  [all of its role]"),
    ] = None,
    address: Annotated[
        list[str] | None,
        typer.Option(help="A network it may be used from; may be repeated.  [everywhere]"),
    ] = None,
    person: Annotated[
        str | None, typer.Option(help="Whose key it is: they are recorded, it ends with them.")
    ] = None,
    label: Annotated[str, typer.Option(help="What people call it.")] = "",
    days: Annotated[int, typer.Option(min=1, max=400, help="Days until it ends by itself.")] = 400,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Make the network a sandbox: its keys are ju_test_….")
    ] = False,
    network: Network = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Make an API key; it is shown this once and stored only as a hash.

    \b
    Example:
      jaringan keys create --role operator
      jaringan keys create --role koperasi --koperasi kop-melati
      jaringan keys create --role device --koperasi kop-melati --device till-2 --scope orders:write
    """
    from datetime import timedelta

    from jaringan_usaha.api.access.issuing import FIELDS, Wanted
    from jaringan_usaha.cli.database import Database, done_with, settings_with
    from jaringan_usaha.cli.issuing import issue, make_sandbox
    from jaringan_usaha.cli.says import show_json

    of: dict[str, Any] = {"koperasi_id": koperasi, "device_id": device, "supplier_id": supplier}
    for field, roles in FIELDS.items():
        _must_name(role, roles, of[field], f"--{field.removesuffix('_id')} ID")
    settings = settings_with(network=network)
    wanted = Wanted(
        role=role,
        **of,
        scopes=scope or (),
        addresses=address or (),
        label=label,
        life=timedelta(days=days),
        **_of_person(person),
    )

    async def make(database: Database) -> str:
        if sandbox:
            await make_sandbox(database.url, settings.network)
        return (await issue(database.url, settings.network, [wanted]))[0]

    key = done_with(settings, make)
    if as_json:
        show_json({"key": key, "role": role, "koperasi_id": koperasi, "network": settings.network})
    else:
        _show_once(key)


def _of_person(person: str | None) -> dict[str, Any]:
    from uuid import UUID

    if person is None:
        return {}
    try:
        return {"person_id": UUID(person), "speaks_as": f"person/{UUID(person)}"}
    except ValueError:
        raise Sorry("there is no person of that id: look into `jaringan people list`") from None


def _must_name(role: str, roles: tuple[str, ...], given: str | None, option: str) -> None:
    if (role in roles) != (given is not None):
        raise Sorry(
            f"a key of the role {' or '.join(roles)}, and only that, needs {option}: "
            f"{'add it' if given is None else 'leave it out'}"
        )


def _show_once(key: str) -> None:
    from jaringan_usaha.cli.says import say, show

    say("keep it safe, it is not shown again:")
    show(key)


@app.command()
def master(
    file: Annotated[Path, typer.Argument(help="Where it is to be; one that exists is kept.")],
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Make the master key, under which the service seals its secrets.

    Keep a copy away from the database's backups: what it sealed is lost without it.

    \b
    Example:
      jaringan keys master /etc/jaringan/master.key
    """
    from jaringan_usaha.api.access.vault import make_file
    from jaringan_usaha.cli.says import show, show_json

    try:
        made = make_file(file)
    except OSError as error:
        raise Sorry(f"{file} cannot be made ({error.strerror}): choose another place") from None
    if not made:
        raise Sorry(f"there is a file {file} already: it is left as it is")
    if as_json:
        show_json({"master_key_file": str(file)})
    else:
        show(f"JARINGAN_MASTER_KEY_FILE={file}")


@app.command()
def reseal(as_json: Json = False, debug: Debug = False) -> None:
    """Seal everything anew under the first line of the master key's file.

    Put a new line on top of the file, start every process of the service again, then run this
    beside them; it may be stopped and started. Afterwards the old line can go.

    \b
    Example:
      jaringan keys reseal
    """
    from jaringan_usaha.cli.database import done_with, settings_with
    from jaringan_usaha.cli.resealing import reseal_all
    from jaringan_usaha.cli.says import say, show_json

    settings = settings_with()
    counts = done_with(
        settings, lambda database: reseal_all(database.settings(settings), report=say)
    )
    if as_json:
        show_json({"resealed": counts})


@app.command(name="list")
def list_(network: Network = None, as_json: Json = False, debug: Debug = False) -> None:
    """List the keys of a network, never their secrets.

    \b
    Example:
      jaringan keys list --network 1
    """
    from jaringan_usaha.cli.database import told_by
    from jaringan_usaha.cli.issuing import all_keys
    from jaringan_usaha.cli.says import show, show_json

    keys = told_by(network, all_keys)
    if as_json:
        show_json({"keys": keys})
        return
    for key in keys:
        whose = key["supplier_id"] or key["koperasi_id"] or "-"
        until = key["expires_at"][:10]
        show(
            f"{key['key_id']}…{key['last_four']}  {key['state']:8} {key['role']:9} {whose}  "
            f"until {until}  {' '.join(key['scopes'])} {key['label']}".rstrip()
        )


@app.command()
def deprecated(network: Network = None, as_json: Json = False, debug: Debug = False) -> None:
    """List which keys call routes that are to go, and how often they did.

    \b
    Example:
      jaringan keys deprecated
    """
    from jaringan_usaha.cli.database import told_by
    from jaringan_usaha.cli.issuing import calls_of_deprecated
    from jaringan_usaha.cli.says import show, show_json

    found = told_by(network, calls_of_deprecated)
    if as_json:
        show_json({"calls": found})
        return
    for each in found:
        whose = each["supplier_id"] or each["koperasi_id"] or each["role"] or "-"
        show(
            f"{each['operation']}  {each['key_id']}  {whose}  {each['calls']} calls, "
            f"{each['first_on']} to {each['last_on']}"
        )
    if not found:
        show("no key calls anything that is to go")


@app.command()
def rotate(
    key_id: KeyId,
    overlap_hours: Annotated[
        int, typer.Option(min=0, max=168, help="How long the old key lives on.")
    ] = 24,
    network: Network = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Make a key with the same rights beside an old one, which dies after the overlap.

    \b
    Example:
      jaringan keys rotate 4fTx0kQ2LmZa
      jaringan keys rotate 4fTx0kQ2LmZa --overlap-hours 0
    """
    from datetime import timedelta

    from jaringan_usaha.cli.database import done_with, settings_with
    from jaringan_usaha.cli.issuing import rotate as replace
    from jaringan_usaha.cli.says import show_json

    settings, overlap = settings_with(network=network), timedelta(hours=overlap_hours)
    key = done_with(
        settings, lambda database: replace(database.url, settings.network, key_id, overlap)
    )
    if as_json:
        show_json({"key": key, "instead_of": key_id, "network": settings.network})
    else:
        _show_once(key)


@app.command()
def revoke(key_id: KeyId, as_json: Json = False, debug: Debug = False) -> None:
    """End an API key; within a second it opens nothing any more.

    \b
    Example:
      jaringan keys revoke 4fTx0kQ2LmZa
    """
    from jaringan_usaha.cli.database import done_with, settings_with
    from jaringan_usaha.cli.issuing import revoke as end
    from jaringan_usaha.cli.says import show, show_json

    if not done_with(settings_with(), lambda database: end(database.url, key_id)):
        raise Sorry("there is no live key of that id: give the 12 signs after ju_live_")
    if as_json:
        show_json({"revoked": True})
    else:
        show("revoked")
