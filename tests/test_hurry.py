"""A hang that is called early: never out of slowness, and never believed without a longer look."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.scenarios import _common as scenarios
from bisector.axes.axis import Axis
from bisector.bisection.answer import Answer, Circumstances
from bisector.bisection.journal import Journal, Question
from bisector.bisection.loop import Bisection
from bisector.environments.recipes import Environment
from bisector.environments.releases import Release
from bisector.places.place import Stage
from bisector.questions import programs
from bisector.questions.behaviour import Early, Observation
from bisector.questions.ending import Rules
from bisector.questions.programs import Program
from bisector.rabbitmq.broker import Broker
from bisector.search.exact import Verdict
from bisector.telling.terminal import Lines, console_for

DAY = datetime(2024, 1, 1, tzinfo=timezone.utc)
QUESTION = Question("faststream", "x", "x", "3.11", "x", "x", {})
GOOD, HANGS, SLOW = "good", "hangs", "slow"


class Known:
    """A place where it is known what each release does; slow: it returns, but not at once."""

    jobs, local = 3, True

    def has(self, environment: Environment) -> bool:
        return environment.version in self.does

    def __init__(self, does: dict[str, str], longer: int = 5) -> None:
        self.does, self.longer = does, longer
        self.asked: list[str] = []

    def one_at_a_time(self, why: str, *, always: bool = False) -> None:
        raise AssertionError(why, always)

    async def answer(
        self,
        version: str,
        _environment: Environment,
        _program: Program,
        _rules: Rules,
        _stage: Stage = lambda _text: None,
        *,
        alone: bool = False,  # noqa: ARG002
        early: Early | None = None,
    ) -> Observation:
        self.asked.append(version)
        await asyncio.sleep(0)
        if early and self.does[version] != GOOD:
            guess = Observation(version, Verdict.BAD, "x", "so", 0.1, evidence={"early": True})
            await early(guess)
            for _ in range(self.longer):
                await asyncio.sleep(0)
        verdict = Verdict.BAD if self.does[version] == HANGS else Verdict.GOOD
        return Observation(version, verdict, "x", "so", 1.0)


class Ready:
    """A broker that is there."""

    async def lease(self) -> None:
        await asyncio.sleep(0)


def bisect(place: Known, folder: Path) -> Answer:
    releases = [Release(version, DAY) for version in place.does]

    async def same(environment: Environment) -> Environment:
        return environment

    axis = Axis(
        "faststream",
        releases,
        lambda release: Environment(release.version, (f"faststream=={release.version}",)),
        resolve=same,  # so that nothing is built ahead
    )
    bisection = Bisection(
        programs.scenario(programs.SIBLING_CLOSE),
        axis,
        broker=cast(Broker, Ready()),
        place=place,
        journal=Journal(QUESTION, folder / "journal.jsonl"),
        display=Lines(console_for(stderr=True)),
        rules=Rules(30.0),
    )
    asyncio.run(bisection.find_flips())
    return bisection.answer(Circumstances("x", "x", "x", "x"))


LINES = st.lists(st.tuples(st.sampled_from([GOOD, HANGS, SLOW]), st.integers(1, 12)), min_size=1)


@given(
    LINES.map(lambda runs: [does for does, many in runs for _ in range(many)][:60]),
    st.integers(0, 40),
)
@settings(max_examples=60)
def test_no_answer_rests_on_a_hang_called_early(does: list[str], longer: int) -> None:
    if len(does) < 2:
        return
    place = Known({f"1.{n}": what for n, what in enumerate(does)}, longer)
    with tempfile.TemporaryDirectory() as folder:
        found = bisect(place, Path(folder))
    named = {v for flip in found.flips for v in (flip.before, flip.after, flip.since)}
    for version in named or {*found.probed}:
        truth = Verdict.BAD if place.does[version] == HANGS else Verdict.GOOD
        assert found.verdict(version) is truth
        assert truth is Verdict.GOOD or any(not o.early for o in found.observations[version])
    for flip in found.flips:
        for version in (flip.before, flip.after):
            assert len(found.observations[version]) >= 2
            assert place.asked.count(version) >= len(found.observations[version])


def test_one_that_was_only_slow_takes_back_all_that_was_called_early(tmp_path: Path) -> None:
    place = Known({f"1.{n}": SLOW if n < 20 else HANGS for n in range(40)})
    (flip,) = bisect(place, tmp_path).flips
    assert (flip.before, flip.after) == ("1.19", "1.20")
    again = Known(place.does)  # what was taken back is not in the journal any more
    assert bisect(again, tmp_path).flips == [flip]
    assert again.asked == []


# --- on a real RabbitMQ ---------------------------------------------------------------------------


async def watched(url: str, call: Callable[[], Awaitable[Any]]) -> scenarios.Call:
    bench = scenarios.Bench(url)
    await bench.control.open(url)
    try:
        return await bench.watch(call(), 0.001)
    finally:
        await bench.tidy()


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where a hang is called early."""
    monkeypatch.setenv("PROBE_EARLY", str(tmp_path / "early.json"))
    return tmp_path / "early.json"


def test_what_waits_for_nothing_is_called_a_hang_early_and_watched_on(
    own_url: str, said: Path
) -> None:
    async def slow() -> bool:
        while not await asyncio.to_thread(said.exists):  # noqa: ASYNC110  # of another process, in life
            await asyncio.sleep(0.01)
        return True

    call = asyncio.run(watched(own_url, slow))
    assert call.returned
    told = json.loads(said.read_text())
    assert (told["outcome"], told["evidence"]["early"]) == ("hang", True)
    assert told["evidence"]["published_meanwhile"] >= scenarios.EARLY_PUBLISHES


def test_what_is_slow_because_the_processor_is_is_not(own_url: str, said: Path) -> None:
    async def computes() -> None:
        for _ in range(200):  # 0.6 s, a step of the event loop at a time, as on a busy machine
            end = time.thread_time() + 0.003
            while time.thread_time() < end:
                pass
            await asyncio.sleep(0)

    asyncio.run(watched(own_url, computes))
    assert not said.exists()


def test_nothing_is_called_early_unless_that_is_asked_for(own_url: str) -> None:
    call = asyncio.run(watched(own_url, lambda: asyncio.Event().wait()))
    assert not call.returned
    assert call.deadline == scenarios.FLOOR_SECONDS
