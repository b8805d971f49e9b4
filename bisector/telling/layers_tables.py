"""What each layer costs, as tables: a title, a head, and rows of text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from bisector.layers.estimates import QUANTILES, Estimate
from bisector.layers.ladder import DIRECTIONS, PUBLISH, RECEIVE, REQUEST
from bisector.layers.result import Cost, Judgement, Ladder, Layers, Measured

TITLES = {
    PUBLISH: "Publishing: until RabbitMQ has confirmed it, 100 in flight",
    RECEIVE: "Receiving: messages wait for a handler, which has each acknowledged",
    REQUEST: "Request and reply, both in one process, one at a time",
}
LATENCIES = {
    PUBLISH: "Publishing, from the call to the confirm",
    RECEIVE: "Receiving, from publishing to the handler",
    REQUEST: "Request and reply, from the call to the answer",
}
SIDE_BY_SIDE = "CPU time of a message, µs: "
COSTS_HEAD = ("rung", "CPU µs", "adds", "between", "× aio-pika", "× below", "wall µs", "adds ")  # noqa: RUF001
LATENCY_HEAD = ("rung", "one in flight, µs: p5", "p50", "p95", "p99")
LOAD_HEAD = ("at the load, µs: p5", "p50 ", "p95 ", "p99 ")
Tabled = tuple[str, Sequence[str], list[list[str]]]
"""Title, head, rows."""


def side_by_side(layers: Layers) -> list[Tabled]:
    """The CPU time of every rung in all releases, where there are several."""
    if len(layers.ladders) < 2:
        return []
    found: list[Tabled] = []
    for direction in DIRECTIONS:
        of = [one for one in layers.ladders[-1].rungs if one.direction == direction]
        rows = []
        for rung in (one.rung for one in of if not one.rung.control):
            there = [ladder.find(direction, rung.name) for ladder in layers.ladders]
            cells = [us(one.cpu.value.value) if one and one.cpu else "" for one in there]
            rows.append([rung.name, *cells])
        if of:
            names = [ladder.name for ladder in layers.ladders]
            found.append((f"{SIDE_BY_SIDE}{_short(direction)}", ("rung", *names), rows))
    return found


def _short(direction: str) -> str:
    return LATENCIES[direction].partition(",")[0].lower()


def of_ladder(ladder: Ladder, direction: str) -> list[Tabled]:
    """The costs, and the latencies where there are any."""
    there = [one for one in ladder.rungs if one.direction == direction and not one.why]
    if not there:
        return []
    title = f"{ladder.name}. {TITLES[direction]}"
    found: list[Tabled] = [(title, COSTS_HEAD, [_costs(one) for one in there])]
    timed = [one for one in there if one.latency]
    if timed:
        loaded = any(one.load for one in timed)
        head = (*LATENCY_HEAD, *(LOAD_HEAD if loaded else ()))
        rows = [_latencies(one, loaded=loaded) for one in timed]
        found.append((f"{ladder.name}. {LATENCIES[direction]}", head, rows))
    return found


def _name(one: Measured) -> str:
    return f"{one.rung.name} (control)" if one.rung.control else one.rung.name


def _costs(one: Measured) -> list[str]:
    cells = [_name(one), "", "", "", "", "", "", ""]
    if one.cpu:
        cells[1:4] = [us(one.cpu.value.value), *_added(one.cpu)]
        cells[4:6] = [_times(one.cpu.times_plain), _times(one.cpu.times_below)]
    if one.time:
        cells[6:] = [us(one.time.value.value), _added(one.time)[0]]
    return cells


def _added(cost: Cost) -> list[str]:
    """What it adds, and between what that lies; of what is too noisy only the latter."""
    if cost.added is None:
        return ["", ""]
    added = cost.added
    between = f"{us(added.low)} to {us(added.high)}" if math.isfinite(added.margin) else ""
    return ["too noisy" if cost.judgement is Judgement.NOISY else f"{us(added.value)}", between]


def _times(ratio: Estimate | None) -> str:
    if ratio is None:
        return ""
    margin = f" ± {ratio.margin:.2f}" if math.isfinite(ratio.margin) else ""
    return f"{ratio.value:.2f}{margin}"


def _latencies(one: Measured, *, loaded: bool) -> list[str]:
    cells = [_name(one), *_quantiles(one.latency)]
    if not loaded:
        return cells
    if one.load and not one.load.is_kept:
        return [*cells, f"kept {one.load.kept:.0f}/s", "", "", ""]
    return [*cells, *_quantiles(one.load.latency if one.load else {})]


def _quantiles(found: Mapping[str, Estimate]) -> list[str]:
    return [us(found[name].value) if name in found else "" for name in QUANTILES]


def us(seconds: float) -> str:
    """Microseconds, as exact as they need to be."""
    value = 1e6 * seconds
    return f"{value:.1f}" if abs(value) < 10 else f"{value:.0f}"
