"""What each layer costs: what rounds come to, on known figures; and what is said of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisector.layers import ladder, profile
from bisector.layers.concluding import changed
from bisector.layers.estimates import Estimate, Steady, estimate, quantiles
from bisector.layers.ladder import DIRECTIONS, LADDER, PUBLISH, RECEIVE, Rung
from bisector.layers.result import (
    Cost,
    Judgement,
    Ladder,
    Layers,
    Load,
    Measured,
    judged,
)
from bisector.layers.rounds import Plan, Rounds
from bisector.telling import layers as telling
from bisector.telling import layers_document, layers_figure
from tests.schemas import validate

moods = st.lists(st.lists(st.floats(0.2, 5), min_size=3, max_size=3), min_size=2, max_size=5)


@given(moods, st.floats(1e-5, 1e-3), st.floats(1e-6, 1e-3))
def test_what_a_turn_does_to_all_is_taken_away(
    rounds: list[list[float]], plain: float, more: float
) -> None:
    measured = [
        {"one": [{"below": mood * plain, "rung": mood * (plain + more)} for mood in turns],
         "other": [{"below": 2 * mood * plain} for mood in turns]}
        for turns in rounds
    ]  # fmt: skip
    steady = Steady(measured)
    added, ratio = steady.added("one", "rung", "below"), steady.ratio("one", "rung", "below")
    assert added
    assert ratio
    # In proportion: what a microsecond is, is the machine's.
    below = steady.value("one", "below")
    assert below
    assert added.value / below.value == pytest.approx(more / plain)
    assert added.margin == pytest.approx(0, abs=1e-9)
    assert ratio.value == pytest.approx(1 + more / plain)
    assert steady.value("other", "rung") is None
    assert steady.added("other", "rung", "below") is None


def test_a_rung_that_is_not_in_every_turn_decides_nothing_for_the_others() -> None:
    whole = {"one": [{"below": 1.0, "rung": 2.0}] * 3}
    broken = {"one": [{"below": 1.0, "rung": 2.0}, {"below": 3.0}, {"below": 1.0}]}
    below = Steady([whole, broken]).value("one", "below")
    assert below
    assert below.value == pytest.approx(1.0)
    added = Steady([whole, broken]).added("one", "rung", "below")
    assert added
    assert added.value == pytest.approx(1.0)


def test_the_interval_of_a_single_round_is_endless() -> None:
    assert estimate([1.0]) == Estimate(1.0, -math.inf, math.inf)
    found = estimate([1.0, 2.0, 3.0])
    assert found.value == 2.0
    assert found.margin == pytest.approx(2.484, abs=1e-3)  # 4.303 / sqrt(3)


def test_one_percent_that_is_late_is_seen_at_p99_and_not_at_p50() -> None:
    found = quantiles([[0.05 if n % 100 == 50 else 0.001 for n in range(300)] for _ in range(3)])
    assert found["p99"].value == pytest.approx(0.05)
    assert found["p50"].value == found["p95"].value == pytest.approx(0.001)


@pytest.mark.parametrize(
    ("value", "margin", "said"),
    [
        (40, 2, Judgement.COSTS),
        (-12, 5, Judgement.SAVES),
        (1, 5, Judgement.NOTHING),
        (1, 30, Judgement.NOISY),
        (40, 30, Judgement.NOISY),
        (400, 60, Judgement.COSTS),  # wide, but not beside what it is
    ],
)
def test_what_may_be_said_of_a_rung(value: float, margin: float, said: Judgement) -> None:
    assert judged(Estimate(value, value - margin, value + margin), 70) is said


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_every_rung_stands_on_another_in_each_of_its_directions(direction: str) -> None:
    names = {rung.name for rung in ladder.of(direction)}
    for rung in ladder.of(direction):
        assert rung.plain in names
        below = ladder.below(rung, direction)
        assert below in names or not rung.below
        seen = {rung.name}
        while below:  # and at last on plain aio-pika
            assert below not in seen
            seen.add(below)
            below = ladder.below(next(r for r in LADDER if r.name == below), direction)


def test_a_process_with_extras_measures_what_its_rungs_stand_on_too() -> None:
    plan = Plan()
    own = {rung.name for rung in plan.rungs(extended=False)}
    extended = {rung.name for rung in plan.rungs(extended=True)}
    assert {rung.name for rung in LADDER} == own | extended
    assert {"aio-pika", "middleware"} <= own & extended
    assert not {"prometheus", "opentelemetry", "both"} & own


STACKS = """\
<module> (/x/benchmarks/layers/__main__.py:9);run (/lib/python3.11/asyncio/events.py:1) 10
run (/lib/python3.11/asyncio/events.py:1);get (/x/site-packages/aiormq/channel.py:9) 30
take (/x/benchmarks/layers/rungs.py:60) 5
loads (/x/site-packages/typing_extensions.py:7) 10
"""


def test_samples_are_counted_by_the_module_on_top_and_ours_apart() -> None:
    assert profile.by_module(STACKS) == {"aiormq": 0.6, "asyncio": 0.2, "typing_extensions": 0.2}
    assert profile.by_module("") == {}
    few = profile.grouped({"a": 0.97, "b": 0.015, "c": 0.015})
    assert few == {"a": 0.97, "others": pytest.approx(0.03)}


def test_a_change_from_release_to_release_is_named_only_where_the_rounds_agree() -> None:
    noise = [0.99, 1.01, 1.0, 0.985, 1.015, 1.0, 0.995, 1.005]
    same = [(math.log(n), math.log(m)) for n, m in zip(noise, reversed(noise), strict=True)]
    assert changed(same, 100) is None
    slower = [(old, new + math.log(1.3)) for old, new in same]
    found = changed(slower, 100)
    assert found
    assert found[0] == pytest.approx(0.3, abs=0.02)
    assert 0.02 < found[1] < found[0]
    faster = changed([(new, old) for old, new in slower], 100)
    assert faster
    assert faster[0] == pytest.approx(1 / 1.3 - 1, abs=0.02)
    assert faster[1] < faster[0] < faster[2] < 0
    assert changed(slower[:3], 100) is None  # too few to be sure of so much


# --- what is said --------------------------------------------------------------------------------


def cost(value: float, added: float | None = None, margin: float = 1.0, plain: float = 67) -> Cost:
    """In microseconds."""

    def us(number: float, margin: float) -> Estimate:
        return Estimate(*(1e-6 * n for n in (number, number - margin, number + margin)))

    if added is None:
        return Cost(us(value, margin), plain=1e-6 * plain)
    ratio = Estimate(value / plain, value / plain - 0.1, value / plain + 0.1)
    return Cost(us(value, margin), us(added, margin), us(value - plain, margin), ratio, ratio,
                1e-6 * plain)  # fmt: skip


RUNGS = {rung.name: rung for rung in LADDER}


def measured(name: str, found: Cost, **more: Any) -> Measured:
    rung = RUNGS[name]
    made = Measured(RECEIVE, rung, ladder.below(rung, RECEIVE), time=found, cpu=found)
    return replace(made, **more)


def layers(*rungs: Measured, gives_up: Sequence[str] = ()) -> Layers:
    made = Ladder("0.7.8", "0.7.8", {"faststream": "0.7.8"}, {"opentelemetry-sdk": "1.45.1"}, rungs)
    return Layers(
        [made], [], 0, 6, 0, 500.0, "3.11.7", "3.10.8", "unpacked Debian packages", "release-day",
        datetime(2026, 11, 29, tzinfo=timezone.utc), 200.0, gives_up,
    )  # fmt: skip


PLAIN = measured("aio-pika", cost(67))


def test_what_somebody_would_quote() -> None:
    quoted = telling.sentences(
        layers(PLAIN, measured("model", cost(108, 3)), measured("opentelemetry", cost(146, 38)))
    )
    said = (
        "0.7.8: A handler that takes a pydantic model costs 41 µs of CPU a message on top of"
        " aio-pika's 67; OpenTelemetry adds 38."
    )
    assert quoted == [said]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (cost(109, 1, 3), "OpenTelemetry costs nothing that can be seen, at most 4.0"),
        (cost(100, -8, 1), "OpenTelemetry takes 8.0 less"),
    ],
)
def test_what_costs_nothing_that_can_be_seen_is_said_so(found: Cost, said: str) -> None:
    (quoted,) = telling.sentences(
        layers(PLAIN, measured("model", cost(108, 3)), measured("opentelemetry", found))
    )
    assert said in quoted


def test_no_sentence_is_made_of_what_is_too_noisy() -> None:
    noisy = measured("opentelemetry", cost(146, 38, margin=30))
    (quoted,) = telling.sentences(layers(PLAIN, measured("model", cost(108, 3)), noisy))
    assert "OpenTelemetry" not in quoted
    (nothing,) = telling.sentences(layers(PLAIN, measured("model", cost(108, 3, margin=60))))
    assert "nothing can be told" in nothing
    page = telling.to_markdown(layers(PLAIN, noisy))
    assert "too noisy | 8.0 to 68" in page  # the interval is shown all the same


def test_what_is_not_there_is_named_once_with_its_reason() -> None:
    why = "No module named 'faststream.rabbit.prometheus'"
    found = layers(
        PLAIN,
        *(Measured(d, RUNGS["prometheus"], "middleware", why=why, missing=True)
          for d in (PUBLISH, RECEIVE)),
        Measured(RECEIVE, RUNGS["both"], "opentelemetry", why="hang: 3 of 100", missing=False),
    )  # fmt: skip
    assert telling.left_out(found.ladders[0]) == [
        f"0.7.8 does not have prometheus: {why}",
        "0.7.8 failed at both: hang: 3 of 100",
    ]


def test_a_load_that_is_not_kept_is_said_with_the_load_that_was() -> None:
    late, alone = ({"p50": Estimate(s, s, s)} for s in (0.5, 0.001))
    over = {"load": Load(5000, 4900, 3120.4, late), "latency": alone}
    kept = {"load": Load(5000, 5000, 4999, alone), "latency": alone}
    found = layers(measured("aio-pika", cost(67), **over), measured("bytes", cost(80, 13), **over))
    assert telling.left_out(found.ladders[0]) == [
        f"{name}: 5000 messages a second are more than RabbitMQ here keeps: 4900 could be sent,"
        " 3120 arrived."
        for name in ("aio-pika", "bytes")
    ]
    assert "kept 3120/s" in telling.to_markdown(found)
    assert "500000" not in telling.to_markdown(found)  # no latency of it
    found = layers(measured("aio-pika", cost(67), **kept), measured("bytes", cost(80, 13), **over))
    (line,) = telling.left_out(found.ladders[0])
    assert "more than 0.7.8 at this rung keeps" in line


def test_the_document_keeps_to_its_schema_and_the_figure_is_drawn() -> None:
    told = {"p5": Estimate(1e-4, 9e-5, 2e-4), "p50": Estimate(1e-4, -math.inf, math.inf)}
    told |= {"p95": told["p5"], "p99": told["p5"]}
    found = layers(
        PLAIN,
        measured("model", cost(108, 3), latency=told, load=Load(500, 500, 499, told),
                 modules={"aiormq": 0.7, "Python": 0.3}),
        measured("opentelemetry", cost(146, 38)),
        gives_up=["something"],
    )  # fmt: skip
    validate(layers_document.to_json(found), "layers")
    both = replace(found, ladders=[*found.ladders, *found.ladders], profiled="0.7.8")
    figure = layers_figure.draw(both)
    assert "41 µs" in figure.get_suptitle()
    assert len(figure.axes) == 3  # a waterfall, modules, and from release to release
    (bars, *_) = figure.axes
    assert [round(bar.get_width()) for bar in bars.patches] == [67, 3, 38]  # type: ignore[attr-defined]


def test_rungs_are_described_as_the_processes_take_them() -> None:
    from benchmarks.layers.rungs import Rung as Taken  # noqa: PLC0415

    for direction in DIRECTIONS:
        for rung in ladder.of(direction):
            taken = Taken(**rung.described(direction))
            assert taken.plain is (rung.plain == rung.name)
    assert not Taken(**RUNGS["middleware"].described(PUBLISH)).depends  # there is no handler


def test_a_rung_put_in_by_hand_is_described_too() -> None:
    own = Rung("100 µs", "100 µs", "middleware", middlewares=("burn:100",), depends=True)
    assert own.described(RECEIVE)["middlewares"] == ["burn:100"]
    assert [rung.name for rung in ladder.needed([own], [*LADDER, own])] == [
        "aio-pika", "middleware", "100 µs",
    ]  # fmt: skip


def test_one_round_that_went_wrong_does_not_undo_the_others() -> None:
    taken = Rounds([], Plan(), None, print)  # type: ignore[arg-type]  # nothing is taken here
    place = ("one", RECEIVE, "bytes")
    taken.count, taken.failed[place], taken.out["one"] = 1, ["a hang"], ["no answer"]
    assert taken.has_failed(place) == "a hang"  # in all rounds that there are
    taken.count = 5
    assert not taken.has_failed(place)
    assert not taken.is_out("one")
    taken.failed[place].append("another")
    taken.out["one"].append("no answer again")
    assert taken.has_failed(place) == "another"
    assert taken.is_out("one") == "no answer again"
