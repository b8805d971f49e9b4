"""What is probed: a built-in scenario, by its name."""

from __future__ import annotations

import ast
import hashlib
from dataclasses import dataclass
from pathlib import Path

from bisector import ROOT
from bisector.errors import UserError

SCENARIOS = ROOT / "benchmarks" / "scenarios"


@dataclass(frozen=True)
class Program:
    """Something that a release's interpreter runs and whose end is a verdict."""

    name: str
    title: str
    arguments: tuple[str, ...]
    """What follows the interpreter on the command line."""
    digest: str
    """Of its source text and what it imports from benchmarks/: another text, another question."""
    report: str | None = None
    """The upstream report it stands for."""
    expected: str = ""
    """What a healthy release does, in a sentence."""


def scenario(name: str) -> Program:
    """Return a built-in scenario.

    Raises:
        UserError: there is none of that name.
    """
    path = SCENARIOS / (name.replace("-", "_") + ".py")
    if path.name.startswith("_") or not path.is_file():
        raise UserError(f"there is no scenario {name!r}; there are: {', '.join(names())}")
    # Read, not imported: it belongs to the releases' environments.
    source = ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        node.targets[0].id: node.value.value
        for node in source.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }
    return Program(
        name=name,
        title=(ast.get_docstring(source) or name).splitlines()[0].rstrip("."),
        arguments=("-m", f"benchmarks.scenarios.{path.stem}"),
        digest=_digest(path),
        report=constants.get("REPORT"),
        expected=constants.get("EXPECTED") or "",
    )


def names() -> list[str]:
    """Return the built-in scenarios' names: one for each file in benchmarks/scenarios/."""
    files = sorted(SCENARIOS.glob("[!_]*.py"))
    return [path.stem.replace("_", "-") for path in files]


def _digest(path: Path) -> str:
    shared = [SCENARIOS.parent / "compat.py", *sorted(SCENARIOS.glob("_*.py"))]
    text = b"\0".join(file.read_bytes() for file in (path, *shared))
    return hashlib.sha256(text).hexdigest()[:16]
