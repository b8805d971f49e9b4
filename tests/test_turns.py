"""A round of real releases, which measure in turns beside a real RabbitMQ."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

import pytest

from bisector import rabbitmq
from bisector.environments import building, recipes, releases
from bisector.environments.recipes import Environment
from bisector.questions import cost, turns
from bisector.questions.cost import Figures

HANGS, UNIMPORTABLE, NEW = "0.4.7", "0.3.4", releases.load()[-1].version


def environments(*versions: str) -> list[Environment]:
    known = releases.load()
    return [recipes.of(releases.find(known, version)) for version in versions]


def measured(made: Sequence[Environment], *names: str) -> list[Figures]:
    wanted = [cost.benchmarks(name)[0] for name in names]

    async def measure() -> list[Figures]:
        for environment in made:
            await building.install(environment)
        async with await (await rabbitmq.find(lambda _text: None)).start() as server:
            return await turns.measure(made, wanted, server)

    return asyncio.run(measure())


def test_releases_are_measured_beside_each_other_and_one_that_does_not_import_is_told() -> None:
    names = [benchmark.name for benchmark in cost.BENCHMARKS]
    old, broken, new, again = measured(environments(HANGS, UNIMPORTABLE, NEW, NEW), *names)
    assert set(old.values) == set(new.values) == set(names), (old.failed, new.failed)
    assert set(broken.failed.values()) == {"does not import: No module named 'packaging'"}
    assert not broken.values
    for name in names:  # seconds, and bytes
        assert 1e-6 < new.values[name] < (1e9 if name == "peak memory" else 2)
    assert again.values["peak memory"] == pytest.approx(new.values["peak memory"], rel=0.02)


OBEYS = """
import json, sys
print("{{}}", flush=True)
for n, order in enumerate(open(sys.argv[-1])):
    print("not for you")
    {does}
    told = {{"values": {{"request: time": {value}}}, "failed": {{}}, "broken": ""}}
    print(json.dumps({{**told, "held_up": 5 + n * {waits}}}), flush=True)
"""
(REQUEST,) = cost.benchmarks("request: time")


def played(*programs: str) -> list[Figures]:
    """What programs in the place of `benchmarks.costs` come to."""
    made = [turns.Program([sys.executable, "-c", text], {}) for text in programs]

    async def play() -> list[Figures]:
        players = await turns.play(made, [REQUEST.group])
        return [player.figures([REQUEST], players) for player in players]

    return asyncio.run(play())


def obeys(does: str = "pass", value: str = "1.0", waits: float = 0.0) -> str:
    return OBEYS.format(does=does, value=value, waits=waits)


def test_what_the_machine_does_in_a_turn_it_does_to_all() -> None:
    moods = "(100.0 if n % 3 else 1.0)"
    one, other, _ = played(
        obeys(value=moods), obeys(value=f"1.1 * {moods}"), obeys(value=f"1.2 * {moods}")
    )
    ratio = other.values[REQUEST.name] / one.values[REQUEST.name]
    assert ratio == pytest.approx(1.1)


@pytest.mark.parametrize(("noise", "more"), [(0, False), (99, True)])
def test_turns_go_on_until_figures_are_steady(noise: float, more: bool) -> None:
    """They are few where all are alike; where the time is up, what there is counts."""
    value = f"(1 + {noise} * __import__('random').random())"
    made = [turns.Program([sys.executable, "-c", obeys(value=value)], {}) for _ in range(3)]
    least = turns.TURNS[REQUEST.group]

    async def play(extra: float) -> int:
        players = await turns.play(made, [REQUEST.group], extra=extra)
        (count,) = {len(player.answers[REQUEST.group]) for player in players}
        return count

    assert (asyncio.run(play(1.0)) > least) is more
    assert asyncio.run(play(0.0)) == least


def test_who_had_to_wait_for_a_processor_is_known() -> None:
    quiet, disturbed = played(obeys(), obeys("import time; time.sleep(0.01)", waits=0.005))
    assert not quiet.held_up
    assert 0.2 < disturbed.held_up < 0.6


@pytest.mark.parametrize(
    ("does", "told"),
    [
        ("if n == 5: sys.exit('no more')", "its process ended with 1: no more"),
        ("if n == 5: sys.exit(125)", "not for you"),
        ("if n == 5: import os; os.kill(os.getpid(), 9)", "its process ended with 137"),
        ("if n == 5: import time; time.sleep(60)", "no answer within 1 s"),
    ],
)
def test_who_fails_in_the_middle_is_out_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, does: str, told: str
) -> None:
    monkeypatch.setattr(turns, "SECONDS", 1.0)
    whole, broken = played(obeys(), obeys(does))
    assert whole.values == {REQUEST.name: pytest.approx(1.0)}
    assert not broken.values
    assert broken.failed[REQUEST.name].startswith(told)


def test_a_rabbitmq_that_does_not_answer_makes_the_round_void() -> None:
    with pytest.raises(turns.NoFiguresError, match="RabbitMQ is away"):
        played(obeys(), obeys("if n == 3: print('RabbitMQ is away'); sys.exit(128)"))
