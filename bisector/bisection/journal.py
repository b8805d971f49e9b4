"""The journal: every observation, on disk the moment it is made, with the question it answers.

A text file with a header line and one JSON object a line; it only ever grows.  Several processes
may write to it at once.
"""

from __future__ import annotations

import fcntl
import json
import os
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bisector import DATA, ROOT
from bisector.axes.axis import Choice
from bisector.environments import recipes
from bisector.environments.recipes import Environment
from bisector.errors import UserError
from bisector.questions.behaviour import NO_INTERPRETER, Observation

JOURNAL = DATA / ".bisector" / "journal.jsonl"
_FILES = 16
"""Bits of a place that say which file it is in; the others say where in it a line begins."""
_HEADER = {"journal": "faststream-bisector", "layout": 2}


@dataclass(frozen=True)
class Question:
    """What an observation belongs to; it answers no other question."""

    package: str
    scenario: str
    text: str
    """Digest of the scenario's source text and of what it imports from benchmarks/."""
    python: str
    deps: str
    """Dependency rule; for `today` with the day."""
    rabbitmq: str
    """Version, and where it came from."""
    rules: dict[str, Any]
    """How the program's end was read, its deadline included."""

    @classmethod
    def of(
        cls,
        package: str,
        scenario: str,
        digest: str | None,
        choice: Choice,
        rabbitmq: str,
        rules: dict[str, Any],
    ) -> Question:
        """Return what is asked along an axis of a package; without a digest it is like no other."""
        text = digest or f"unknown {uuid.uuid4()}"
        deps = recipes.rule(choice.deps)
        return cls(package, scenario, text, choice.python, deps, rabbitmq, rules)


class Journal:
    """The observations made so far for one question."""

    def __init__(
        self,
        question: Question,
        path: Path = JOURNAL,
        note: Callable[[str], None] = print,
        known: Sequence[Path] = (),
    ) -> None:
        """Read what is there.

        Args:
            note: is told when the file's end was cut off and had to be passed over.
            known: journals of other runs, which are read only.

        Raises:
            UserError: the file is not a journal, or of a layout that this version does not know.
        """
        self._question, self._path = asdict(question), path
        # Only where each lies: of a million observations that fits into memory, and they do not.
        self._places: dict[int, tuple[int, ...]] = {}
        self._files = [path]
        self._passing: list[tuple[str, Observation]] = []
        """Observations that no file keeps."""
        for file in known:
            if file.absolute() == path.absolute():
                continue
            taken = self._read(file, note)
            if not taken:
                why = (
                    "is not a journal of this version" if taken is None else "answers nothing here"
                )
                note(f"{_shown(file)} {why}: passed over")
        if path.exists() and self._read(path, note) is None:
            raise UserError(
                f"{_shown(path)} is not a journal of this version:"
                " move it away, or name another one with --journal"
            )

    def _read(self, path: Path, note: Callable[[str], None]) -> int | None:
        """Take what a file knows; returns how many lines of it, None: it is no journal."""
        broken = taken = 0
        if path not in self._files:
            self._files.append(path)
        with path.open("rb") as file:
            first = file.readline()
            if first and _parse(first) != _HEADER:
                return None
            end = len(first)
            for line in file:
                offset, end = end, end + len(line)
                row = _parse(line)
                try:
                    if row["question"] != self._question:
                        continue
                    taken += 1
                    if row.get("forget"):
                        self._clear()
                    else:
                        self._take(row, offset << _FILES | self._files.index(path))
                except (TypeError, KeyError, ValueError):
                    broken += bool(line.strip())
        if broken:
            note(f"{_shown(path)}: passed over {broken} line(s) that a crash left incomplete")
        return taken

    def _take(self, row: dict[str, Any], place: int) -> None:
        """Keep what a line says; LookupError, TypeError or ValueError: it is not whole."""
        seen = Observation.from_json(row["observation"])
        self._lies(row["environment"], seen.version, place)

    def _lies(self, digest: str, version: str, place: int) -> None:
        key = hash((digest, version))
        self._places[key] = (*self._places.get(key, ()), place)

    def _clear(self) -> None:
        self._places.clear()
        self._passing.clear()

    def of(self, version: str, environment: Environment) -> list[Observation]:
        """Return what was observed of a release in such an environment, oldest first."""
        digest = environment.digest
        rows = map(self._row, self._places.get(hash((digest, version)), ()))
        found = [Observation.from_json(row["observation"]) for row in rows
                 if row["environment"] == digest]  # fmt: skip
        passing = (seen for made, seen in self._passing if made == digest)
        return [seen for seen in (*found, *passing) if seen.version == version]

    def _row(self, place: int) -> Any:
        with self._files[place & (1 << _FILES) - 1].open("rb") as lines:
            lines.seek(place >> _FILES)
            return _parse(lines.readline())

    def add(self, observation: Observation, environment: Environment) -> None:
        """Keep an observation, on disk before this returns."""
        digest = environment.digest
        if observation.outcome == NO_INTERPRETER:  # tomorrow there may be one
            self._passing.append((digest, observation))
            return
        offset = self._append({"environment": digest, "observation": observation.to_json()})
        self._lies(digest, observation.version, offset << _FILES)

    def forget(self) -> None:
        """Make all earlier observations for this question void."""
        self._clear()
        if self._path.exists():
            self._append({"forget": True})

    def _append(self, row: dict[str, Any]) -> int:
        """Write a line; returns where it begins."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            size = file.seek(0, os.SEEK_END)
            text = json.dumps({"question": self._question, **row}) + "\n"
            before = ""
            if not size:
                before = json.dumps(_HEADER) + "\n"
            else:
                file.seek(size - 1)
                if file.read(1) != b"\n":  # a crash, or a full disk, cut the last line off
                    before = "\n"
            file.write((before + text).encode())
            file.flush()
            os.fsync(file.fileno())
            return size + len(before)


def _parse(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
