"""Scripts as people paste them: each gets its right answer, or the option that it takes.

What is right was found out without this tool: each script was run by hand, one at a time, alone, on
a RabbitMQ wiped before each run.
"""

from __future__ import annotations

import json
import shutil
import sys
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.command import TOOL, Ended, run

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PASTED = Path(__file__).parent / "pasted"


@dataclass(frozen=True)
class Pasted:
    """A script, how it is asked about, and what is true of it."""

    folder: str
    words: list[str]
    """As they stand on the command line."""
    upstream: list[int]
    """Reports and discussions of FastStream's that it is written after."""
    start: str
    end: str
    options: list[str] = field(default_factory=list)
    proposed: list[str] = field(default_factory=list)
    """Options that the tool itself has to propose when it is asked without them."""
    flips: list[tuple[str, str, str]] = field(default_factory=list)
    """(before, after, to); none: good everywhere."""


def read() -> list[Pasted]:
    rows = tomllib.loads((PASTED / "expected.toml").read_text(encoding="utf-8"))["script"]
    return [
        Pasted(
            row["folder"], row["words"], row["upstream"], row["from"], row["to"],
            row.get("options", []), row.get("proposed", []),
            [(before, after, to) for before, after, to in row.get("flips", [])],
        )
        for row in rows
    ]  # fmt: skip


SCRIPTS = read()


def bisect(checkout: Path, pasted: Pasted, tmp_path: Path, *options: str) -> tuple[Ended, Any]:
    """Ask as a user does who stands in the script's folder."""
    ended = run(
        [*TOOL, "bisect", "--from", pasted.start, "--to", pasted.end, "--no-blame", "--json", "-",
         *pasted.options, *options, *pasted.words],
        tmp_path / pasted.folder,
        PYTHONPATH=str(checkout),
    )  # fmt: skip
    return ended, json.loads(ended.stdout) if ended.stdout else {}


@pytest.mark.parametrize("pasted", SCRIPTS, ids=lambda pasted: pasted.folder)
def test_is_answered_as_it_was_pasted(checkout: Path, tmp_path: Path, pasted: Pasted) -> None:
    folder = shutil.copytree(PASTED / pasted.folder, tmp_path / pasted.folder)
    before = contents(folder)
    if pasted.proposed:
        ended, answer = bisect(checkout, pasted, tmp_path)
        assert ended.code == 1, ended.said
        for option in pasted.proposed:
            assert option in " ".join(answer["hints"]), ended.said
    ended, answer = bisect(checkout, pasted, tmp_path, *pasted.proposed)
    assert ended.code == (0 if pasted.flips else 1), ended.said
    flips = [(flip["before"], flip["after"], flip["to"]) for flip in answer["flips"]]
    assert flips == pasted.flips, ended.said
    verdicts = {row["verdict"] for row in answer["releases"]}
    if not pasted.flips:
        assert verdicts - {"skip"} == {"good"}, ended.said
    assert contents(folder) == before  # it ran in copies


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_those_who_delete_all_they_find_meet_nobody(checkout: Path, tmp_path: Path) -> None:
    """Each release's right verdict is known beforehand, and 2 is the exit code of who met others.

    By hand over all releases and more than 200 probes:
    `nox -s bisect -- --map --repeat 2 --jobs 4 tests/pasted/vandal/vandal.py`.
    """
    shutil.copytree(PASTED / "vandal", tmp_path / "vandal")
    pasted = Pasted("vandal", ["vandal.py"], [], "0.5.0", "0.5.13")
    ended, answer = bisect(checkout, pasted, tmp_path, "--map", "--jobs", "4", "--repeat", "2")
    seen = {row["version"]: (row["verdict"], row["output"]) for row in answer["releases"]}
    assert len(seen) == 14
    for version, (verdict, output) in seen.items():
        right = "bad" if zlib.crc32(version.encode()) % 4 == 0 else "good"
        assert verdict == right, ended.said
        assert "met " not in output, ended.said
