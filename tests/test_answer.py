"""What an answer says of a history: first stable releases, doubt, and the line to see it again."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from bisector import ROOT
from bisector.axes.axis import Axis
from bisector.bisection.answer import Answer, Circumstances, first_stable, settle
from bisector.bisection.inquiry import Finding
from bisector.environments.building import UninstallableError, explain
from bisector.environments.recipes import Environment
from bisector.environments.releases import Release
from bisector.processes import redaction
from bisector.questions import programs
from bisector.questions.behaviour import Observation
from bisector.questions.ending import Rules
from bisector.search.exact import Verdict
from bisector.telling import answers, documents
from bisector.telling.hints import hints
from tests.test_search import history

DAY = datetime(2024, 1, 1, tzinfo=timezone.utc)
GOOD, BAD, SKIP = Verdict.GOOD, Verdict.BAD, Verdict.SKIP


def environment(release: Release) -> Environment:
    return Environment(release.version, (f"faststream=={release.version}",))


def answer(versions: str, verdicts: str, **changes: object) -> Answer:
    releases = [Release(version, DAY) for version in versions.split()]
    seen = {
        release.version: [Observation(release.version, verdict, "x", "so", 1.0)]
        for release, verdict in zip(releases, history(verdicts), strict=True)
        if verdict is not None
    }
    made = Answer(
        programs.scenario(programs.SIBLING_CLOSE),
        Axis("faststream", releases, environment),
        seen,
        history(verdicts),
        Circumstances("release-day", "3.11", "3.10.8", "somewhere"),
        Rules(30.0),
        DAY,
    )
    for name, value in changes.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("versions", "verdicts", "stable"),
    [
        ("1.0 1.1rc1 1.1", "bgg", "1.1"),
        ("1.0 1.1 1.2", "bgg", "1.1"),
        ("1.0 1.1rc1 1.1rc2 1.1", "bgbb", None),  # it changed back before any stable release
        ("1.0 1.1rc1 1.1 1.2", "bgsg", "1.2"),  # a stable release that cannot be tested is none
        ("1.0 1.1rc1 1.2rc1", "bgg", None),
    ],
)
def test_the_first_stable_release_has_the_new_verdict(
    versions: str, verdicts: str, stable: str | None
) -> None:
    assert answer(versions, verdicts).flips[0].first_stable == stable


def test_an_untested_stable_release_is_to_be_probed_first() -> None:
    releases = [Release(v, DAY) for v in ("1.0", "1.1rc1", "1.1")]
    assert first_stable(releases, history("bg."), 1, 3) == 2


def test_a_flaky_search_that_is_not_certain_names_no_flip() -> None:
    unsure = answer("1.0 1.1 1.2", "gbg", may_be_wrong=True)
    assert unsure.flips == []
    assert answers.sentences(unsure) == [
        "No answer that is certain enough: allow more probes with --most."
    ]


@pytest.mark.parametrize(
    ("verdicts", "settled"),
    [([], None), ([GOOD], GOOD), ([GOOD, BAD], None), ([GOOD, BAD, BAD], BAD),
     ([GOOD, BAD] * 3, BAD), ([SKIP, GOOD, GOOD], GOOD)],
)  # fmt: skip
def test_what_a_release_counts_as(verdicts: list[Verdict], settled: Verdict | None) -> None:
    assert settle([Observation("1", verdict, "x", "so", 1.0) for verdict in verdicts]) is settled


def test_neighbours_skipped_for_one_reason_are_one_row_in_what_people_read() -> None:
    made = answer("1.0 1.1 1.2 1.3 1.4 1.5 1.6", "gsssbss")
    for version in ("1.1", "1.2", "1.3", "1.5", "1.6"):
        reason = "cannot" if version == "1.6" else f"No solution found: {version} needs more"
        made.observations[version] = [Observation(version, SKIP, "uninstallable", reason, 0.0)]
    page = answers.to_markdown(Finding(made))
    rows = [line.split(" | ")[0].strip("| ") for line in page.splitlines() if line[:3] == "| 1"]
    assert rows == ["1.0", "1.1 ... 1.3 (3)", "1.4", "1.5", "1.6"]
    assert len(documents.of_finding(Finding(made))["releases"]) == 7


def test_releases_left_out_for_not_importing_are_named() -> None:
    made = answer("1.0 1.1 1.2", "gsb")
    made.observations["1.1"] = [Observation("1.1", SKIP, "unimportable", "does not import", 0.0)]
    line = "Skipped, for they do not import: 1.1 (--unimportable bad counts them as bad)."
    assert hints(made) == [line]
    assert hints(answer("1.0 1.1", "gb")) == []


def test_the_line_to_see_it_again_asks_the_same_question() -> None:
    found = answer("1.0 1.1", "bg", rules=Rules(5.0, "skip", "two words"))
    found.axis = Axis("faststream", found.releases, environment, options=("--with=aio-pika==9.0",))
    assert answers.again(found) == (
        'nox -s "release(1.0)" -- --with=aio-pika==9.0 --timeout=5 --timeout-is=skip'
        " '--match=two words' sibling-close"
    )


def test_no_password_and_no_place_leaves_with_a_result() -> None:
    url = "amqp://user:p%40ssw0rd@localhost/"
    told = {"a": ["amqp://user:p%40ssw0rd@x", f"{Path.home()}/x", f"{ROOT}/y", 3, None],
            "b": "p@ssw0rd in /srv/mine/repro.py"}  # fmt: skip
    assert redaction.redact(told, [url], [Path("/srv/mine")]) == {
        "a": ["amqp://user:***@x", "~/x", "y", 3, None],
        "b": "*** in repro.py",
    }


def test_guest_is_no_secret() -> None:
    assert redaction.redact("a guest", ["amqp://guest:guest@localhost/"]) == "a guest"


WHERE = Environment("1.0", ("faststream[rabbit]==1.0",))


@pytest.mark.parametrize(
    ("output", "offline", "words"),
    [
        ("  x No solution found when resolving\n  ╰─▶ Because x", False, None),
        ("  x Failed to build `x==1`\n  ╰─▶ oops", False, None),
        ("  x Failed to download and build `x==1`\n Failed to build", False, None),
        # The build of a dependency wants a network beyond the index.
        ("  x Failed to build `x==1`\n\n  [stderr]\n  tcp connect, dns error\n\n", False, None),
        ("  x No solution found: pytest-timeout", True, "not in uv's cache"),
        ("error: dns error", False, "cannot be reached"),
        ("error: operation timed out", False, "cannot be reached"),
        ("x: No space left on device (os error 28)", False, "the disk is full"),
        ("nox > Command uv venv --quiet x failed with exit code 2", False, "Python 3.11 is not on"),
        ("warning: x is missing an upload date", False, "gives no upload times"),
        ("something never seen", False, "--verbose"),
    ],
)
def test_only_the_releases_own_fault_is_a_skip(
    output: str, offline: bool, words: str | None
) -> None:
    found = explain(WHERE, output, offline=offline)
    assert isinstance(found, UninstallableError) == (words is None)
    assert words is None or words in str(found)
