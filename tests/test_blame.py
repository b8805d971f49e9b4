"""Whose fault a flip is: what counts as the same failure; and one of each kind, real releases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisector.bisection import blame
from bisector.bisection.crosses import Looked, Side
from bisector.environments import recipes
from bisector.environments.recipes import Environment, differences, exactly
from bisector.questions.behaviour import UNIMPORTABLE, Observation
from bisector.search.exact import Verdict
from bisector.search.minimal import Outcome
from tests.command import RANGE, TOOL, run

GOOD, BAD, SKIP = Verdict.GOOD, Verdict.BAD, Verdict.SKIP
FLIPPED, SAME, UNRESOLVED = Outcome.FLIPPED, Outcome.SAME, Outcome.UNRESOLVED


def seen(verdict: Verdict, outcome: str = "error", reason: str = "") -> Observation:
    return Observation("X", verdict, outcome, reason, 0.0)


@pytest.mark.parametrize(
    ("looked_for", "cross", "outcome"),
    [
        (seen(BAD, "hang"), seen(BAD, "hang"), FLIPPED),
        (seen(BAD, "hang"), seen(GOOD, "works"), SAME),
        (seen(BAD, "hang"), seen(BAD, "error", "ValueError: no"), UNRESOLVED),
        (seen(BAD, "error", "BAD: 3 of 5"), seen(BAD, "error", "BAD: 4 of 5"), FLIPPED),
        (seen(BAD, reason="AssertionError: 17"), seen(BAD, reason="AssertionError: 4"), FLIPPED),
        (seen(BAD, reason="AssertionError"), seen(BAD, reason="KeyError: 'x'"), UNRESOLVED),
        (
            seen(BAD, reason="TypeError: f() needs a"),
            seen(BAD, reason="TypeError: no g"),
            UNRESOLVED,
        ),
        (
            seen(BAD, reason="TypeError: f() needs 2"),
            seen(BAD, reason="TypeError: f() needs 3"),
            FLIPPED,
        ),
        (
            seen(BAD, UNIMPORTABLE, "no module a"),
            seen(BAD, UNIMPORTABLE, "no module b"),
            UNRESOLVED,
        ),
        (seen(BAD, UNIMPORTABLE, "no module a"), seen(BAD, UNIMPORTABLE, "no module a"), FLIPPED),
        (seen(BAD), seen(SKIP, UNIMPORTABLE), UNRESOLVED),
    ],
)
def test_another_failure_is_no_evidence(
    looked_for: Observation, cross: Observation, outcome: Outcome
) -> None:
    bad = Side("2", Environment("2", ("x==2",)), [looked_for])
    looked = Looked(bad, from_=GOOD)
    counted = looked.counted(cross)
    assert looked.outcome(counted) is outcome
    assert (counted.verdict is SKIP) == (outcome is UNRESOLVED)


def test_an_exact_environment_is_the_same_on_any_day_and_in_any_order() -> None:
    one = exactly({"faststream": "faststream==1.0", "a": "a==2"}, "3.11")
    other = exactly({"a": "a==2", "faststream": "faststream==1.0"}, "3.11", "a")
    assert one == other
    assert one.version == "1.0"
    assert Environment.from_json(one.to_json()) == one
    assert one.recipe == json.loads(one.to_json())


def test_environments_of_before_there_were_exact_ones_keep_their_digest() -> None:
    assert "exact" not in json.loads(Environment("1.0", ("faststream==1.0",)).to_json())


@pytest.mark.parametrize(
    ("wanted", "found"), [("a", {"a", "b", "c"}), ("b", {"b", "c"}), ("x", set())]
)
def test_what_a_distribution_brings(wanted: str, found: set[str]) -> None:
    assert recipes.reach({"a": {"b", "nowhere"}, "b": {"c"}, "c": {"b"}}, wanted) == found


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
    assert flip["blame"]["culprits"] == [
        {"name": "faststream", "before": "0.4.7", "after": "0.5.0rc0"}
    ]
    assert flip["blame"]["minimal"]
    assert flip["blame"]["probes"] == 2
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
    assert flip["blame"]["culprits"] == [{"name": "aio-pika", "before": "9.5.3", "after": "9.5.4"}]
    assert flip["blame"]["flips"] == [["9.5.3", "9.5.4"]]
    assert "faststream is not guilty" in ended.stderr


def test_what_only_runs_together_is_named_together(
    checkout: Path, own_url: str, tmp_path: Path
) -> None:
    """Neither 0.5.48 nor 0.6.0rc0 imports with the other's fast-depends."""
    program = tmp_path / "old.py"
    program.write_text(
        "import faststream.rabbit\n"
        "from faststream.__about__ import __version__\n"
        "assert not __version__.startswith('0.5.')\n"
    )
    ended = run(
        [*TOOL, "bisect", "--from", "0.5.48", "--to", "0.6.0rc0", "--json", "-", str(program)],
        checkout,
        AMQP_URL=own_url,
    )
    assert ended.code == 0, ended.said
    (flip,) = json.loads(ended.stdout)["flips"]
    told = flip["blame"]
    assert told["guilty"] == blame.WELDED, ended.said
    assert [culprit["name"] for culprit in told["culprits"]] == ["faststream", "fast-depends"]
    assert told["welded"] == told["culprits"]
    assert {verdict for _, verdict, _ in told["crosses"]} == {"skip"}
    assert "without which 0.6.0rc0 does not import" in ended.stderr
