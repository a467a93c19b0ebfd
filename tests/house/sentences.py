"""Every sentence with which the source refuses something, found by reading it."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import jaringan_usaha
from jaringan_usaha.kernel.landed import WHAT_TO_DO

PACKAGE = Path(jaringan_usaha.__file__).parent
SAYING = {
    "Problem": 2, "unauthenticated": 0, "_invalid": 0, "_Wrong": 0, "FileRefused": 1,
    "TableDoesNotFit": 0, "NothingWeighs": 0, "Question": 1, "_ask_column": 1, "Doubt": 2,
    "PydanticCustomError": 1, "_misnamed": 2,
}  # fmt: skip
"""Besides the classes of refusals (first argument): who says a sentence, as which argument."""
IN_A_FIELD = "doubt"
"""Or as an argument of this name."""
PASSED_ON = ("api/fields.py", "kernel/ppn.py")
"""Where what a ValueError says reaches the caller."""


def sentences() -> set[str]:
    """As templates: `there is no cycle {cycle_id}`."""
    trees = {path: ast.parse(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))}
    saying = {name: 0 for tree in trees.values() for name in _refusals(tree)}
    saying |= dict.fromkeys(FAMILIES, 0) | SAYING
    found = set(WHAT_TO_DO.values())
    for path, tree in trees.items():
        passed_on = {"ValueError": 0} if path.relative_to(PACKAGE).as_posix() in PASSED_ON else {}
        found |= set(_said(tree, saying | passed_on))
    return found


def _refusals(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            names = [
                target.id
                for each in node.body
                if isinstance(each, ast.Assign | ast.AnnAssign)
                for target in (each.targets if isinstance(each, ast.Assign) else [each.target])
                if isinstance(target, ast.Name)
            ]
            bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
            if "code" in names and bases & FAMILIES:
                yield node.name


FAMILIES = {
    "Rejection", "Missing", "NotAllowed", "Invalid", "Refused", "Outdated", "KeyReused", "Stale",
    "Busy", "Unknown", "Gone",
}  # fmt: skip


def _said(tree: ast.Module, saying: Mapping[str, int]) -> Iterator[str]:
    """A sentence that has a name first is found by that name."""
    named: dict[str, list[ast.expr]] = defaultdict(list)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            named[node.targets[0].id].append(node.value)
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        at = saying.get(node.func.id)
        said = node.args[at : at + 1] if at is not None else []
        said += [each.value for each in node.keywords if each.arg == IN_A_FIELD]
        for each in said:
            for value in named[each.id] if isinstance(each, ast.Name) else [each]:
                template = _template(value)
                if template is not None:
                    yield template


def _template(node: ast.expr) -> str | None:
    """None for a sentence made elsewhere."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else f"{{{_name(part)}}}"
            for part in node.values
        )
    return None


def _name(part: ast.expr) -> str:
    """The outermost name in an expression: `{cycle.closes_at:%H}` gives `closes_at`."""
    names = [
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in ast.walk(part)
        if isinstance(node, ast.Attribute | ast.Name)
    ]
    return names[0].lower()
