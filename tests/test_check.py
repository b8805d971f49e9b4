"""The check on real releases: what it calls worse, what it lets pass, and what says neither."""

from __future__ import annotations

import asyncio
import json
import random
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from bisector.check import comparison
from bisector.check.comparison import Round, Rounds, compare
from bisector.check.result import Judgement
from bisector.environments import recipes, releases
from bisector.environments.building import install, surroundings
from bisector.processes import process
from bisector.questions.behaviour import Observation
from bisector.search.exact import Verdict
from tests.command import TOOL, Ended, connected, descendant, end, run, started
from tests.schemas import validate

GOOD, BAD, SKIP = Verdict.GOOD, Verdict.BAD, Verdict.SKIP


def seen(verdict: Verdict, outcome: str = "works") -> Observation:
    return Observation("1.0", verdict, outcome, "what happened", 0.1)


@pytest.mark.parametrize(
    ("baseline", "candidate", "judgement"),
    [
        (seen(GOOD), seen(GOOD), Judgement.NO_WORSE),
        (seen(GOOD), seen(BAD, "hang"), Judgement.WORSE),
        (seen(GOOD), seen(SKIP, "untestable"), Judgement.WORSE),
        (seen(GOOD), seen(SKIP, "unimportable"), Judgement.CANNOT_TELL),
        (seen(BAD, "hang"), seen(BAD, "hang"), Judgement.NO_WORSE),
        (seen(BAD, "hang"), seen(GOOD), Judgement.NO_WORSE),
        (seen(BAD, "hang"), seen(SKIP), Judgement.CANNOT_TELL),
        (seen(SKIP), seen(BAD, "hang"), Judgement.CANNOT_TELL),
        (seen(SKIP), seen(GOOD), Judgement.NO_WORSE),
    ],
)
def test_what_is_worse(baseline: Observation, candidate: Observation, judgement: Judgement) -> None:
    assert compare(baseline, candidate)[0] is judgement


PAIRS = 9
FIGURES = {"publish: latency": (1e-3, 1.2), "peak memory": (5e7, 5e7)}


def rounds_of(baseline: list[Round], candidate: list[Round], *, same_client: bool = True) -> Rounds:
    """Put rounds together."""
    rounds = Rounds(same_client=same_client)
    for old, new in zip(baseline, candidate, strict=True):
        rounds.add(old, new)
    return rounds


def fine(slower: float = 1.0, plain: float = 1.0) -> list[Round]:
    """Rounds of a side: with a candidate that is slower, beside an aio-pika that costs more."""
    chance = random.Random(1)
    rounds = []
    for _ in range(PAIRS):
        cost = slower * chance.lognormvariate(0, 0.005)
        values = {
            name: (value * cost, ratio * cost / plain) for name, (value, ratio) in FIGURES.items()
        }
        rounds.append(Round(values, {}))
    return rounds


def failing(times: int) -> list[Round]:
    """Rounds in which publishing hung so often."""
    hung = {"publish: latency": "hang: 1 of 1 calls did not return"}
    return [
        Round({k: v for k, v in r.values.items() if k not in hung}, hung) if i < times else r
        for i, r in enumerate(fine())
    ]


@pytest.mark.parametrize(
    ("baseline", "candidate", "judgement"),
    [
        (fine(), fine(), Judgement.NO_WORSE),
        (fine(), fine(1.2), Judgement.WORSE),
        (fine(), failing(PAIRS), Judgement.WORSE),
        (fine(), failing(2), Judgement.WORSE),
        (fine(), failing(1), Judgement.CANNOT_TELL),
        (failing(1), fine(), Judgement.CANNOT_TELL),
        (failing(PAIRS), failing(PAIRS), Judgement.CANNOT_TELL),
    ],
)
def test_a_benchmark_that_fails_is_no_figure(
    baseline: list[Round], candidate: list[Round], judgement: Judgement
) -> None:
    found = {s.benchmark: s for s in rounds_of(baseline, candidate).judged(4)}
    assert found["publish: latency"].judgement is judgement
    if candidate[0].failed:
        assert "hang: 1 of 1 calls" in found["publish: latency"].reason
        assert found["peak memory"].judgement is Judgement.NO_WORSE


def test_a_slower_client_library_does_not_hide_behind_itself() -> None:
    """As multiples of its own aio-pika the candidate is no slower; its users are."""
    baseline, candidate = fine(), fine(slower=1.2, plain=1.2)
    hidden, shown = (
        {s.benchmark: s for s in rounds_of(baseline, candidate, same_client=same).judged(4)}
        for same in (True, False)
    )
    assert hidden["publish: latency"].judgement is Judgement.NO_WORSE
    assert shown["publish: latency"].judgement is Judgement.WORSE


def told(ended: Ended) -> dict[str, Any]:
    """What a check wrote to standard output as JSON."""
    answer: dict[str, Any] = json.loads(ended.stdout)
    validate(answer, "check")
    return answer


