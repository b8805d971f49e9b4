"""Which release made it slower: figures read, candidates tried, and the whole command on real
releases, with a program whose numbers are known and with a benchmark of ours."""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bisector.axes.axis import Choice
from bisector.axes.releases import of_package
from bisector.bisection.journal import Question
from bisector.check import rule
from bisector.commands import bisect, options
from bisector.cost import search as searching
from bisector.cost import trial
from bisector.cost.ledger import Ledger, Taken, Trial
from bisector.environments.recipes import Environment
from bisector.errors import UnsureError, UserError
from bisector.questions import cost
from bisector.questions.cost import Figures, Number
from bisector.telling.terminal import Lines, console_for
from tests.command import TOOL, run
from tests.schemas import validate, validate_journal

QUESTION = Question("faststream", "cost of benchmarks", "x", "3.11", "release-day", "3.10", {})
PRINTS = """\
import random
from importlib.metadata import version
found = version("faststream")
level = 100 if found.startswith("0.4.") or "rc" in found else 110
print("took", level * random.gauss(1, 0.001), "ms")
"""


@pytest.mark.parametrize(
    ("output", "pattern", "number"),
    [
        ("12.5\n", None, Number(12.5, "")),
        ("first 3 s, then 1_500.25 ms", None, Number(1500.25, "ms")),
        ("0.4.7 took 2e-3s", None, Number(0.002, "s")),
        ("a 5\nb 7\na 6\nc 8", r"^a (\d+)", Number(6.0, "")),
        ("100 msg/s\n", None, Number(100.0, "msg/s")),
    ],
)
def test_reads_the_last_number(output: str, pattern: str | None, number: Number) -> None:
    assert cost.read_number(output, pattern) == number


@pytest.mark.parametrize(
    ("output", "pattern", "why"),
    [
        ("no figures here", None, "it prints no number"),
        ("", None, "it prints no number"),
        ("took nan s", None, "it prints nan"),
        ("inf", None, "it prints inf"),
        ("0", None, "it prints 0: only numbers above 0 have a ratio"),
        ("-3 s", None, "it prints -3: only numbers above 0 have a ratio"),
        ("took 5", r"needed (\d+)", "nothing that it prints matches 'needed (\\\\d+)'"),
    ],
)
def test_says_why_there_is_no_number(output: str, pattern: str | None, why: str) -> None:
    assert cost.read_number(output, pattern) == why


def test_numbers_of_different_units_are_refused() -> None:
    cost.of_numbers("p.py", [Number(1, "s"), "it prints no number", Number(2, "s")])
    with pytest.raises(UserError, match="'ms' and 's'"):
        cost.of_numbers("p.py", [Number(1, "s"), Number(2, "ms")])


@pytest.mark.parametrize(
    ("words", "number", "program"),
    [
        (["--number", "repro.py"], "", ["repro.py"]),
        (["--number=a ([0-9]+)", "repro.py", "--number"], "a ([0-9]+)", ["repro.py", "--number"]),
        (["--least", "10%", "--number", "repro.py", "x"], "", ["repro.py", "x"]),
    ],
)
def test_number_never_swallows_the_program(
    words: list[str], number: str, program: list[str]
) -> None:
    parser = bisect.parser()
    args = options.with_program(parser, parser.parse_args(words))
    assert args.number == number
    assert args.program == program


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--cost", "publish: time per mesage"], "did you mean 'publish: time per message'"),
        (["--cost", "all", "--number", "x.py"], "choose one"),
        (["--cost", "all", "--map"], "--map asks what a release does"),
        (["--cost", "all", "x.py"], "takes --number"),
        (["--number"], "needs a program of yours"),
        (["--number=took [0-9]+", "x.py"], "put the number into a group"),
    ],
)
def test_wrong_use_is_told(words: list[str], why: str) -> None:
    args = bisect.parser().parse_args(words)
    with pytest.raises(UserError) as error:
        options.cost_asked(args)
    assert why in str(error.value)


