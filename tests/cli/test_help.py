"""Help is there for every command, with an example, and costs no heavy import."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from jaringan_usaha.cli.program import app

COMMANDS = {
    *("demo", "serve", "follow", "migrate", "replay", "rebuild"),
    *("import", "doctor", "openapi", "bench", "keys", "people", "privacy"),
}
HEAVY = {
    *("asyncio", "asyncpg", "fastapi", "httpx2", "msgspec"),
    *("polars", "pydantic", "rich", "starlette", "uvicorn"),
}


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    below = getattr(command, "commands", None)
    if below is None:
        yield path
    else:
        for name, each in below.items():
            yield from leaves(each, (*path, name))


def help_of(*path: str, capsys: pytest.CaptureFixture[str]) -> str:
    typer.main.get_command(app).main([*path, "--help"], prog_name="jaringan", standalone_mode=False)
    return capsys.readouterr().out


def test_all_commands_are_there() -> None:
    assert {path[0] for path in leaves(typer.main.get_command(app))} == COMMANDS


@pytest.mark.parametrize("path", list(leaves(typer.main.get_command(app))), ids=" ".join)
def test_help_has_an_example_and_json(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    shown = help_of(*path, capsys=capsys)
    example = shown.partition("Example:")[2].partition("Options:")[0]
    assert f"jaringan {' '.join(path)}" in example
    assert "--json" in shown
    assert "--debug" in shown
    assert "--with-parent" not in shown


@pytest.mark.parametrize(
    "path", [(), ("keys",), ("people",), ("privacy",), ("import",)], ids=" ".join
)
def test_help_of_groups_has_an_example(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert "Example:\n    jaringan" in help_of(*path, capsys=capsys)


def test_help_loads_nothing_heavy() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-c"),
            "import sys, jaringan_usaha.cli.program; print(*sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert HEAVY & set(done.stdout.split()) == set()
