"""The demo's stage: a service on fresh data, the story on it, and what people can try then."""

import asyncio
import json
import signal
from collections.abc import Mapping

from rich.console import Console

from jaringan_usaha.api.access.caller import Role
from jaringan_usaha.api.asked import new_id
from jaringan_usaha.cli.errors import Sorry
from jaringan_usaha.cli.own_issuer import let_in, own_issuer
from jaringan_usaha.cli.own_service import NETWORK, own_service, temporary_folder
from jaringan_usaha.cli.says import say, show, show_json
from jaringan_usaha.cli.service import listening_on
from jaringan_usaha.client.service import ServiceProblem
from jaringan_usaha.demo import tables
from jaringan_usaha.demo.places import koperasi_ids
from jaringan_usaha.demo.result import Result
from jaringan_usaha.demo.stage import Stage
from jaringan_usaha.demo.story import CLOSED_CYCLE, OPEN_CYCLE, story

PAUSE_SECONDS = 0.25
ORDER_EVERY_SECONDS = 3.0
PORTS_TRIED = 100
ISSUER_PORT = 8090
PEOPLE: Mapping[str, Mapping[str, str]] = {
    "ani": {"role": "operator"},
    "budi": {"role": "operator"},
    "citra": {"role": "auditor"},
    "dewi": {"role": "pengurus", "koperasi_id": next(iter(koperasi_ids()))},
    "eko": {"role": "pengawas", "koperasi_id": next(iter(koperasi_ids()))},
    "fajar": {"role": "office"},
    "gita": {"role": "supplier", "supplier_id": "bulog"},
}
WIDTH = 120  # where it is not a terminal


def run(*, once: bool, fast: bool, port: int, as_json: bool) -> None:
    """Tell the story; Ctrl-C ends it at any time, and nothing is left. Raises Sorry."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    all_koperasi = list(koperasi_ids())
    wanted: list[tuple[Role, str | None]] = [("operator", None)]
    wanted += [("koperasi", koperasi_id) for koperasi_id in all_koperasi]
    try:
        own_port = free_port(port)
        with (
            temporary_folder() as folder,
            own_issuer(free_port(max(ISSUER_PORT, own_port + 1))) as issuer,
            own_service(folder, own_port, wanted, _logging_in(own_port, issuer)) as service,
        ):
            operator_key, *keys = service.keys
            asyncio.run(let_in(service.database_url, NETWORK, issuer, PEOPLE))
            koperasi_keys = dict(zip(all_koperasi, keys, strict=True))
            asyncio.run(
                _tell(
                    service.url, operator_key, koperasi_keys, once=once, fast=fast, as_json=as_json
                )
            )
    except KeyboardInterrupt:
        say("\nselesai, tidak ada yang tertinggal / ended, nothing is left running")


def _logging_in(port: int, issuer: str) -> dict[str, str]:
    """What the service is told of where people log in, and where they come back to."""
    return {"JARINGAN_PUBLIC_URL": f"http://127.0.0.1:{port}", "JARINGAN_OIDC_ISSUER": issuer}


def free_port(first: int) -> int:
    """This port, or the next one that is free. Raises Sorry."""
    for port in range(first, min(first + PORTS_TRIED, 65_536)):
        try:
            with listening_on("127.0.0.1", port):
                return port
        except Sorry:
            continue
    raise Sorry(f"no port from {first} on is free: choose another with --port")


async def _tell(
    url: str,
    operator_key: str,
    koperasi_keys: Mapping[str, str],
    *,
    once: bool,
    fast: bool,
    as_json: bool,
) -> None:
    console = Console(stderr=True)
    paced = console.is_terminal and not fast
    stage = Stage(console, pause_seconds=PAUSE_SECONDS if paced else 0)
    try:
        async with story(url, operator_key, koperasi_keys, stage) as told:
            result = await told.tell()
            commands = [] if once else commands_for(url, operator_key)
            _show(result, url, operator_key, commands, as_json=as_json)
            if not all(result.checks.values()):
                raise Sorry("the sums do not agree: run the same with --json to see them")
            if not once:
                await told.go_on(ORDER_EVERY_SECONDS if not fast else ORDER_EVERY_SECONDS / 3)
    except ServiceProblem as problem:
        raise Sorry(f"the service said no ({problem}): run `jaringan doctor`") from problem


def _show(
    result: Result, url: str, operator_key: str, commands: list[str], *, as_json: bool
) -> None:
    if as_json:
        login = f"{url}/auth/login"
        told = {"url": url, "key": operator_key, "login": login, "curl": commands}
        api = told if commands else None
        show_json({**result.as_json(), "api": api})
        return
    console = Console()
    tables.show(result, console if console.is_terminal else Console(width=WIDTH))
    if commands:
        show(f"\nAPI: {url}   kunci / key: {operator_key}   (Ctrl-C mengakhiri / ends it)\n")
        names = ", ".join(f"{name} {person['role']}" for name, person in PEOPLE.items())
        show(f"Masuk / log in: {url}/auth/login   ({names})\n")
        for command in commands:
            show(f"{command}\n")


def commands_for(url: str, key: str) -> list[str]:
    """What a POS developer can try at once: read the group's orders, place one, see it counted."""
    bearer = f"-H 'Authorization: Bearer {key}'"
    koperasi_id = next(iter(koperasi_ids()))
    order = {
        "cycle_id": OPEN_CYCLE,
        "koperasi_id": koperasi_id,
        "lines": [{"supplier_id": "bulog", "item_id": "minyakita", "quantity": 120}],
    }
    body = f"-H 'Content-Type: application/json' -d '{json.dumps(order)}'"
    return [
        f"curl -s {bearer} '{url}/v1/consolidated-orders?cycle_id={CLOSED_CYCLE}'",
        f"curl -s -X PUT {bearer} {body} '{url}/v1/orders/{new_id()}'",
        f"curl -s {bearer} '{url}/v1/cycles/{OPEN_CYCLE}/totals'",
    ]
