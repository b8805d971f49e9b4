"""The whole runs of a calibration, kept in a file, so that one that was interrupted goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from bisector.errors import UserError


class Made(Protocol):
    """A whole run, as far as this room knows it."""

    @property
    def slowdown(self) -> float:
        """By which part it was slower on purpose; 0: not at all."""


CircumstancesT = TypeVar("CircumstancesT")
RunT = TypeVar("RunT", bound=Made)


class KeptRuns(Generic[CircumstancesT, RunT]):
    """The runs made so far: in the file's first line what they have in common, then one a line."""

    def __init__(
        self, path: Path, circumstances: Callable[..., CircumstancesT], run: Callable[..., RunT]
    ) -> None:
        """Read them.

        Args:
            circumstances: makes what they have in common of a line's fields.
            run: makes a run of a line's fields.

        Raises:
            UserError: the file holds something else.
        """
        self._path = path
        self.circumstances: CircumstancesT | None = None
        self.runs: list[RunT] = []
        if not path.exists():
            return
        # A line that a crash cut off has no end: that run is made again.
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        whole = [line for line in lines if line.endswith("\n")]
        if whole != lines:
            path.write_text("".join(whole), encoding="utf-8")
        try:
            for line in whole[:1]:
                self.circumstances = circumstances(**json.loads(line))
            self.runs = [run(**json.loads(line)) for line in whole[1:]]
        except (ValueError, TypeError) as error:
            raise UserError(
                f"{path.name} is not a calibration of this version ({error}): move it away"
            ) from None

    def begin(self, circumstances: CircumstancesT) -> None:
        """Write down what all runs have in common."""
        self.circumstances = circumstances
        self._append(circumstances)

    def add(self, run: RunT) -> None:
        """Keep a run, on disk before this returns."""
        self.runs.append(run)
        self._append(run)

    def of(self, slowdown: float) -> list[RunT]:
        """The runs with that slowdown."""
        return [run for run in self.runs if run.slowdown == slowdown]

    def missing(self, wanted: dict[float, int]) -> Iterator[float]:
        """What is to be run next, the one with the smallest part made so far first."""
        while left := {s: len(self.of(s)) / n for s, n in wanted.items() if len(self.of(s)) < n}:
            yield min(left, key=lambda s: left[s])

    def _append(self, row: object) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(vars(row)) + "\n")
            file.flush()
            os.fsync(file.fileno())
