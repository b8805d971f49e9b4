"""What is probed: a built-in scenario by its name, or any program by its path."""

from __future__ import annotations

import ast
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bisector import ROOT
from bisector.errors import UserError

SCENARIOS = ROOT / "benchmarks" / "scenarios"
WORKAROUNDS = ROOT / "benchmarks" / "workarounds"
SIBLING_CLOSE = "sibling-close"
"""The scenario that is asked about when none is named, and whose workarounds are known."""
SCENARIO_TIMEOUT, PROGRAM_TIMEOUT = 30.0, 15.0
"""Seconds after which a probe that has not ended hangs.  Scenarios know much tighter deadlines of
their own; theirs is for a release that blocks the event loop."""


@dataclass(frozen=True)
class Program:
    """Something that a release's interpreter runs and whose end is a verdict."""

    name: str
    title: str
    """What a scenario's text says it is; empty for a program."""
    arguments: tuple[str, ...]
    """What follows the interpreter on the command line."""
    digest: str
    """Of its source text and what it imports from benchmarks/: another text, another question."""
    report: str | None = None
    """The upstream report it stands for."""
    expected: str = ""
    """What a healthy release does, in a sentence."""
    builtin: bool = True
    """Whether it tells by itself why a release cannot be tested."""
    python: bool = True
    """Whether the release's interpreter runs it, or it is executable by itself."""
    folder: Path = field(default=ROOT)
    """Where it runs."""
    timeout: float = SCENARIO_TIMEOUT

    @property
    def as_typed(self) -> str:
        """The program and its arguments as they stand on a command line."""
        return self.name if self.builtin else " ".join([self.name, *self.arguments[1:]])


def load(words: Sequence[str]) -> Program:
    """Return what a command line names: a built-in scenario, or a program with its arguments.

    Raises:
        UserError: there is no such scenario or file, or the file cannot be run.
    """
    name = words[0]
    if name in names():
        return scenario(name)
    path = Path(name).expanduser()
    if not path.is_file():
        raise UserError(
            f"there is no scenario and no file {name!r}; the scenarios: {', '.join(names())}"
        )
    if not os.access(path, os.R_OK):
        raise UserError(f"{name} cannot be read: look at its permissions")
    text = path.read_bytes()
    python = path.suffix == ".py" or not os.access(path, os.X_OK)
    if python:
        try:
            ast.parse(text, name)
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None)
            where = f"line {line}: " if line else ""
            reason = getattr(error, "msg", str(error))
            raise UserError(f"{name} is not a Python program: {where}{reason}") from None
    elif not text:
        raise UserError(f"{name} is empty")
    return Program(
        name=name,
        title="",
        arguments=(str(path.resolve()), *words[1:]),
        digest=_hash(text, json.dumps(list(words[1:])).encode()),
        builtin=False,
        python=python,
        folder=Path.cwd(),
        timeout=PROGRAM_TIMEOUT,
    )


def scenario(name: str) -> Program:
    """Return a built-in scenario.

    Raises:
        UserError: there is none of that name.
    """
    if name not in names():
        raise UserError(f"there is no scenario {name!r}; there are: {', '.join(names())}")
    return _builtin(SCENARIOS / (name.replace("-", "_") + ".py"), name)


def workarounds() -> list[Program]:
    """Return what is told to those who are stuck: a program for each piece of advice."""
    files = sorted(WORKAROUNDS.glob("[!_]*.py"))
    return [_builtin(path, path.stem.replace("_", "-")) for path in files]


def _builtin(path: Path, name: str) -> Program:
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
    folders = dict.fromkeys([SCENARIOS, path.parent])  # workarounds share the scenarios' helpers
    shared = [
        SCENARIOS.parent / "compat.py",
        *(f for d in folders for f in sorted(d.glob("_*.py"))),
    ]
    return Program(
        name=name,
        title=(ast.get_docstring(source) or name).splitlines()[0].rstrip("."),
        arguments=("-m", f"benchmarks.{path.parent.name}.{path.stem}"),
        digest=_hash(*(file.read_bytes() for file in (path, *shared))),
        report=constants.get("REPORT"),
        expected=constants.get("EXPECTED") or "",
    )


def names() -> list[str]:
    """Return the built-in scenarios' names: one for each file in benchmarks/scenarios/."""
    files = sorted(SCENARIOS.glob("[!_]*.py"))
    return [path.stem.replace("_", "-") for path in files]


def _hash(*texts: bytes) -> str:
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:16]
