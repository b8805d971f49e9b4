"""What differs between two sources, and which of it a program calls."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bisector import ROOT
from bisector.changes import sources

BEFORE = '''
import os
LIMIT = 5
OTHER = 1

class Base:
    size = 1

    def get(self):
        return self.size

    def run(self):
        return self.get()

class Child(Base):
    def show(self):
        return "child"

def limited(n):
    """How many."""
    return min(n, LIMIT)

def apart():
    return 1
'''
LAST = '        return "child"'


def _changed(tmp_path: Path, *edits: tuple[str, str]) -> set[str]:
    after = BEFORE
    for old, new in edits:
        assert old in after
        after = after.replace(old, new, 1)
    for name, text in (("old", BEFORE), ("new", after)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "m.py").write_text(text)
    found = sources.changed(tmp_path / "old", tmp_path / "new")
    assert {path for path, _ in found} <= {"m.py"}
    return {name for _, name in found}


@pytest.mark.parametrize(
    ("edit", "differing"),
    [
        (("return 1", "return 2"), {"apart"}),
        (('"""How many."""', '"""How many there are."""'), set()),
        (("def limited(n):", "def limited(n: int) -> int:  # documented"), set()),
        (("def limited(n):", "def limited(n=3):"), {"limited"}),
        (("LIMIT = 5", "LIMIT = 6"), {"limited"}),
        (("OTHER = 1", "OTHER = 2"), set()),
        (("size = 1", "size = 2"), {"Base.get"}),
        (("class Child(Base):", "class Child(Base, dict):"), {"Child.show"}),
        # What a class inherited it has now by itself.
        ((LAST, f"{LAST}\n\n    def get(self):\n        return 0"), {"Base.get"}),
        ((LAST, f"{LAST}\n\n    def __len__(self):\n        pass"), {"Child.show"}),
        (("def apart", "def more():\n    pass\n\ndef apart"), set()),
        (("def apart", "def elsewhere"), {"apart"}),
    ],
)  # fmt: skip
def test_which_functions_may_behave_otherwise(
    tmp_path: Path, edit: tuple[str, str], differing: set[str]
) -> None:
    assert _changed(tmp_path, edit) == differing


def test_parts_that_no_situation_reaches_are_left_out(tmp_path: Path) -> None:
    for name in ("rabbit", "kafka"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "broker.py").write_text("")
    assert [file.parent.name for file in sources.files(tmp_path)] == ["rabbit"]


def test_it_is_seen_which_functions_are_called(tmp_path: Path) -> None:
    (tmp_path / "watched").mkdir()
    (tmp_path / "watched" / "__init__.py").write_text(
        "class A:\n"
        '    def told(self):\n        """It."""\n        return 1\n'
        "    async def awaited(self):\n        return 2\n"
        "    def never(self):\n        return 3\n"
        "def at_import():\n    return 4\n"
        "at_import()\n"
    )
    program = (
        "from benchmarks.situations import _reach; _reach.install('watched')\n"
        "import asyncio, watched\n"
        "a = watched.A(); assert a.told() == 1 and asyncio.run(a.awaited()) == 2\n"
        "assert a.told.__doc__ == 'It.'\n"
        "print(*(_reach.FUNCTIONS[n][1] for n in sorted(_reach.REACHED)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}"},
    )  # fmt: skip
    assert ended.stdout.split() == ["A.told", "A.awaited", "at_import"]
