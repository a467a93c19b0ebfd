"""REL-12: an upgrade of uvicorn that passes our refusals by does not come into service."""

import inspect
import textwrap
from collections.abc import Callable

import pytest
from uvicorn.protocols.http import httptools_impl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from jaringan_usaha.cli.errors import Sorry
from jaringan_usaha.cli.protocol import Protocol, check_uvicorn

OURS = "_start_asgi_task"


def calls_another(name: str) -> Callable[..., None]:
    """The method of uvicorn as it is, but for the name of what it calls."""
    source = textwrap.dedent(inspect.getsource(getattr(HttpToolsProtocol, name)))
    assert OURS in source
    found = dict(vars(httptools_impl))
    exec(source.replace(OURS, "_begin"), found)
    method: Callable[..., None] = found[name]
    return method


async def test_this_uvicorn_is_known() -> None:
    await check_uvicorn()


@pytest.mark.parametrize("caller", ["on_headers_complete", "on_response_complete"])
async def test_one_that_passes_us_by_is_not_started_with(
    caller: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = getattr(HttpToolsProtocol, OURS)
    monkeypatch.setattr(HttpToolsProtocol, "_begin", started, raising=False)
    monkeypatch.setattr(HttpToolsProtocol, caller, calls_another(caller))
    with pytest.raises(Sorry, match="hands requests on in a way"):
        await check_uvicorn()


async def test_one_without_what_we_pass_on_to_is_not_started_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(HttpToolsProtocol, OURS)
    with pytest.raises(Sorry, match="hands requests on in a way"):
        await check_uvicorn()


async def test_so_is_one_that_refuses_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Protocol, OURS)
    with pytest.raises(Sorry):
        await check_uvicorn()
