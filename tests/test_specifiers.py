"""Specifiers hold for just the releases that they are said to hold for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from bisector.bisection import specifiers
from bisector.environments import releases
from tests.test_answer import answer
from tests.test_search import history

LINE = [release.version for release in releases.load()]


@st.composite
def choices(draw: st.DrawFn) -> list[bool]:
    """Some stretches of the real releases, with their candidates and backports."""
    edges = draw(st.sets(st.integers(0, len(LINE)), max_size=6))
    wanted, now = [], draw(st.booleans())
    for i in range(len(LINE)):
        now ^= i in edges
        wanted.append(now)
    return wanted


@settings(max_examples=50)
@given(choices(), st.booleans())
def test_it_holds_for_the_wanted_releases_and_no_others(wanted: list[bool], newest: bool) -> None:
    text = specifiers.specifier(LINE, wanted, newest=newest)
    if text is None:
        assert not any(wanted)
        return
    found = SpecifierSet(text)
    assert [found.contains(version, prereleases=True) for version in LINE] == wanted
    # What comes next belongs to a stretch that reaches the newest release, and only to that.
    assert found.contains("99.0") is (newest and wanted[-1])


@pytest.mark.parametrize(
    ("versions", "verdicts", "affected", "required"),
    [
        ("1.0 1.1 2.0rc0 2.0", "bbgg", ">=1.0,<2.0rc0", ">=2.0rc0"),
        ("1.0 1.1 2.0", "ggb", ">=2.0", ">=1.0,<2.0"),
        ("1.0 1.1rc1 1.1", "bbg", ">=1.0,<=1.1rc1", ">=1.1"),  # "<1.1" has no candidates in it
        ("1.0 1.1 1.2 1.3", "bgbg", ">=1.0,!=1.1,<1.3", ">=1.1,!=1.2"),
        ("1.0 1.1 1.2 1.3", "bg.g", ">=1.0,<1.1", ">=1.1"),  # not probed, between two that agree
        ("1.0 1.1 1.2 1.3", "bsbg", ">=1.0,<1.3", ">=1.3"),
        ("1.0 1.1 1.2 1.3", "bbsg", ">=1.0,<1.2", ">=1.3"),  # nobody knows of 1.2
    ],
)
def test_an_answer_says_what_to_pin(
    versions: str, verdicts: str, affected: str, required: str
) -> None:
    found = specifiers.of(answer(versions, verdicts))
    assert found is not None
    assert (found.affected, found.required) == (affected, required)


def test_untestable_releases_are_named() -> None:
    found = specifiers.of(answer("1.0 1.1 1.2 1.3 1.4", "bsbsg"))
    assert found is not None
    assert (found.with_neighbours, found.neither) == (("1.1",), ("1.3",))


@pytest.mark.parametrize("verdicts", ["gggg", "b..b", "b..g", "ssss"])
def test_without_a_flip_there_is_nothing_to_pin(verdicts: str) -> None:
    assert specifiers.of(answer("1.0 1.1 1.2 1.3", verdicts)) is None


def test_releases_beside_an_open_stretch_are_counted_with_neither() -> None:
    assert specifiers.fill(history("b.bsg.g")) == history("bbb.ggg")