@pytest.mark.parametrize("text", ["0", "100%", "-5%", "x", "nan"])
def test_a_smallest_step_that_is_none_is_refused(text: str) -> None:
    with pytest.raises((ValueError, argparse.ArgumentTypeError)):
        options.part(text)


def rounds_of(change: float, spread: float, seed: int) -> trial.Take:
    """Made-up rounds of two points, of which 1 costs more by `change`."""
    chance = random.Random(seed)

    async def take(order: Sequence[int]) -> list[Taken]:
        shared = chance.gauss(0, 0.1)
        values = [
            math.exp(shared + i * math.log1p(change) + chance.gauss(0, spread)) for i in order
        ]
        return [
            Taken(str(i), "e", Figures({"x": value}))
            for i, value in zip(order, values, strict=True)
        ]

    return take


def tried(change: float, seed: int, *, more: bool, before: int = 0) -> Trial:
    (found,) = asyncio.run(
        trial.run(
            (0, 1), ("0", "1"), [cost.Benchmark("x", "", "x")], rounds_of(change, 0.012, seed),
            more=more, before=before, confidence=0.99, environments=("e", "e"),
        )
    )  # fmt: skip
    return found


@pytest.mark.parametrize(("change", "more"), [(0.10, True), (-0.10, False)])
def test_a_step_that_is_there_is_confirmed_with_its_interval(change: float, more: bool) -> None:
    for seed in range(10):
        found = tried(change, seed, more=more)
        assert found.confirmed
        assert found.low < found.change < found.high
        assert abs(found.change - change) < 0.04


def test_a_step_that_is_not_there_is_withdrawn() -> None:
    for seed in range(100):
        assert not tried(0.0, seed, more=True).confirmed
        assert not tried(0.10, seed, more=False).confirmed


def test_every_further_trial_has_to_be_surer() -> None:
    assert tried(0.06, 1, more=True, before=9).low < tried(0.06, 1, more=True).low
    whole = sum(1 / trial.tests_of(k, 0.99) for k in range(1, 1000))
    assert whole <= 1 / len(rule.LOOKS)


def test_a_release_that_gives_no_figures_ends_the_trial() -> None:
    async def take(order: Sequence[int]) -> list[Taken]:
        return [Taken(str(i), "e", Figures({}, {"x": "hangs"})) for i in order]

    (found,) = asyncio.run(
        trial.run(
            (0, 1), ("0", "1"), [cost.Benchmark("x", "", "x")], take,
            more=True, before=0, confidence=0.99, environments=("e", "e"),
        )
    )  # fmt: skip
    assert not found.confirmed
    assert not found.rounds


def test_rounds_and_trials_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    ledger = Ledger(QUESTION, file)
    taken = (
        Taken("1", "a", Figures({"x": 1.5}, {"y": "hangs"}, 0.01)),
        Taken("2", "b", Figures({"x": 2.5})),
    )
    tested = Trial("x", "1", "2", 0.1, 0.05, 0.15, 9, True, ("a", "b"))
    ledger.add_round(taken, 2.5)
    ledger.add_tested(tested)
    with file.open("a", encoding="utf-8") as text:
        text.write('{"question"')  # a crash
    again = Ledger(QUESTION, file, lambda _: None)
    assert again.rounds == [taken]
    assert again.tested == [tested]
    assert again.seconds == 2.5
    validate_journal(file.read_text(encoding="utf-8").rsplit("\n", 1)[0])
    again.forget()
    assert not Ledger(QUESTION, file, lambda _: None).rounds


def test_a_program_whose_numbers_rise_is_placed_and_confirmed(
    checkout: Path, tmp_path: Path
) -> None:
    program, answer = tmp_path / "repro.py", tmp_path / "answer.json"
    journal = tmp_path / "journal.jsonl"
    half_way = 'if found == "0.5.0rc2":\n    level = float("nan")\nprint('
    program.write_text(PRINTS.replace("print(", half_way), encoding="utf-8")
    command = [*TOOL, "bisect", "--from", "0.4.7", "--to", "0.5.1", "--no-blame"]
    command += ["--json", str(answer), "--journal", str(journal), "--number", str(program)]
    ended = run(command, checkout)
    assert not ended.code, ended.said
    told = json.loads(answer.read_text(encoding="utf-8"))
    validate(told, "cost")
    (step,) = told["steps"]
    assert (step["before"], step["after"]) == ("0.5.0rc1", "0.5.0")
    assert ["0.5.0rc2", "it prints nan"] in told["untestable"]
    assert step["confirmed"]
    assert 0.08 < step["low"] < step["change"] < step["high"] < 0.12
    assert "first stable release 0.5.0" in told["answer"][0]
    validate_journal(journal.read_text(encoding="utf-8"))


