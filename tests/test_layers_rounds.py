"""Rounds of real rungs beside a real RabbitMQ: known costs, known delays, what is not there."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bisector.check import candidates
from bisector.environments import building, recipes, releases
from bisector.layers import ladder, profile, rounds
from bisector.layers.concluding import Concluding
from bisector.layers.ladder import LADDER, PUBLISH, RECEIVE, REQUEST, Rung
from bisector.layers.result import Ladder, Measured
from bisector.layers.rounds import Plan, Rounds, Side
from bisector.rabbitmq.broker import open_broker

OLD, NEW = "0.4.7", candidates.newest(releases.load()).version
EXTRAS = ["prometheus", "otel"]
RUNGS = {rung.name: rung for rung in LADDER}


@pytest.fixture(autouse=True)
def _whatever_runs_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "HELD_UP", 1.0)


def measured(plan: Plan, version: str = NEW, *, count: int = 2, extended: bool = False) -> Ladder:
    """What rounds of one release come to."""

    async def measure() -> Ladder:
        release = releases.find(releases.load(), version)
        own = recipes.of(release)
        more = recipes.with_extras(own, EXTRAS) if extended else None
        for environment in filter(None, (own, more)):
            await building.install(environment)
        async with open_broker(lambda _text: None) as (broker, _):
            taken = Rounds([Side(version, own, more)], plan, broker, lambda _text: None)
            for _ in range(count):
                await taken.take()
        (found,) = Concluding(taken).conclude().ladders
        return found

    return asyncio.run(measure())


def rung(found: Ladder, direction: str, name: str) -> Measured:
    there = found.find(direction, name)
    assert there
    assert not there.why, there.why
    return there


def burning(microseconds: int) -> Rung:
    return replace(RUNGS["20 µs"], name=f"{microseconds} µs", middlewares=(f"burn:{microseconds}",))


def own_ladder(*extra: Rung) -> list[Rung]:
    """Plain aio-pika, a middleware that does nothing, and what is put in beside it."""
    middleware = replace(RUNGS["middleware"], below="aio-pika")
    return [RUNGS["aio-pika"], middleware, *extra]


@pytest.mark.alone
@pytest.mark.parametrize("direction", [PUBLISH, RECEIVE])
def test_what_is_put_in_by_hand_is_measured(direction: str) -> None:
    rungs = own_ladder(burning(20), burning(100), RUNGS["twice"])
    plan = Plan(rungs, (direction,), many=12, one=0, rate=0)
    found = measured(plan, count=3)
    added = {}
    for name in ("20 µs", "100 µs", "twice"):
        cost = rung(found, direction, name).cpu
        assert cost
        assert cost.added
        added[name] = cost.added
    others = max(added["20 µs"].value, added["twice"].value)
    assert added["100 µs"].value > others + 40e-6, added
    # What was put in, and what that takes by itself; where there is noise, it is known less well.
    for name, least, most in (("20 µs", 8, 36), ("100 µs", 75, 130), ("twice", -10, 10)):
        assert 1e6 * added[name].low < most, (name, added)
        assert 1e6 * added[name].high > least, (name, added)


@pytest.mark.alone
def test_one_percent_of_messages_that_are_late_show_at_p99_and_not_at_p50() -> None:
    late = replace(RUNGS["20 µs"], name="late", control=False, middlewares=("late:0.05",))
    plan = Plan(own_ladder(late), (RECEIVE,), many=1, one=0, rate=200)
    found = measured(plan)
    load = rung(found, RECEIVE, "late").load
    assert load
    assert load.is_kept
    assert load.latency["p50"].value < 0.04
    assert load.latency["p99"].value >= 0.05


def test_a_load_that_nobody_keeps_is_told_with_what_was_kept() -> None:
    plan = Plan([RUNGS["aio-pika"], RUNGS["bytes"]], (RECEIVE,), many=1, one=0, rate=9e4)
    found = measured(plan)
    load = rung(found, RECEIVE, "bytes").load
    assert load
    assert not load.is_kept
    assert 100 < load.kept < load.rate


def test_all_rungs_of_the_newest_release_are_there_in_every_direction() -> None:
    plan = Plan(many=1, one=1, rate=0)
    found = measured(plan, extended=True)
    assert {(one.direction, one.rung.name): one.why for one in found.rungs if one.why} == {}
    for one in found.rungs:
        assert one.cpu
        assert one.time
        assert one.latency, one
        assert 1e-6 < one.cpu.value.value < 0.1
    assert set(found.extras) >= {"prometheus-client", "opentelemetry-sdk"}
    assert "prometheus-client" not in found.dependencies


def test_rungs_that_a_release_does_not_have_are_left_out_with_its_own_reason() -> None:
    plan = Plan(many=1, one=0, rate=0)
    found = measured(plan, OLD, extended=True)
    missing = {(one.direction, one.rung.name): one.why for one in found.rungs if one.why}
    assert all(one.missing for one in found.rungs if one.why), missing
    why = "No module named 'faststream.rabbit.prometheus'"
    assert {missing[direction, "prometheus"] for direction in plan.directions} == {why}
    assert missing.pop((RECEIVE, "ack first")) == "a subscriber has no ack_policy"
    for name, does in {"middleware": "nothing", "twice": "nothing", "20 µs": "burn:20"}.items():
        told = missing.pop((PUBLISH, name))  # there it is for what is received alone
        assert told == f"the broker's middleware is never called ({does})"
    assert {name for _, name in missing} == {"prometheus", "opentelemetry", "both"}
    # Its brokers share what receives answers: each has to be alone to be asked.
    assert rung(found, REQUEST, "model").cpu


def test_an_environment_without_what_an_extra_brings_leaves_its_rungs_out() -> None:
    plan = Plan(ladder.LADDER, (PUBLISH,), many=1, one=0, rate=0)
    release = releases.find(releases.load(), NEW)

    async def measure() -> Ladder:
        own = recipes.of(release)
        await building.install(own)
        async with open_broker(lambda _text: None) as (broker, _):
            taken = Rounds([Side(NEW, own, own)], plan, broker, lambda _text: None)
            await taken.take()
        return Concluding(taken).conclude().ladders[0]

    found = asyncio.run(measure())
    for name in ("prometheus", "opentelemetry", "both"):
        one = found.find(PUBLISH, name)
        assert one
        assert one.missing
        assert "No module named" in one.why or "install" in one.why, one.why


def test_where_it_goes_is_seen_from_outside() -> None:
    plan = Plan([RUNGS["aio-pika"], RUNGS["bytes"]], (RECEIVE,))

    async def look() -> dict[rounds.Place, dict[str, float]]:
        own = recipes.of(releases.find(releases.load(), NEW))
        await building.install(own)
        async with open_broker(lambda _text: None) as (broker, _):
            return await profile.look(Side(NEW, own), plan, broker, lambda *_said: None)

    try:
        found = asyncio.run(look())
    except profile.UnseenError as error:
        pytest.skip(f"this system does not let one process look into another: {error}")
    plain, through = (found[NEW, RECEIVE, name] for name in ("aio-pika", "bytes"))
    assert sum(plain.values()) == pytest.approx(1)
    assert "aiormq" in plain
    assert "faststream" not in plain
    assert "faststream" in through
    assert "benchmarks" not in through
