"""`jaringan openapi`: the public contract and the shapes of stored events, as files."""

from pathlib import Path
from typing import Annotated, Any

import typer

from jaringan_usaha.cli.errors import Sorry
from jaringan_usaha.cli.options import Debug, Json

MOST_TOLD = 10


def openapi(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 when the files are not level.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option(help="Where the files are.  [default: openapi/]")
    ] = None,
    release: Annotated[
        bool,
        typer.Option("--release", help="Also keep the contract as the one that clients rely on."),
    ] = False,
    breaking: Annotated[
        bool,
        typer.Option("--breaking", help="With --release: also where clients have to change."),
    ] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Write openapi.json, the API's contract, events.json, the schema of every stored event, and
    docs/errors.md, every problem with what to do about it.

    An event that was released never changes its shape: events.json only grows. The contract may
    not break clients of the last release, which released.json holds.

    \b
    Example:
      jaringan openapi --check
      jaringan openapi --release
    """
    from jaringan_usaha.api.contract import problem_pages
    from jaringan_usaha.app import openapi_document
    from jaringan_usaha.cli.checkout import repository
    from jaringan_usaha.cli.event_schemas import event_schemas, refuse_changes
    from jaringan_usaha.cli.says import show, show_json

    place = folder or (repository() or Path.cwd()) / "openapi"
    schemas = event_schemas()
    refuse_changes(place / "events.json", schemas)
    document = openapi_document()
    released = place / "released.json"
    if check and not released.exists():
        raise Sorry(f"{released.name} is missing: run `jaringan openapi --release`")
    if not (release and breaking):
        refuse_breaks(released, document)
    wanted = {
        place / "openapi.json": text_of(document),
        place / "events.json": text_of(schemas),
    }
    if folder is None:
        wanted[place.parent / "docs" / "errors.md"] = problem_pages.document()
    if release:
        wanted[released] = text_of(document)
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
        show("openapi.json, events.json and errors.md are what the code says")


def text_of(document: dict[str, Any]) -> str:
    """Sorted and indented, so that a difference is a difference."""
    import json

    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def refuse_breaks(released: Path, document: dict[str, Any]) -> None:
    """Raises Sorry when a client of the released contract would no longer work."""
    import json

    from jaringan_usaha.api.asked import Clock
    from jaringan_usaha.cli.compatibility import breaks

    if not released.exists():
        return
    found = list(breaks(json.loads(released.read_text()), document, Clock().now().date()))
    if found:
        more = f" (and {len(found) - MOST_TOLD} more)" if len(found) > MOST_TOLD else ""
        raise Sorry(
            f"this breaks clients of {released.name}: {'; '.join(found[:MOST_TOLD])}{more}; "
            "only add to /v1, and let what must go be deprecated for twelve months first"
        )