def test_a_program_that_prints_none_is_told(checkout: Path, tmp_path: Path) -> None:
    program = tmp_path / "repro.py"
    program.write_text("print('nan')", encoding="utf-8")
    command = [*TOOL, "bisect", "--from", "0.5.0", "--to", "0.5.1", "--number", str(program)]
    ended = run(command, checkout)
    assert ended.code == 2, ended.said
    assert "it prints nan" in ended.stderr


def test_a_unit_that_changes_half_way_is_told(checkout: Path, tmp_path: Path) -> None:
    program = tmp_path / "repro.py"
    program.write_text(PRINTS.replace('"ms")', '"ms" if level > 100 else "s")'), encoding="utf-8")
    command = [*TOOL, "bisect", "--from", "0.5.0rc2", "--to", "0.5.0", "--number", str(program)]
    ended = run(command, checkout)
    assert ended.code == 2, ended.said
    assert "numbers in different units, 'ms' and 's': let it print one" in ended.stderr


def test_a_benchmark_of_ours_runs_on_real_releases(checkout: Path, tmp_path: Path) -> None:
    answer = tmp_path / "answer.json"
    command = [*TOOL, "bisect", "--from", "0.5.0", "--to", "0.5.1", "--cost", "peak memory"]
    ended = run([*command, "--least", "20%", "--json", str(answer)], checkout)
    assert ended.code == 1, ended.said
    told = json.loads(answer.read_text(encoding="utf-8"))
    validate(told, "cost")
    assert told["benchmarks"][0]["figures"]
    assert "No release made the peak memory 20.0% or more higher or lower" in told["answer"][0]


class Made:
    """A subject whose figures are made up."""

    name, kind, digest, void, higher_is_better = "x", "x", "x", 0, False
    rules: dict[str, Any] = {}  # noqa: RUF012  # as the protocol has it
    rounds: Any = None

    def __init__(self, spread: float) -> None:
        self.benchmarks = [cost.Benchmark("x", "", "x")]
        self._spread, self._chance = spread, random.Random(1)

    async def round(self, environments: Sequence[Environment], _wanted: object) -> list[Figures]:
        return [Figures({"x": self._chance.lognormvariate(0, self._spread)}) for _ in environments]


class Ready:
    """Where all environments are there."""

    machines = 1

    async def prepare(self, _environment: Environment) -> None:
        return None


@pytest.mark.parametrize(
    ("spread", "least", "said"),
    [
        (0.02, 0.001, r"steps of 0\.1% of x cannot be seen in 1 minutes here .* --least [\d.]+%"),
        (3.0, 0.05, r"nothing can be told of x in 1 minutes here .* let nothing else run"),
    ],
)
def test_what_the_noise_hides_is_told_early(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, spread: float, least: float, said: str
) -> None:
    monkeypatch.setattr(searching.Search, "_measure", slowly(searching.Search._measure))
    axis = of_package(Choice())
    ledger = Ledger(QUESTION, tmp_path / "journal.jsonl")
    wish = searching.Wish(least, minutes=1)
    made = Made(spread)
    made.rounds = Ready()
    search = searching.Search(axis, made, ledger, wish, Lines(console_for()))
    with pytest.raises(UnsureError, match=said):
        asyncio.run(search.find())
    assert len(ledger.rounds) == searching.EARLY


def slowly(measure: Any) -> Any:
    """Figures take as long as real ones, as far as the search knows."""

    async def measured(self: Any, *arguments: Any) -> Any:
        taken = await measure(self, *arguments)
        self._pace = 0.5
        return taken

    return measured
