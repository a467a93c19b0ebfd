"""Every refusal of the house has a status, and a public code that says one thing."""

import ast
import importlib
import pkgutil
import re
from collections import defaultdict
from pathlib import Path

import pytest

import jaringan_usaha
from jaringan_usaha.api import problems
from jaringan_usaha.api.problems import STATUS, TITLE_OF_STATUS, TITLES, status_of
from jaringan_usaha.kernel import rejections
from jaringan_usaha.kernel.rejections import Rejection

PACKAGE = Path(jaringan_usaha.__file__).parent
KEBAB = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def all_rejections() -> list[type[Rejection]]:
    """Every class of refusal that some module of the package defines."""
    for module in pkgutil.walk_packages([str(PACKAGE)], "jaringan_usaha."):
        if module.name != "jaringan_usaha.__main__":
            importlib.import_module(module.name)
    found: dict[type[Rejection], None] = {}
    left = [Rejection]
    while left:
        each = left.pop()
        left += each.__subclasses__()
        if each is not Rejection and each.__module__.startswith("jaringan_usaha."):
            found[each] = None
    return sorted(found, key=lambda each: (each.__module__, each.__name__))


ALL = all_rejections()


def room_of(kind: type[Rejection]) -> str:
    return ".".join(kind.__module__.split(".")[1:3])


def test_they_come_from_several_rooms() -> None:
    assert {room_of(each) for each in ALL} >= {
        "kernel.rejections",
        "features.registry",
        "features.catalog",
        "features.shares",
        "features.cycles",
    }


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_it_has_a_status_and_a_code_in_kebab_case(kind: type[Rejection]) -> None:
    assert status_of(kind) in range(400, 600)
    assert KEBAB.fullmatch(kind.code), kind.code
    assert len(kind.code) <= 64


def test_every_family_has_a_status_of_its_own() -> None:
    families = [
        each
        for each in vars(rejections).values()
        if isinstance(each, type) and issubclass(each, Rejection) and each is not Rejection
    ]
    assert set(families) == set(STATUS)


def test_a_refusal_of_no_family_is_found_out() -> None:
    class Orphan(Rejection):
        code = "orphan"

    try:
        with pytest.raises(LookupError, match="Orphan"):
            status_of(Orphan)
    finally:
        del Orphan


def test_one_code_has_one_status_in_the_whole_house() -> None:
    statuses: dict[str, set[int]] = defaultdict(set)
    for each in ALL:
        statuses[each.code].add(status_of(each))
    assert {code: found for code, found in statuses.items() if len(found) > 1} == {}


def test_within_one_room_a_code_means_one_thing() -> None:
    meanings: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in ALL:
        if "code" in vars(each) and each is not rejections.Stale:  # as Refused, on purpose
            meanings[room_of(each), each.code].add(each.__name__)
    assert {key: names for key, names in meanings.items() if len(names) > 1} == {}


def codes_of_the_door() -> dict[tuple[str, int], str]:
    """The status and code of every `Problem(…)` in the package, by file and line."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "Problem"
                and len(node.args) > 1
                and isinstance(node.args[1], ast.Constant)
            ):
                found[path.name, node.lineno] = str(node.args[1].value)
    return found


def test_every_code_of_the_door_has_a_title_in_both_languages() -> None:
    codes = set(codes_of_the_door().values())
    assert {"json-invalid", "cursor-invalid", "unauthenticated", "payload-too-large"} <= codes
    assert codes - set(TITLES) == set()
    assert all(KEBAB.fullmatch(code) for code in codes)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_it_has_a_title_in_both_languages(kind: type[Rejection]) -> None:
    rejection = kind("no")
    titles = {
        problems.members(problems.from_rejection(rejection), {}, language)["title"]
        for language in ("id", "en")
    }
    assert len(titles) == 2


def test_titles_of_statuses_are_there() -> None:
    assert set(TITLE_OF_STATUS.values()) <= set(TITLES)
    assert set(STATUS.values()) <= set(TITLE_OF_STATUS)


def test_a_fact_never_hides_a_member_of_the_problem() -> None:
    """`raise …(detail, status=…)` would overwrite what every problem has."""
    taken = {"type", "title", "status", "detail", "code", "instance", "errors"}
    wrong = []
    names = {each.__name__ for each in ALL}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in names
            ):
                wrong += [
                    f"{path.name}:{node.lineno}" for each in node.keywords if each.arg in taken
                ]
    assert wrong == []
