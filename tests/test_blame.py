"""Whose fault a flip is, as a table; and one of each kind on real releases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisector.bisection import blame
from bisector.environments.recipes import differences
from bisector.search.exact import Verdict
from tests.command import RANGE, TOOL, run

GOOD, BAD, SKIP = Verdict.GOOD, Verdict.BAD, Verdict.SKIP


@pytest.mark.parametrize(
    ("old_code_new_deps", "new_code_old_deps", "guilty"),
    [
        (BAD, GOOD, blame.CODE),
        (GOOD, BAD, blame.DEPENDENCY),
        (GOOD, GOOD, blame.EITHER),
        (BAD, BAD, blame.TOGETHER),
        (SKIP, GOOD, blame.UNKNOWN),
        (GOOD, SKIP, blame.UNKNOWN),
        (None, BAD, blame.UNKNOWN),
    ],
)
def test_who_is_guilty_of_bad_turning_good(
    old_code_new_deps: Verdict | None, new_code_old_deps: Verdict | None, guilty: str
) -> None:
    assert blame.verdict_of(BAD, old_code_new_deps, new_code_old_deps) == guilty


@given(st.sampled_from([GOOD, BAD]), st.sampled_from([GOOD, BAD]))
def test_the_direction_does_not_matter(first: Verdict, second: Verdict) -> None:
    other = {GOOD: BAD, BAD: GOOD}
    assert blame.verdict_of(BAD, first, second) == blame.verdict_of(
        GOOD, other[first], other[second]
    )


packages = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["1", "2"]))


@given(packages, packages)
def test_differences_are_what_turns_one_environment_into_the_other(
    before: dict[str, str], after: dict[str, str]
) -> None:
    found = differences(before, after)
    assert all(old != new for _, old, new in found)
    changed: dict[str, str | None] = {**before, **{name: new for name, _, new in found}}
    assert {name: version for name, version in changed.items() if version} == after


def test_the_hang_is_faststreams_own_fault(checkout: Path, own_url: str) -> None:
    ended = run([*TOOL, "bisect", *RANGE, "--json", "-"], checkout, AMQP_URL=own_url)
    assert ended.code == 0, ended.said
    (flip,) = json.loads(ended.stdout)["flips"]
    assert flip["blame"]["guilty"] == blame.CODE
    assert ["aio-pika", "9.4.0", "9.4.1"] in flip["blame"]["differences"]
    assert [verdict for _, verdict, _ in flip["blame"]["crosses"]] == ["bad", "good"]
    assert "It is faststream's own code" in ended.stderr
    assert "/compare/0.4.7...0.5.0rc0" in ended.stderr


def test_a_guilty_dependency_is_named_and_bisected(checkout: Path, own_url: str) -> None:
    """Upstream report 1988 came and went with aio-pika."""
    ended = run(
        [*TOOL, "bisect", "close-warnings", "--from", "0.5.33", "--to", "0.5.34", "--json", "-"],
        checkout,
        AMQP_URL=own_url,
    )
    assert ended.code == 0, ended.said
    (flip,) = json.loads(ended.stdout)["flips"]
    assert flip["blame"]["guilty"] == blame.DEPENDENCY
    assert flip["blame"]["dependency"] == "aio-pika"
    assert flip["blame"]["flips"] == [["9.5.3", "9.5.4"]]
    assert "faststream is not guilty" in ended.stderr
