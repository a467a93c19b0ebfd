"""Every sentence with which the source refuses something, found by reading it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import jaringan_usaha

PACKAGE = Path(jaringan_usaha.__file__).parent
SAYING = {"Problem": 2, "_unauthenticated": 0, "_invalid": 0}
"""Besides the classes of refusals (first argument): who says a sentence, as which argument."""


def sentences() -> set[str]:
    """As templates: `there is no cycle {cycle_id}`."""
    trees = [ast.parse(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))]
    classes = {name for tree in trees for name in _refusals(tree)}
    return {said for tree in trees for said in _said(tree, classes)}


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
    "Busy", "Unknown",
}  # fmt: skip


def _said(tree: ast.Module, classes: set[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        name = node.func.id
        at = 0 if name in classes | FAMILIES else SAYING.get(name)
        if at is not None and len(node.args) > at:
            template = _template(node.args[at])
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
    """The last name in an expression: `{cycle.closes_at:%H}` gives `closes_at`."""
    names = [
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in ast.walk(part)
        if isinstance(node, ast.Attribute | ast.Name)
    ]
    return names[0].lower()
