"""What of the grammar an application uses: the names that its sources hold, read and not run."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bisector.changes.grammar import Choice, Dimension
from bisector.changes.kinds import ALONE
from bisector.changes.situations import HOMES
from bisector.errors import UserError

_OFFERED = {
    name for home, names in HOMES.items() if home.startswith("faststream") for name in names.split()
}
_MADE_UP = {"seen", "handle", "broker", "router", "publisher", "append", "join"}
"""Names that only our programs have."""


def words(app: str) -> set[str]:
    """Return the names, attributes and keywords in a file, or in all files of a folder.

    Raises:
        UserError: it is not there, or no Python.
    """
    path = Path(app)
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    if not files or not all(file.is_file() for file in files):
        raise UserError(f"--for {app}: there is no such file, or no .py file in it")
    found: set[str] = set()
    for file in files:
        try:
            tree = ast.parse(file.read_bytes(), str(file))
        except (SyntaxError, ValueError) as error:
            where = f"line {error.lineno}: " if isinstance(error, SyntaxError) else ""
            reason = getattr(error, "msg", str(error))
            raise UserError(f"--for {file}: not a Python program: {where}{reason}") from None
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                found.add(node.id)
            elif isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.keyword) and node.arg:
                found.add(node.arg)
            elif isinstance(node, ast.alias):
                found |= {*node.name.split("."), node.asname or ""}
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.add(node.name)
    return found


def used(dimensions: Sequence[Dimension], app: set[str]) -> tuple[Dimension, ...]:
    """Return the dimensions with only those choices whose every name the application holds.

    Those that ask about all that a release offers go: an application uses little of that.
    """
    social = (d for d in dimensions if d.name not in ALONE)
    kept = (replace(d, choices=tuple(c for c in d.choices if needs(c) <= app)) for d in social)
    return tuple(d for d in kept if d.choices)


def needs(choice: Choice) -> set[str]:
    """Names of FastStream's that a choice uses: classes, keywords and methods."""
    text = "\n".join(line for lines in choice.slots.values() for line in lines)
    names = set(re.findall(r"(?<![\w.\"'])[A-Za-z]\w*", text)) & _OFFERED
    keywords = set(re.findall(r"[(,\s{]([a-z_]\w*)=(?!=)", f" {text}"))
    methods = set(
        re.findall(r"(?:broker|router|publisher|subscriber|message|app)\.([a-z_]\w+)\(", text)
    )
    return (names | keywords | methods) - _MADE_UP
