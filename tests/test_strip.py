"""The line at a glance: every point once, in order, whatever the width."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisector.search import exact
from bisector.search.exact import Verdict
from bisector.telling.strip import ASKED, MARKS, Strip, marks
from tests.test_search import history

VERDICTS = st.lists(st.sampled_from([None, *Verdict]), min_size=1, max_size=300)
SPARSE = st.lists(
    st.tuples(st.integers(1, 300), st.sampled_from([*Verdict])), min_size=1, max_size=12
).map(lambda runs: [v for many, verdict in runs for v in [*[None] * many, verdict]])


def names(verdicts: exact.History, length: int = 0) -> list[str]:
    """Names in which no mark occurs."""
    return [f"{'v' * length}{n}" for n in range(len(verdicts))]


def cells(strip: Strip, width: int) -> str:
    """Read the cells back, those that are only counted as so many marks."""
    found = ""
    for line in strip.plain(width):
        row = re.fullmatch(r"(?: +[v\d\u2026]+ )?([+x~?\u00b7()\d]+?)(?: v*\d+)?", line)
        if row and not re.fullmatch(r"[v\d]+", row[1]):
            found += row[1]
    return re.sub(r"\((\d+)\)", lambda count: MARKS[None] * int(count[1]), found)


@given(VERDICTS | SPARSE, st.integers(1, 250), st.integers(1, 40), st.randoms())
def test_every_point_is_there_once_and_in_order(
    verdicts: list[Verdict | None], width: int, length: int, chance: object
) -> None:
    called = names(verdicts, length)
    asked = {name for name in called if chance.random() < 0.02}  # type: ignore[attr-defined]
    strip = Strip.living(called, verdicts, asked)
    expected = "".join(
        ASKED if name in asked else mark for name, mark in zip(called, marks(verdicts), strict=True)
    )
    assert cells(strip, width) == expected


@given(VERDICTS | SPARSE, st.integers(1, 250), st.integers(0, 40))
def test_no_line_is_wider_than_it_may_be(
    verdicts: list[Verdict | None], width: int, length: int
) -> None:
    strip = Strip.living(names(verdicts, length), verdicts, ())
    drawn = strip.lines(width)
    legend = [line for line in drawn if re.search(r"[+x~?\u00b7)] [a-z]{3,}", line.plain)]
    assert all(line.cell_len <= width for line in drawn if line not in legend)
    assert all(line.cell_len <= max(width, 25) for line in legend)


@given(SPARSE, st.integers(30, 250))
def test_a_flip_is_named_under_its_place(verdicts: list[Verdict | None], width: int) -> None:
    called = names(verdicts)
    found = exact.changes(verdicts)  # as if they were all there is
    lines = Strip(called, verdicts, found).plain(width)
    said = "\n".join(lines)
    for flip in found:
        told = "fixed in" if verdicts[flip.after] is Verdict.GOOD else "broken since"
        assert re.search(rf"{told} {called[flip.after]}\b", said)
    for number, line in enumerate(lines):
        for caret in re.finditer(r"\^", line):
            above = next(
                row for row in reversed(lines[:number]) if re.match(r" +\d+ [+x~(\u00b7]", row)
            )
            assert above[caret.start()] in "+x"


def test_what_is_open_is_under_a_bracket_until_it_is_found() -> None:
    called = ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5"]
    assert Strip.living(called, history(".....g"), ["1.0"]).plain() == [
        "  + good   \u00b7 not asked   ? being asked",
        "  1.0 ?\u00b7\u00b7\u00b7\u00b7+ 1.5",
    ]
    assert Strip.living(called, history("b.s.g."), ["1.1"]).plain() == [
        "  + good   x bad   ~ cannot be tested   \u00b7 not asked   ? being asked",
        "  1.0 x?~\u00b7+\u00b7 1.5",
        "      \u2514\u2500\u2500\u2500\u2518",
    ]
    assert Strip.living(called, history("bbsggg"), []).plain() == [
        "  + good   x bad   ~ cannot be tested",
        "  1.0 xx~+++ 1.5",
        "         ^ fixed in 1.3",
    ]


def test_a_bracket_goes_on_in_the_next_row() -> None:
    called = names(history("b" + "." * 38 + "g"))
    assert Strip.living(called, history("b" + "." * 38 + "g"), []).plain(26)[2:] == [
        "   0 x" + "\u00b7" * 20,
        "     \u2514" + "\u2500" * 20,
        "  21 " + "\u00b7" * 18 + "+",
        "     " + "\u2500" * 18 + "\u2518",
    ]


@pytest.mark.parametrize("width", [80, 100])
def test_a_line_too_long_counts_what_was_not_asked(width: int) -> None:
    verdicts = history("b" + "." * 2000 + "bg" + "." * 9 + "g")
    assert Strip.living(names(verdicts), verdicts, []).plain(width) == [
        "  + good   x bad   (n) so many not asked",
        "     0 x(2000)x+(9)+ 2012",
        "               ^ fixed in 2002",
    ]
