"""`jaringan openapi`: the public contract and the shapes of stored events, as files."""

from pathlib import Path
from typing import Annotated, Any

import typer

from jaringan_usaha.cli.errors import Sorry
from jaringan_usaha.cli.options import Debug, Json


def openapi(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 when the files are not level.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option(help="Where the files are.  [default: openapi/]")
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Write openapi.json, the API's contract, and events.json, the schema of every stored event.

    An event that was released never changes its shape: events.json only grows.

    \b
    Example:
      jaringan openapi --check
    """
    from jaringan_usaha.app import openapi_document
    from jaringan_usaha.cli.checkout import repository
    from jaringan_usaha.cli.event_schemas import event_schemas, refuse_changes
    from jaringan_usaha.cli.says import show, show_json

    place = folder or (repository() or Path.cwd()) / "openapi"
    schemas = event_schemas()
    refuse_changes(place / "events.json", schemas)
    wanted = {
        place / "openapi.json": text_of(openapi_document()),
        place / "events.json": text_of(schemas),
    }
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    if check and stale:
        names = " and ".join(path.name for path in stale)
        raise Sorry(
            f"{names} {'is' if len(stale) == 1 else 'are'} not what the code says: "
            "run `jaringan openapi` and commit the result"
        )
    place.mkdir(parents=True, exist_ok=True)
    for path in stale:
        path.write_text(wanted[path])
    if as_json:
        show_json({"folder": str(place), "written": [path.name for path in stale]})
    elif stale:
        show(f"wrote {', '.join(str(path) for path in stale)}")
    else:
        show("openapi.json and events.json are what the code says")


def text_of(document: dict[str, Any]) -> str:
    """Sorted and indented, so that a difference is a difference."""
    import json

    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
