"""The calibration of the check: it goes on, resamples by the same rule, and slow is slow."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import pytest

from bisector.check import calibration, candidates, comparison, rule
from bisector.check.calibration import Circumstances, Run, Runs
from bisector.check.slowed import slow_down, wheel_of
from bisector.environments import recipes, releases
from bisector.environments.building import install, surroundings
from bisector.errors import UserError
from bisector.processes import process
from bisector.telling import calibrations

SLOWED = "publish: time per message"
COMMON = Circumstances("1.0", "4.0", "3.11", 2, {"0.1": 1e-5})


def made_up(slowdown: float, worse: list[str], change: float, seed: int = 1) -> Run:
    """A run of two benchmarks, the first of which changed."""
    chance = random.Random(seed)

    def pairs(change: float) -> list[list[float]]:
        return [[1.0, (1 + change) * chance.lognormvariate(0, 0.01)] for _ in range(16)]

    ratios = {SLOWED: pairs(change), "b": pairs(0.0)}
    return Run(slowdown, 60.0, worse, [], change, ratios)


def test_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    runs = Runs(file)
    runs.begin(COMMON)
    runs.add(made_up(0.0, [], 0.0))
    again = Runs(file)
    assert again.circumstances == COMMON
    assert again.runs == runs.runs
    again.add(made_up(0.1, [SLOWED], 0.1))
    assert [len(Runs(file).of(slowdown)) for slowdown in (0.0, 0.05, 0.1)] == [1, 0, 1]


def test_a_run_cut_off_by_a_crash_is_made_again(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    runs = Runs(file)
    runs.begin(COMMON)
    runs.add(made_up(0.0, [], 0.0))
    whole = file.read_text()
    file.write_text(whole + whole.splitlines()[-1][:50])
    again = Runs(file)
    assert len(again.runs) == 1
    again.add(made_up(0.1, [SLOWED], 0.1))
    assert len(Runs(file).runs) == 2


def test_what_is_no_calibration_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    file.write_text('{"something": "else"}\n')
    with pytest.raises(UserError, match=r"runs\.jsonl is not a calibration"):
        Runs(file)


def test_resampled_runs_are_put_to_the_rule_of_the_check() -> None:
    quiet = [made_up(0.0, [], 0.0, seed).ratios for seed in range(4)]
    slower = [made_up(0.1, [SLOWED], 0.1, seed).ratios for seed in range(4)]
    alarms, found = calibration.resample(quiet, 0.0, 300), calibration.resample(slower, 0.1, 300)
    assert alarms is not None
    assert found is not None
    assert alarms <= rule.FALSE_ALARMS
    assert found >= 0.95


def test_what_behaviour_ended_has_no_rounds_and_still_counts(tmp_path: Path) -> None:
    runs = Runs(tmp_path / "runs.jsonl")
    runs.begin(COMMON)
    runs.add(Run(0.0, 8.0, ["sibling-close"], [], 0.0, {}))
    (only,) = calibration.points(runs)
    assert (only.found, only.runs, only.resampled) == (1, 1, None)
    runs.add(made_up(0.0, [], 0.0))
    (only,) = calibration.points(runs)
    assert (only.found, only.runs) == (1, 2)
    assert only.resampled is not None


def test_only_what_was_slowed_down_counts_as_found(tmp_path: Path) -> None:
    runs = Runs(tmp_path / "runs.jsonl")
    runs.begin(COMMON)
    runs.add(made_up(0.1, ["b"], 0.1))
    (only,) = calibration.points(runs)
    assert only.found == 0


def test_the_curve_is_drawn_with_what_was_found(tmp_path: Path) -> None:
    runs = Runs(tmp_path / "runs.jsonl")
    runs.begin(COMMON)
    for seed in range(3):
        runs.add(made_up(0.0, [], 0.0, seed))
        runs.add(made_up(0.1, [SLOWED], 0.1, seed))
    none, found = calibration.points(runs)
    assert (none.found, none.runs, found.found, found.runs) == (0, 3, 3, 3)
    assert none.low == 0 < none.high < 1
    assert found.low < 1 == found.high
    figure = calibrations.of_check([none, found])
    assert figure.get_suptitle() == ("nox -s check: 10 % slower is found; 0 false alarms in 3 runs")


@pytest.mark.alone
def test_a_release_that_was_slowed_down_is_slower_by_just_that(
    own_url: str, tmp_path: Path
) -> None:
    newest = [r for r in releases.load() if r.stable][-1]
    busy = 0.002
    wheel = slow_down(wheel_of(newest, tmp_path), busy, tmp_path)
    environment = candidates.of_wheel(wheel, recipes.of(newest))

    async def one() -> dict[str, Any]:
        await install(environment)
        command: list[str | Path] = [environment.interpreter, "-m", "benchmarks.rounds", "--quick"]
        environ = {**surroundings(environment), "AMQP_URL": own_url}
        async with process.start(command, environ, kept=comparison.KEPT) as running:
            assert await running.wait(60) == 0, running.output
            told: dict[str, Any] = json.loads(running.output.splitlines()[-1])
            return told

    values = asyncio.run(one())["values"]
    seconds, _ = values["publish: CPU time per message"]
    assert busy < seconds < 1.5 * busy
