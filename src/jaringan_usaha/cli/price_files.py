"""Brings a supplier's price table in through the API, and shows what it would change."""

import asyncio
import json
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from jaringan_usaha.cli.errors import Sorry
from jaringan_usaha.cli.says import number, say, show_json
from jaringan_usaha.client.service import Service, ServiceProblem

INTERACTIVE = "interactive"
SHOWN = 40  # rows and questions in a terminal; --json has all of them
ANSWERS_A_REQUEST = 500
_STATUSES = {
    "new": "baru / new",
    "changed": "berubah / changed",
    "unchanged": "tetap / unchanged",
    "gone": "hilang / gone",
    "doubtful": "diragukan / doubtful",
}


def run(
    file: Path,
    *,
    service: tuple[str, str],
    terms: Mapping[str, str],
    import_id: str | None,
    answers: str | None,
    yes: bool,
    as_json: bool,
) -> bool:
    """Whether no question is open any more. Raises Sorry."""
    given = _answers_in(answers) if answers and answers != INTERACTIVE else {}
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Sorry(f"{file} cannot be read ({error.strerror}): name another file") from None
    name = import_id or _id_of(terms["supplier_id"], terms["valid_from_on"], content)
    try:
        return asyncio.run(
            _import(
                service, name, (file.name, content), terms, given, answers, yes=yes, as_json=as_json
            )
        )
    except ServiceProblem as problem:
        raise Sorry(f"{problem} [{problem.code or problem.status}]") from problem


def _id_of(supplier_id: str, day: str, content: bytes) -> str:
    """The same file for the same days is the same import."""
    return f"{supplier_id[:40]}-{day}-{sha256(content).hexdigest()[:8]}"


def _answers_in(path: str) -> dict[str, str]:
    """Answers by question. Raises Sorry."""
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Sorry(f"{path} holds no answers ({error}): write an object as JSON") from None
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise Sorry(f'{path} holds no answers: write {{"basis": "unit", "price:R12": "17500"}}')
    return found


async def _import(
    address: tuple[str, str],
    import_id: str,
    file: tuple[str, bytes],
    terms: Mapping[str, str],
    given: Mapping[str, str],
    answers: str | None,
    *,
    yes: bool,
    as_json: bool,
) -> bool:
    async with Service(*address) as service:
        running = _Running(service, f"/v1/price-imports/{import_id}")
        await running.send(*file, terms)
        if running.view["state"] == "received":
            await running.answer(given)
            if answers == INTERACTIVE:
                await _ask_here(running)
        if not as_json:
            await running.show(Console())
        open_questions = running.open_questions
        if not open_questions and running.view["state"] == "received" and _agreed(yes, as_json):
            await running.confirm()
        if as_json:
            show_json(await running.as_json())
        elif running.view["state"] == "confirmed":
            _tell_outcome(running.view)
        elif open_questions:
            _tell_questions(running, answers)
        else:
            say("tidak ada yang disimpan / nothing is stored: run the same with --yes to store it")
        return not open_questions


