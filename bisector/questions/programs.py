"""What is probed: a built-in scenario by its name, or any program by its path."""

from __future__ import annotations

import ast
import difflib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bisector import ROOT
from bisector.errors import UserError
from bisector.isolation import files
from bisector.isolation.files import Files
from bisector.isolation.needs import NOTHING, Needs

SCENARIOS = ROOT / "benchmarks" / "scenarios"
WORKAROUNDS = ROOT / "benchmarks" / "workarounds"
SIBLING_CLOSE = "sibling-close"
"""The scenario that is asked about when none is named."""
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
    """What follows the interpreter on the command line; a command's own name is the first."""
    digest: str
    """Of all that it is made of: another text, another question.  A scenario is made of its source
    and what it imports from benchmarks/, a program of the files in its folder, its arguments and
    its needs.  Empty where that cannot be known."""
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
    files: Files | None = None
    """What is in its folder; None: a scenario, which touches no files."""
    needs: Needs = NOTHING
    broker: bool = True
    """Whether it can use a RabbitMQ."""

    @property
    def as_typed(self) -> str:
        """The program and its arguments as they stand on a command line."""
        return self.name if self.builtin else " ".join([self.name, *self.arguments[1:]])

    def command(self, interpreter: Path) -> list[str]:
        """Return the command line in an environment.

        Raises:
            LookupError: the environment has not the command; the text is a sentence.
        """
        if self.python:
            return [str(interpreter), *self.arguments]
        name, *others = self.arguments
        if os.sep in name:
            return [*self.arguments]
        if re.fullmatch(r"python[\d.]*", name):
            return [str(interpreter), *others]
        inside = interpreter.parent / name
        if inside.exists():
            return [str(inside), *others]
        outside = shutil.which(name)
        if outside is None or _is_script(Path(outside)):  # then another Python's, not the release's
            raise LookupError(
                f"there is no command {name!r} in its environment:"
                f" name the package that brings it with --requires (or --extra)"
            )
        return [outside, *others]

    @property
    def text(self) -> str:
        """What stands in the program's own file; empty for a command."""
        path = Path(self.arguments[0])
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""

    def moved(self, command: Sequence[str], folder: Path) -> list[str]:
        """Return a command line as it is for a copy of the program's folder."""
        old, new = f"{self.folder}{os.sep}", f"{folder}{os.sep}"
        return [new + word.removeprefix(old) if word.startswith(old) else word for word in command]


def load(words: Sequence[str], needs: Needs = NOTHING) -> Program:
    """Return what a command line names: a built-in scenario, or a program with its arguments.

    A program is a file, or a command that the release's environment brings (`pytest`, `python -m`,
    `faststream run`); `NAME=VALUE` before it sets a variable for it.

    Raises:
        UserError: there is no such scenario, file or command, or it cannot be run.
    """
    while re.match(r"[A-Za-z_]\w*=", words[0]) and len(words) > 1:
        needs = replace(needs, environ=(*needs.environ, words[0]))
        words = words[1:]
    name = words[0]
    if name in names():
        if needs:
            raise UserError(
                f"the scenario {name} brings what it needs: --declare, --definitions, --at,"
                " --url-as and --env are for programs of yours"
            )
        return scenario(name)
    needs.check()
    path = Path(name).expanduser()
    if path.is_file():
        return _of_file(path, words, needs)
    if os.sep in name or not _may_be_command(words):
        near = difflib.get_close_matches(name, names(), 1)
        meant = f" (did you mean {near[0]}?)" if near else ""
        raise UserError(
            f"there is no scenario and no file {name!r}{meant}; the scenarios: {', '.join(names())}"
        )
    return _made(name, (name, *words[1:]), Path.cwd(), needs, python=False)


def _of_file(path: Path, words: Sequence[str], needs: Needs) -> Program:
    name = words[0]
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
    path, here = path.resolve(), Path.cwd()
    arguments = list(words[1:])
    folder = here
    if not path.is_relative_to(here):
        # It runs in its own folder then; files are still named from where the user stands.
        folder = path.parent
        arguments = [str(here / word) if (here / word).is_file() else word for word in arguments]
    return _made(name, (str(path), *arguments), folder, needs, python=python)


def _made(
    name: str, arguments: tuple[str, ...], folder: Path, needs: Needs, *, python: bool
) -> Program:
    found = files.below(folder)
    content = found.digest()
    words = json.dumps([word.removeprefix(f"{folder}{os.sep}") for word in arguments])
    needed = [needs.to_json().encode()] if needs else []
    return Program(
        name=name,
        title="",
        arguments=arguments,
        digest=_hash(content.encode(), words.encode(), *needed) if content else "",
        builtin=False,
        python=python,
        folder=folder,
        timeout=PROGRAM_TIMEOUT,
        files=found,
        needs=needs,
    )


def _may_be_command(words: Sequence[str]) -> bool:
    """Whether a word that is no file may be a command, rather than a scenario misspelt."""
    return len(words) > 1 or shutil.which(words[0]) is not None


def _is_script(path: Path) -> bool:
    """Whether a command is a script: what pip, or pyenv, made for one interpreter."""
    with path.open("rb") as file:
        return file.read(2) == b"#!"


def scenario(name: str) -> Program:
    """Return a built-in scenario.

    Raises:
        UserError: there is none of that name.
    """
    if name not in names():
        raise UserError(f"there is no scenario {name!r}; there are: {', '.join(names())}")
    return _builtin(SCENARIOS / (name.replace("-", "_") + ".py"), name)


def workarounds(scenario: str) -> list[Program]:
    """Return what is told to those who are hit by a scenario's fault: a program for each advice."""
    files = sorted((WORKAROUNDS / scenario.replace("-", "_")).glob("[!_]*.py"))
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
    inside = path.relative_to(SCENARIOS.parent)
    # Workarounds share the scenarios' helpers, and have some of their own.
    folders = dict.fromkeys([SCENARIOS, *(SCENARIOS.parent / d for d in [*inside.parents][:-1])])
    shared = [
        SCENARIOS.parent / "compat.py",
        *(f for d in folders for f in sorted(d.glob("_*.py"))),
    ]
    return Program(
        name=name,
        title=(ast.get_docstring(source) or name).splitlines()[0].rstrip("."),
        arguments=("-m", ".".join(["benchmarks", *inside.with_suffix("").parts])),
        digest=_hash(*(file.read_bytes() for file in (path, *shared))),
        report=constants.get("REPORT"),
        expected=constants.get("EXPECTED") or "",
        broker=constants.get("BROKER") != "none",
    )


def names() -> list[str]:
    """Return the built-in scenarios' names: one for each file in benchmarks/scenarios/."""
    files = sorted(SCENARIOS.glob("[!_]*.py"))
    return [path.stem.replace("_", "-") for path in files]


def _hash(*texts: bytes) -> str:
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:16]
