"""Notes which functions of a package a program calls, so that it is known what it cannot touch.

Each function gets one more call at its beginning, as the package is imported: `set.add` of its
number.  Nothing else is otherwise; lines stay where they are.
"""

from __future__ import annotations

import ast
import builtins
import importlib.machinery
import sys
from typing import Any

FUNCTIONS = []  # type: list[list[str]]
"""By number: [path below the package, qualified name]."""
REACHED = set()  # type: set[int]
"""The numbers of those that were called, in the import, too."""
_NAME = "__reached__"


def install(package: str) -> None:
    """Watch a package that is not imported yet."""
    setattr(builtins, _NAME, REACHED.add)
    sys.meta_path.insert(0, _Finder(package))


class _Finder:
    def __init__(self, package: str) -> None:
        self._package = package

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name.partition(".")[0] != self._package:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


class _Loader(importlib.machinery.SourceFileLoader):
    def get_code(self, fullname: str) -> Any:
        tree = ast.parse(self.get_data(self.path), self.path)
        below = self.path.rpartition(f"/{fullname.partition('.')[0]}/")[2]
        _Marking(below).visit(tree)
        return compile(tree, self.path, "exec", dont_inherit=True)


class _Marking(ast.NodeVisitor):
    def __init__(self, path: str) -> None:
        self._path = path
        self._within = []  # type: list[str]

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._within.append(node.name)
        self.generic_visit(node)
        self._within.pop()

    def visit_FunctionDef(self, node: Any) -> None:
        self._within.append(node.name)
        self.generic_visit(node)
        FUNCTIONS.append([self._path, ".".join(self._within)])
        self._within.pop()
        first = node.body[0]
        documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
        call = ast.Call(
            ast.Name(_NAME, ast.Load()), [ast.Constant(len(FUNCTIONS) - 1, kind=None)], []
        )
        mark = ast.copy_location(ast.Expr(call), first)
        node.body.insert(1 if documented else 0, ast.fix_missing_locations(mark))

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - ast's name