class _Running:
    """One import as it stands on the service."""

    def __init__(self, service: Service, path: str) -> None:
        self._service = service
        self._path = path
        self._position = 0
        self.view: dict[str, Any] = {}
        self.questions: list[dict[str, Any]] = []

    @property
    def open_questions(self) -> int:
        return len(self.questions)

    async def send(self, name: str, content: bytes, terms: Mapping[str, str]) -> None:
        done = await self._service.put_file(self._path, content, file_name=name, **terms)
        await self._look(done["position"])

    async def answer(self, answers: Mapping[str, str]) -> None:
        """Give answers, some at a time; those to one question cannot wait for another's."""
        names = list(answers)
        for start in range(0, len(names), ANSWERS_A_REQUEST):
            part = {name: answers[name] for name in names[start : start + ANSWERS_A_REQUEST]}
            done = await self._service.put(
                f"{self._path}/answers", {"answers": part}, after=self._position
            )
            self._position = max(self._position, done["position"])
        if names:
            await self._look(self._position)

    async def confirm(self) -> None:
        digest = self.view["preview"]["digest"]
        done = await self._service.post(
            f"{self._path}/confirm",
            {"digest": digest},
            key=f"confirm-price-import-{digest}",
            after=self._position,
        )
        await self._look(done["position"])

    async def rows(self, most: int | None = None, **query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        async for page in self._service.pages(f"{self._path}/rows", limit=200, **query):
            found += page
            if most is not None and len(found) >= most:
                return found[:most]
        return found

    async def _look(self, position: int) -> None:
        self._position = position
        self.view = await self._service.get(self._path, after=position)
        self.questions = []
        if self.view["state"] == "received":
            async for page in self._service.pages(f"{self._path}/questions", limit=200):
                self.questions += page

    async def as_json(self) -> dict[str, Any]:
        received = self.view["state"] == "received"
        rows = await self.rows() if received else []
        return {**self.view, "questions": self.questions, "rows": rows}

    async def show(self, console: Console) -> None:
        """What would change: counts, the rows that are not as before, and their doubts."""
        if self.view["state"] != "received":
            return
        preview = self.view["preview"]
        counts = Table(title=escape(f"{self.view['file_name']} → {self.view['price_list_id']}"))
        counts.add_column("baris / rows")
        counts.add_column("", justify="right")
        for status, label in _STATUSES.items():
            counts.add_row(label, number(preview["counts"][status]))
        console.print(counts)
        changes = Table(title="perubahan / changes")
        for head in ("baris / row", "barang / goods", "dulu / before", "baru / new", "%"):
            changes.add_column(head)
        shown = 0
        for status in ("doubtful", "changed", "new", "gone"):
            for row in await self.rows(SHOWN - shown, status=status) if shown < SHOWN else []:
                changes.add_row(*_cells(row, self.view["valid_from_on"]))
                shown += 1
        if shown:
            console.print(changes)


def _cells(row: Mapping[str, Any], first_day: str) -> list[str]:
    ringed = "⚠ " if row["doubts"] else ""
    change = row["change_bp"]
    return [
        f"{row['row'] or ''}",
        escape(f"{ringed}{row['title'] or row['item_id']}"),
        _prices(row["before_tiers"]),
        _gone(row, first_day) if row["status"] == "gone" else _prices(row["tiers"]) or "?",
        "" if change is None else f"{change / 100:+.1f}",
    ]


def _gone(row: Mapping[str, Any], first_day: str) -> str:
    """Whether its price stays: one that is to end does so before the first day of the file."""
    until = row["before_valid_until_on"]
    return "berakhir / ends" if until and until < first_day else _STATUSES["gone"]


def _prices(tiers: list[dict[str, int]]) -> str:
    return ", ".join(
        (f"{tier['from_quantity']}+ " if tier["from_quantity"] > 1 else "")
        + f"Rp{number(tier['idr'])}"
        + (f"/{tier['per']}" if tier["per"] > 1 else "")
        for tier in tiers
    )


async def _ask_here(running: _Running) -> None:
    """Ask what is open, one after the other; an empty answer, or none any more, ends the asking."""
    while running.questions:
        question = running.questions[0]
        options = f" ({' | '.join(question['options'])})" if question["options"] else ""
        where = f"baris / row {question['row']}, {question['cell']}: " if question["row"] else ""
        said = _said(f"{where}{question['text']}{options}")
        if not said.strip():
            return
        try:
            await running.answer({question["id"]: said.strip()})
        except ServiceProblem as problem:
            if problem.code != "price-import-answer-invalid":
                raise
            say("jawaban tidak cocok / the answer does not fit")


def _said(prompt: str) -> str:
    """What somebody answers; nothing where nobody does."""
    try:
        return str(typer.prompt(prompt, default="", show_default=False, err=True))
    except typer.Abort:
        return ""


def _agreed(yes: bool, as_json: bool) -> bool:
    """Whether it is to be stored; asked where somebody sits before the terminal."""
    if yes or as_json or not Console(stderr=True).is_terminal:
        return yes
    return typer.confirm("simpan / store it?", err=True)


def _tell_questions(running: _Running, answers: str | None) -> None:
    """Each question, and how to answer it."""
    say(f"{running.open_questions} pertanyaan terbuka / questions are open; nothing is stored:")
    for question in running.questions[:SHOWN]:
        options = f" ({' | '.join(question['options'])})" if question["options"] else ""
        cell = f" [{question['cell']}]" if question["cell"] else ""
        say(f"  {question['id']}{cell}: {question['text']}{options}")
    if running.open_questions > SHOWN:
        say(f"  … {running.open_questions - SHOWN} more, all of them with --json")
    first = running.questions[0]["id"]
    kind = re.sub(r":.*", ":*", first)
    say(
        f'answer with --answers interactive, or --answers FILE holding {{"{first}": "…"}}; '
        f'"{kind}" answers all of a kind'
    )


def _tell_outcome(view: Mapping[str, Any]) -> None:
    outcome = view["outcome"]
    parts = ", ".join(f"{_STATUSES[each]} {number(outcome[each])}" for each in list(_STATUSES)[:4])
    say(f"tersimpan / stored as price list {view['price_list_id']}: {parts}")
