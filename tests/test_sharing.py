"""Parts of a map: cut the same everywhere, of about the same work, and put together again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisector.axes.axis import Choice
from bisector.axes.releases import of_package
from bisector.commands import sharing
from bisector.questions import programs
from bisector.search import shards
from tests.command import TOOL, run


@given(st.lists(st.floats(0.1, 9), max_size=60), st.integers(1, 25))
def test_every_place_is_in_one_part(work: list[float], parts: int) -> None:
    found = shards.cut(work, parts)
    assert len(found) == parts
    assert sorted(place for part in found for place in part) == [*range(len(work))]
    assert found == shards.cut(work, parts)
    loads = [sum(work[place] for place in part) for part in found]
    # Whoever has most had least before the last one came.
    assert max(loads) - min(loads) <= max(work, default=0) + 1e-9


@pytest.mark.parametrize("of", [2, 7, 20])
def test_parts_of_the_history_take_about_as_long(of: int) -> None:
    all_ = [programs.scenario(name) for name in programs.names()]
    axis = of_package(Choice())
    known = sharing._seconds()
    assert known
    loads, seen = [], []
    for which in range(1, of + 1):
        part = sharing.part(axis, all_, (which, of))
        seen += [release.version for release in part.releases]
        loads.append(
            sum(
                sharing.INSTALLING
                + sum(known.get((p.name, r.version), sharing.PROBING) for p in all_)
                for r in part.releases
            )
        )
    assert sorted(seen) == sorted(release.version for release in axis.releases)
    assert max(loads) <= 1.2 * min(loads)


ENDS = ["--from", "0.3.3", "--to", "0.3.6"]


def test_parts_and_the_whole_say_the_same(checkout: Path, tmp_path: Path) -> None:
    command = [*TOOL, "bisect", *ENDS, "--map", "--no-blame"]
    for which in ("1/2", "2/2"):
        journal = str(tmp_path / f"part-{which[0]}.jsonl")
        told = run([*command, "--shard", which, "--journal", journal, "import-clean"], checkout)
        assert told.code == 0, told.said
        assert f"shard {which} of import-clean: 2 releases known, 2 probed now" in told.stdout
        assert "broken" not in told.said  # a part names no flip
    (tmp_path / "part-3.jsonl").write_text("something else\n")
    files, own = str(tmp_path / "part-*.jsonl"), str(tmp_path / "own.jsonl")
    join = [*command, "--known", files, "--journal", own, "--json", "-", "import-clean"]
    told = run(join, checkout)
    assert told.code == 0, told.said
    assert "part-3.jsonl is not a journal of this version: passed over" in told.stderr
    answer = json.loads(told.stdout)
    seen = (tmp_path / "own.jsonl").read_text().splitlines()
    assert len(seen) == 1 + 4  # each side of each flip once more
    alone = run(
        [*command, "--journal", str(tmp_path / "whole"), "--json", "-", "import-clean"], checkout
    )
    whole = json.loads(alone.stdout)
    for field in ("answer", "flips", "affected"):
        assert answer[field] == whole[field]
    other = run([*command, "--known", own, "--journal", own + "2", "constructor-url"], checkout)
    assert "own.jsonl answers nothing here: passed over" in other.stdout


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--shard", "3"], "it takes which of how many, as 3/20"),
        (["--map", "--shard", "0/2"], "the first of 2 is 1/2, the last 2/2"),
        (["--map", "--shard", "3/2"], "the first of 2 is 1/2, the last 2/2"),
        (["--shard", "1/2"], "--shard is a part of a map"),
        (["--map", "--shard", "1/2", "--json", "-"], "a part has no answer"),
        (["--known", "nowhere-*.jsonl"], "--known nowhere-*.jsonl: there is no such file"),
    ],
)
def test_wrong_use(words: list[str], line: str, checkout: Path) -> None:
    told = run([*TOOL, "bisect", *words], checkout)
    assert (told.code, told.stdout) == (2, "")
    assert line in told.stderr
