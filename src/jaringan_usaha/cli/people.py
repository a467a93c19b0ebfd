"""`jaringan people`: who may log in, and a place to do so for trying things out."""

import typing
from typing import Annotated

import typer

from jaringan_usaha.cli.errors import Sorry
from jaringan_usaha.cli.options import Debug, Json, Network

app = typer.Typer()

Role = typing.Literal["operator", "auditor", "office", "pengurus", "pengawas", "supplier"]
IssuerUrl = Annotated[
    str | None, typer.Option("--issuer", help="Where they log in.  [env: JARINGAN_OIDC_ISSUER]")
]


@app.callback()
def options() -> None:
    """Let people in who log in by OpenID Connect, and end them.

    \b
    Example:
      jaringan people add ani --role operator
    """


@app.command()
def add(
    subject: Annotated[str, typer.Argument(help="Their `sub`, as the issuer calls them.")],
    role: Annotated[Role, typer.Option(help="What they are here.")],
    koperasi: Annotated[
        str | None, typer.Option(help="Of which koperasi a pengurus or pengawas is.")
    ] = None,
    supplier: Annotated[str | None, typer.Option(help="Whom a supplier's person is of.")] = None,
    label: Annotated[str, typer.Option(help="What people call them.")] = "",
    issuer: IssuerUrl = None,
    network: Network = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Let a person in, without asking a second one: whoever runs the server may do that.

    \b
    Example:
      jaringan people add ani --role operator
      jaringan people add eko --role pengawas --koperasi kop-melati
    """
    from jaringan_usaha.cli.database import done_with, settings_with
    from jaringan_usaha.cli.issuing import add_person
    from jaringan_usaha.cli.says import show, show_json
    from jaringan_usaha.people.people import NewPerson

    settings = settings_with(network=network, oidc_issuer=issuer)
    if settings.oidc_issuer is None:
        raise Sorry("say where they log in: add --issuer URL, or set JARINGAN_OIDC_ISSUER")
    person = NewPerson(
        issuer=settings.oidc_issuer,
        subject=subject,
        role=role,
        koperasi_id=koperasi,
        supplier_id=supplier,
        label=label,
    )

    person_id = done_with(
        settings, lambda database: add_person(database.url, settings.network, person)
    )
    if as_json:
        show_json({"person_id": person_id, "role": role, "network": settings.network})
    else:
        show(person_id)


@app.command(name="list")
def list_(network: Network = None, as_json: Json = False, debug: Debug = False) -> None:
    """List the people of a network, those who are out too.

    \b
    Example:
      jaringan people list
    """
    from jaringan_usaha.cli.database import told_by
    from jaringan_usaha.cli.issuing import all_people
    from jaringan_usaha.cli.says import show, show_json

    people = told_by(network, all_people)
    if as_json:
        show_json({"people": people})
        return
    for each in people:
        show(
            f"{each['person_id']}  {each['state']:7} {each['role']:8} {each['of'] or '-'}  "
            f"{each['subject']} {each['label']}".rstrip()
        )


@app.command()
def end(
    person_id: Annotated[str, typer.Argument(help="As the list of people has it.")],
    network: Network = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """End a person: within a second, no session and no key of theirs opens anything.

    \b
    Example:
      jaringan people end 01936f6e-8b7a-7c3e-9a51-0d2f6b7c8e90
    """
    from uuid import UUID

    from jaringan_usaha.cli.database import told_by
    from jaringan_usaha.cli.issuing import end_person
    from jaringan_usaha.cli.says import show, show_json

    try:
        wanted = UUID(person_id)
    except ValueError:
        wanted = UUID(int=0)
    if not told_by(network, lambda url, number: end_person(url, number, wanted)):
        raise Sorry("there is nobody of that id who is in: look into `jaringan people list`")
    if as_json:
        show_json({"ended": True})
    else:
        show("ended")


@app.command()
def issuer(
    port: Annotated[int, typer.Option(min=1, max=65_535, help="The port on 127.0.0.1.")] = 8090,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Serve a place to log in without passwords, for trying things out, on this computer only.

    \b
    Example:
      jaringan people issuer
      JARINGAN_OIDC_ISSUER=http://127.0.0.1:8090 jaringan serve
    """
    import uvicorn

    from jaringan_usaha.api.asked import Clock
    from jaringan_usaha.cli.says import say, show, show_json
    from jaringan_usaha.people.issuer import PEOPLE, Issuer

    place = Issuer(f"http://127.0.0.1:{port}", Clock().now)
    if as_json:
        show_json({"issuer": place.url, "people": list(PEOPLE)})
    else:
        show(place.url)
        say(f"people: {', '.join(PEOPLE)}; Ctrl-C ends it")
    uvicorn.run(place.app(), host="127.0.0.1", port=port, log_level="warning")
