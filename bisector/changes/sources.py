"""Which functions of FastStream are not the same on two sides, read from their sources.

A function differs where its own text does (comments, docstrings and annotations aside), and where
it may behave otherwise all the same: its class has other bases, a name that it uses has another
value in a module or class, or a method of its name has come to a class or gone from it.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

Function = tuple[str, str]
"""(path below the package, qualified name)."""
ELSEWHERE = ("kafka", "nats", "redis", "confluent", "mqtt", "opentelemetry", "prometheus")
"""Parts of FastStream that no situation reaches."""
IGNORED = {"__all__", "__version__", "__doc__", "__slots__", "SERVICE_NAME"}
Key = tuple[str, str]
"""(path below the package, qualified name)."""


@dataclass
class Sources:
    """What a package consists of."""

    functions: dict[Function, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Their texts; several where a name is defined several times."""
    names: dict[Function, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The names in them."""
    attributes: dict[Function, set[str]] = field(default_factory=lambda: defaultdict(set))
    values: dict[Key, list[str]] = field(default_factory=lambda: defaultdict(list))
    """What names of modules and classes are set to."""
    classes: dict[Key, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Bases and decorators of classes."""
    bases: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Names of the bases of classes."""
    imports: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """By path: the names that it has from other modules."""


def changed(old: Path, new: Path) -> set[Function]:
    """Return the functions of the old package that may behave otherwise in the new one.

    What only one side has, its functions name only where they differ themselves; but what comes to
    a class, or goes from it, takes the place of what it inherits.
    """
    before, after = read(old), read(new)
    there = before.classes.keys() & after.classes.keys()

    def of_classes(keys: Iterable[Key]) -> set[str]:
        return {_last(name) for path, name in keys if (path, _owner(name)) in there}

    own = {f for f, texts in before.functions.items() if after.functions.get(f) != texts}
    come_or_gone = before.functions.keys() ^ after.functions.keys()
    methods = {name for name in of_classes(come_or_gone) if not name.startswith("__")}
    special = {(path, name) for path, name in come_or_gone if _last(name).startswith("__")}
    inherited = {
        f"{base}.{_last(name)}" for path, name in special
        for base in before.bases[path, _owner(name)]
    }  # fmt: skip
    values = _unlike(before.values, after.values)
    attributes = of_classes(values) - IGNORED
    classes = {key for key in there if before.classes[key] != after.classes[key]}
    names = {(path, name) for path, name in values | classes
             if "." not in name and (path, name) in before.values.keys() | there}  # fmt: skip
    names = {key for key in names if key[1] not in IGNORED}

    def touched(function: Function) -> bool:
        path, name = function
        used = before.names[function] | before.attributes[function]
        return (
            _last(name) in methods
            or ".".join(name.split(".")[-2:]) in inherited
            or any(p == path and _within(name, s) for p, s in special if (p, _owner(s)) in there)
            or not attributes.isdisjoint(before.attributes[function])
            or any(name.startswith(f"{c}.") for p, c in classes if p == path)
            or any(n in used and (p == path or n in before.imports[path]) for p, n in names)
        )

    return own | {function for function in before.functions if touched(function)}


def _unlike(before: dict[Key, list[str]], after: dict[Key, list[str]]) -> set[Key]:
    return {key for key in {*before, *after} if before.get(key) != after.get(key)}


def _owner(name: str) -> str:
    return name.rpartition(".")[0]


def _within(name: str, method: str) -> bool:
    """Whether it is of the same class."""
    return _owner(name) == _owner(method)


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def files(root: Path) -> list[Path]:
    """Return the package's files that situations may reach."""
    found = sorted(root.rglob("*.py"))
    return [
        file for file in found
        if not any(name in part for part in file.relative_to(root).parts for name in ELSEWHERE)
    ]  # fmt: skip


def read(root: Path) -> Sources:
    """Read a package's sources."""
    found = Sources()
    for file in files(root):
        try:
            tree = ast.parse(file.read_bytes())
        except SyntaxError:  # of templates, or of a newer Python: nobody imports it
            continue
        _read(found, file.relative_to(root).as_posix(), "", _Bare().visit(tree).body)
    return found


def _read(found: Sources, path: str, within: str, body: list[ast.stmt]) -> None:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for name, inner in _functions(node, f"{within}{node.name}"):
                found.functions[path, name].append(ast.dump(inner))
                names = {n.id for n in ast.walk(inner) if isinstance(n, ast.Name)}
                found.names[path, name] |= names
                attributes = {n.attr for n in ast.walk(inner) if isinstance(n, ast.Attribute)}
                found.attributes[path, name] |= attributes
        elif isinstance(node, ast.ClassDef):
            bases = [b.value if isinstance(b, ast.Subscript) else b for b in node.bases]
            header = [*bases, *node.keywords, *node.decorator_list]
            key = (path, f"{within}{node.name}")
            found.classes[key].append(" ".join(map(ast.dump, header)))
            named = (n for base in bases for n in ast.walk(base))
            found.bases[key] |= {n.id for n in named if isinstance(n, ast.Name)}
            _read(found, path, f"{within}{node.name}.", node.body)
        elif isinstance(node, ast.If | ast.Try):
            parts = [node.body, node.orelse, *([h.body for h in getattr(node, "handlers", [])])]
            for part in parts:
                _read(found, path, within, part)
        elif isinstance(node, ast.ImportFrom):
            found.imports[path] |= {alias.asname or alias.name for alias in node.names}
        elif not (isinstance(node, ast.AnnAssign) and node.value is None):
            for name in _set(node):
                found.values[path, f"{within}{name}"].append(ast.dump(node))


def _functions(
    node: ast.FunctionDef | ast.AsyncFunctionDef, name: str
) -> Iterator[tuple[str, ast.AST]]:
    """Yield a function and those within it."""
    yield name, node
    for inner in ast.walk(node):
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) and inner is not node:
            yield f"{name}.{inner.name}", inner


def _set(node: ast.stmt) -> list[str]:
    """Names that a statement sets, at the least."""
    targets = getattr(node, "targets", [getattr(node, "target", None)])
    return [n.id for t in targets if t is not None for n in ast.walk(t) if isinstance(n, ast.Name)]


class _Bare(ast.NodeTransformer):
    """Takes away what does nothing: docstrings, and in functions annotations."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        if isinstance(node.value, ast.Constant):
            return ast.copy_location(ast.Pass(), node)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node
