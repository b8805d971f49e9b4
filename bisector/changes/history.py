"""What changed from each release to the next, over all of them: kept as it becomes known.

The file is one JSON document, written after each pair, so that an interrupted run goes on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from packaging.version import Version

from bisector.environments.releases import Release
from bisector.errors import UserError

Row = dict[str, Any]
"""One pair: what `telling.changes.to_json` makes of it."""
STEPS = ("major or minor", "patch", "release candidate")
"""Kinds of pairs, by the version of the later release."""


def pairs(releases: Sequence[Release]) -> list[tuple[str, str]]:
    """Return the neighbours, the newest first: those people ask about."""
    versions = [release.version for release in releases]
    return [*pairwise(versions)][::-1]


def step(before: str, after: str) -> str:
    """Return the kind of a pair, of `STEPS`."""
    old, new = Version(before), Version(after)
    if new.is_prerelease:
        return "release candidate"
    if old.is_prerelease or old.release[:2] != new.release[:2]:
        return "major or minor"
    return "patch"


class History:
    """All pairs that were compared, in a file."""

    def __init__(self, path: Path, circumstances: Row) -> None:
        """Read what there is.

        Args:
            circumstances: what all pairs have in common; another file with others is not gone on.

        Raises:
            UserError: the file is none of ours, or was made under other circumstances.
        """
        self._path, self.circumstances = path, circumstances
        self.rows: dict[tuple[str, str], Row] = {}
        if not path.exists():
            return
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            rows = {(row["before"], row["after"]): row for row in told["pairs"]}
            known = told["circumstances"]
        except (ValueError, LookupError, TypeError) as error:
            raise UserError(
                f"{path.name} is no history of changes ({error!r}): move it away"
            ) from None
        if known != circumstances:
            raise UserError(
                f"{path.name} was made with {_words(known)}, not {_words(circumstances)}: go on"
                " with those options, or move it away to begin anew"
            )
        self.rows = rows

    def add(self, row: Row) -> None:
        """Keep what was found of a pair, on disk before this returns."""
        self.rows[row["before"], row["after"]] = row
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(self.document(), indent=1) + "\n", encoding="utf-8")
        os.replace(part, self._path)  # noqa: PTH105 - whole or not at all

    def programs(self, after: str) -> Path:
        """Return the folder for the programs of a pair."""
        return self._path.parent / self._path.stem / after

    def missing(self, wanted: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the pairs that are not there, in their order."""
        return [pair for pair in wanted if pair not in self.rows]

    def document(self) -> Row:
        """All of it, in order of versions."""
        rows = sorted(self.rows.values(), key=lambda row: Version(row["after"]))
        return {"circumstances": self.circumstances, "pairs": rows}


def _words(circumstances: Row) -> str:
    return ", ".join(f"{name} {value}" for name, value in circumstances.items())