def test_a_candidate_that_hangs_fails_before_anything_is_timed(
    checkout: Path, own_url: str, tmp_path: Path
) -> None:
    junit, summary = tmp_path / "junit.xml", tmp_path / "summary.md"
    ended = run(
        [*TOOL, "check", "0.4.7", "--baseline", "0.5.0", "--json", "-", "--junit", str(junit)],
        checkout, AMQP_URL=own_url, GITHUB_STEP_SUMMARY=str(summary),
    )  # fmt: skip
    assert ended.code == 1, ended.said
    answer = told(ended)
    assert answer["regressions"] == ["sibling-close"]
    assert answer["speeds"] == []
    (found,) = [b for b in answer["behaviours"] if b["scenario"] == "sibling-close"]
    assert found["judgement"] == "worse"
    assert any(
        "RabbitBroker.publish" in step for step in found["candidate"]["evidence"]["await_chain"]
    )
    assert "sibling-close" in junit.read_text()
    assert "sibling-close" in summary.read_text()
    accepted = run(
        [*TOOL, "check", "0.4.7", "--baseline", "0.5.0", "--no-speed", "--no-situations",
         "--allow", "sibling-close"],
        checkout, AMQP_URL=own_url,
    )  # fmt: skip
    assert accepted.code == 0, accepted.said


@pytest.mark.alone
def test_the_fixed_release_passes_and_a_round_without_rabbitmq_is_void(checkout: Path) -> None:
    command = [*TOOL, "check", "0.5.0", "--baseline", "0.4.7", "--quick", "--no-situations",
               "--json", "-",
               "--allow", "peak memory:5"]  # fmt: skip  # 0.4 to 2.2 %, by what else is loaded
    with started(command, checkout) as running:
        measuring = descendant(running, "benchmarks.rounds")
        descendant(running, "beam").kill()  # while it imports
        while measuring.is_running():
            time.sleep(0.01)
        while not connected(descendant(running, "benchmarks.rounds"), 2):  # aio-pika, FastStream
            time.sleep(0.01)
        descendant(running, "beam").kill()
        ended = end(running)
    assert ended.code == 0, ended.said
    answer = told(ended)
    assert answer["passed"] is True
    assert answer["void_rounds"] >= 2
    assert answer["rounds"] >= 9
    judged = {b["scenario"]: b["judgement"] for b in answer["behaviours"]}
    assert judged["sibling-close"] == "no worse"
    assert "--quick" in " ".join(answer["gives_up"])


def test_a_round_measures_every_benchmark(own_url: str) -> None:
    newest = recipes.of(releases.load()[-1])

    async def one() -> dict[str, Any]:
        await install(newest)
        command: list[str | Path] = [newest.interpreter, "-m", "benchmarks.rounds"]
        environ = {**surroundings(newest), "AMQP_URL": own_url}
        async with process.start(command, environ, kept=comparison.KEPT) as running:
            assert await running.wait(60) == 0, running.output
            answer: dict[str, Any] = json.loads(running.output.splitlines()[-1])
            return answer

    answer = asyncio.run(one())
    assert sorted(answer["values"]) == sorted(comparison.BENCHMARKS)
    assert answer["failed"] == {}
    assert answer["broken"] == ""
    assert all(value > 0 and ratio > 0 for value, ratio in answer["values"].values())


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (["0.3.5", "--baseline", "0.3.4", "--deps", "release-day"], 3, "cannot run"),
        (
            ["0.3.5", "--baseline", "0.3.3", "--deps", "release-day", "--no-speed"],
            1,
            "import-clean",
        ),
        (["0.7.8", "--baseline", "0.7.8"], 2, "the same"),
        (["0.7.8", "--with", "aio-pika==0.5.0"], 3, "cannot be installed"),
        (["nowhere.whl"], 2, "nowhere.whl"),
        (["0.7.8", "--allow", "publsh: latency:5"], 2, "publish: latency"),
    ],
)
def test_bad_input_ends_with_one_clear_line(
    checkout: Path, own_url: str, words: list[str], code: int, line: str
) -> None:
    ended = run([*TOOL, "check", *words], checkout, AMQP_URL=own_url)
    assert ended.code == code, ended.said
    assert line in ended.said
    assert "Traceback" not in ended.said


def test_no_process_is_left_after_sigterm_in_a_round(checkout: Path, own_url: str) -> None:
    command = [*TOOL, "check", "0.5.0", "--baseline", "0.4.7", "--no-situations"]
    with started(command, checkout, AMQP_URL=own_url) as running:
        measuring = descendant(running, "benchmarks.rounds")
        running.terminate()
        ended = end(running)
    assert ended.code == 128 + 15, ended.said
    assert not psutil.pid_exists(measuring.pid)
