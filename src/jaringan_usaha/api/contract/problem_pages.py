"""What each problem means and what to do about it: the page that `type` of a problem names."""

import html
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from jaringan_usaha.api.problems import Problem, answer, status_of, title_of
from jaringan_usaha.kernel.rejections import Rejection

_TOLD = tomllib.loads(
    (files("jaringan_usaha.api.contract") / "remedies.toml").read_text(encoding="utf-8")
)
FAMILIES: Mapping[str, list[str]] = _TOLD["families"]
CODES: Mapping[str, list[str]] = _TOLD["codes"]

_PAGE = """<!doctype html>
<html lang="id">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{code}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 38rem; margin: auto; padding: 1rem }}
</style>
<h1><code>{code}</code></h1>
<h2>{title_id}</h2>
<p>{remedy_id}</p>
<section lang="en">
<h2>{title_en}</h2>
<p>{remedy_en}</p>
</section>
</html>
"""
_DOC = """# Problems

Every answer that is not a success is `application/problem+json`. Programs go by `code`, which never
changes; people read `title` and `detail`, in Indonesian or, with `Accept-Language: en`, in English.
`instance` is the request's id: name it when you ask the operator for help. Each code also has a
page of the service, `/problems/<code>`, in both languages. This table is written by
`jaringan openapi`.

| status | code | meaning | what to do |
|---|---|---|---|
"""


class Remedy(NamedTuple):
    """What to do, in both languages."""

    indonesian: str
    english: str


def remedy(code: str) -> Remedy:
    """Its own, or the one of its family. Raises LookupError when there is neither."""
    return Remedy(*(CODES.get(code) or FAMILIES[code.rpartition("-")[2]]))


@cache
def statuses() -> Mapping[str, int]:
    """The status of every code: those that the door says, and those of all rules."""
    of_rules = {each.code: status_of(each) for each in _kinds(Rejection)}
    return {**of_rules, **_TOLD["statuses"]}


def _kinds(kind: type[Rejection]) -> Iterator[type[Rejection]]:
    for each in kind.__subclasses__():
        if each.__module__.startswith("jaringan_usaha."):
            yield each
            yield from _kinds(each)


def document() -> str:
    """All problems as a table, by status: docs/errors.md."""
    return _DOC + "".join(
        f"| {status} | `{code}` | {title_of(code, status, 'en')} | {remedy(code).english} |\n"
        for code, status in sorted(statuses().items(), key=lambda each: each[::-1])
    )


async def problem_page(request: Request) -> Response:
    """`GET /problems/{code}`, for people; open to all."""
    code = request.path_params["code"]
    status = statuses().get(code)
    if status is None:
        return answer(request, Problem(404, "not-found", "there is no problem of that name"))
    shown = {
        "code": code,
        "title_id": title_of(code, status, "id"),
        "title_en": title_of(code, status, "en"),
        "remedy_id": remedy(code).indonesian,
        "remedy_en": remedy(code).english,
    }
    return HTMLResponse(_PAGE.format_map({name: html.escape(text) for name, text in shown.items()}))
