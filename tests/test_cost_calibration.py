"""The calibration of the search for steps: it goes on, simulates with recorded noise, sums up."""

from __future__ import annotations

import asyncio
import math
import random
from dataclasses import asdict
from pathlib import Path

import pytest

from bisector.commands import calibrate
from bisector.cost import calibration, made_up, simulation
from bisector.cost.calibration import Circumstances, Run, Runs
from bisector.cost.ledger import Taken
from bisector.cost.made_up import Recorded
from bisector.cost.search import Wish
from bisector.cost.simulation import Simulated
from bisector.errors import UserError
from bisector.questions.cost import Figures
from bisector.search import simulated
from bisector.telling import calibrations

COMMON = Circumstances("1.0", "4.0", "3.11", 127, 0.05, 20.0)


def run_of(slowdown: float, found: list[str], after: str = "", noise: float = 0.01) -> Run:
    chance = random.Random(1)
    left = [chance.gauss(0, noise) for _ in range(300)]
    tried = [chance.gauss(0, noise) for _ in range(100)]
    changes = [slowdown] * len(found)
    return Run(slowdown, after, found, changes, 90.0, 100, left, tried, "a machine")


def test_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    runs = Runs(file)
    runs.begin(COMMON)
    runs.add(run_of(0.0, []))
    with file.open("a", encoding="utf-8") as text:
        text.write('{"slowdown": 0.1')  # a crash
    again = Runs(file)
    assert again.circumstances == COMMON
    assert again.runs == runs.runs
    assert list(zip(range(2), again.missing({0.0: 2, 0.1: 2}), strict=False)) == [
        (0, 0.1),
        (1, 0.1),
    ]
    again.add(run_of(0.1, ["2.0"], "2.0"))
    assert len(Runs(file).of(0.1)) == 1
    assert not list(again.missing({0.0: 1, 0.1: 1}))


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    file.write_text('{"a": 1}\n', encoding="utf-8")
    with pytest.raises(UserError, match="not a calibration of this version"):
        Runs(file)


@pytest.mark.parametrize(
    ("run", "exact"),
    [
        (run_of(0.0, []), True),
        (run_of(0.0, ["2.0"]), False),
        (run_of(0.1, ["2.0"], "2.0"), True),
        (run_of(0.1, ["2.1"], "2.0"), False),
        (run_of(0.1, ["2.0", "2.1"], "2.0"), False),
        (run_of(0.1, [], "2.0"), False),
    ],
)
def test_exact_is_just_what_there_was(run: Run, exact: bool) -> None:
    assert run.exact is exact


def test_noise_is_what_figures_of_one_release_differ_by() -> None:
    def taken(environment: str, value: float) -> Taken:
        return Taken("1", environment, Figures({calibration.TARGET: value}))

    one = [taken("a", 1.0), taken("a", 1.1), taken("a", 0.9), taken("b", 5.0), taken("b", 5.5)]
    left = list(calibration._left(one))
    assert len(left) == 3  # two tell too little
    assert sum(left) == pytest.approx(0)


def test_ratios_of_two_releases_differ_from_round_to_round() -> None:
    def pair(*values: float) -> list[Taken]:
        return [Taken(str(i), "a", Figures({calibration.TARGET: v})) for i, v in enumerate(values)]

    rounds = [pair(1.0, 1.1), pair(2.0, 2.2)[::-1], pair(1.0, 1.2), pair(1.0, 7.0, 3.0)]
    tried = list(calibration._tried(rounds))
    assert len(tried) == 3
    assert tried[0] == pytest.approx(tried[1])  # whoever was first
    assert sum(tried) == pytest.approx(0)


def test_simulated_searches_find_what_is_there(tmp_path: Path) -> None:
    runs = Runs(tmp_path / "runs.jsonl")
    assert simulation.simulate(runs) == []
    runs.begin(COMMON)
    runs.add(run_of(0.1, ["2.0"], "2.0"))
    runs.add(run_of(0.0, []))
    found = {(one.shape, one.change): one for one in simulation.simulate(runs, 1)}
    assert set(found) == set(simulation.SHAPES)
    assert found["one", 0.10].exact == found["newest", 0.10].exact == 1
    assert found["nothing", 0.0].exact == 1
    assert not any(one.wrong for one in found.values())
    assert 0.009 < simulation.spread(runs.runs[0].left) < 0.011


def test_a_made_up_search_has_no_more_minutes_than_a_real_one() -> None:
    history = simulated.one(127, math.log1p(0.2), random.Random(1))
    named = []
    for seconds in (2.0, 40.0):  # that a figure takes
        recorded = Recorded(Wish(), [-0.001, 0.001], [-0.001, 0.001], seconds)
        named.append(asyncio.run(made_up.search(history, recorded, random.Random(1))))
    assert named == [history.steps, ()]


def test_what_it_came_to_is_told(tmp_path: Path) -> None:
    runs = Runs(tmp_path / "runs.jsonl")
    runs.begin(COMMON)
    for found in (["2.0"], ["2.0"], ["2.1"]):
        runs.add(run_of(0.1, found, "2.0"))
    runs.add(run_of(0.0, []))
    nothing, slowed = simulation.points(runs, [Simulated("one", 0.1, 1000, 990, 1)])
    assert (nothing.exact, nothing.wrong, nothing.simulated) == (1, 0, None)
    assert (slowed.exact, slowed.runs, slowed.wrong, slowed.simulated) == (2, 3, 1, 0.99)
    assert slowed.low < 2 / 3 < slowed.high
    figure = calibrations.of_cost([nothing, slowed])
    assert "a wrong release named in 1 of 4 searches" in figure.get_suptitle()
    assert "no slowdown is sure" in figure.get_suptitle()
    assert [t.get_text() for t in figure.axes[0].texts] == ["1 of 1", "2 of 3"]
    assert asdict(slowed)["figures"] == 100


def test_the_options() -> None:
    args = calibrate.parser().parse_args(["--only", "cost", "--searches", "2"])
    assert (args.only, args.searches, args.runs) == ("cost", 2, 30)
