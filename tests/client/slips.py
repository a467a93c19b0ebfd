"""Slips of the pen, made on purpose in the code that is tried, and taken back afterwards."""

import ast
import inspect
import textwrap
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest


@dataclass(frozen=True)
class Slip:
    """Where `right` stands, once, `wrong` is written: in the code of a function or a property, or
    in a text of a module, such as a statement of SQL."""

    where: FunctionType | property | tuple[ModuleType, str]
    right: str
    wrong: str

    def make(self, patch: pytest.MonkeyPatch) -> None:
        """Raises AssertionError when there is no such place, or more than one."""
        if isinstance(self.where, tuple):
            module, name = self.where
            patch.setattr(module, name, self._written(getattr(module, name)))
            return
        function: Any = self.where.fget if isinstance(self.where, property) else self.where
        source = self._written(textwrap.dedent(inspect.getsource(function)))
        patch.setattr(function, "__code__", _compiled(source, function))

    def _written(self, text: str) -> str:
        assert text.count(self.right) == 1, f"{self.where} has not one {self.right!r}:\n{text}"
        return text.replace(self.right, self.wrong)


def _compiled(source: str, function: FunctionType) -> CodeType:
    tree = ast.parse(source)
    (definition,) = tree.body
    assert isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef)
    definition.decorator_list.clear()
    known: dict[str, Any] = {}
    exec(compile(tree, f"<slip in {function.__qualname__}>", "exec"), function.__globals__, known)
    code = known[function.__name__].__code__
    assert isinstance(code, CodeType)
    return code
