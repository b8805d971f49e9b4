"""What each layer costs, for people: sentences, tables for a terminal and as Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import timezone

from rich import box
from rich.console import Console
from rich.table import Table

from bisector.layers.estimates import CONFIDENCE, Estimate
from bisector.layers.ladder import PUBLISH, RECEIVE, REQUEST
from bisector.layers.result import Change, Cost, Judgement, Ladder, Layers, Measured
from bisector.telling.changes import marked

TITLES = {
    PUBLISH: "Publishing: until RabbitMQ has confirmed it, 100 in flight",
    RECEIVE: "Receiving: messages wait for a handler, which has each acknowledged",
    REQUEST: "Request and reply, both in one process, one at a time",
}
DOES = {
    PUBLISH: "Publishing a pydantic model",
    RECEIVE: "A handler that takes a pydantic model",
    REQUEST: "Asking with a pydantic model and being answered with it",
}
HEAD = (
    "rung", "CPU µs", "adds µs", "× aio-pika", "× below", "wall µs", "adds µs ",  # noqa: RUF001
    "one in flight, µs", "at the load, µs",
)  # fmt: skip
MEANING = (
    f'Intervals: {CONFIDENCE:.0%}, over rounds of fresh processes. "Adds": beside the rung'
    " below, by turns of the same process. Latencies: p5 / p50 / p95 / p99, of publishing until"
    " the confirm, of receiving from publishing to the handler; at the load from when the message"
    " was due."
)


def sentences(layers: Layers) -> list[str]:
    """Say what somebody would quote, of the newest release; nothing of what is too noisy."""
    if not layers.ladders:
        return []
    newest = layers.ladders[-1]
    found = [_sentence(newest, direction) for direction in (RECEIVE, PUBLISH)]
    told = [f"{newest.name}: {text}" for text in found if text]
    return told or [f"{newest.name}: nothing can be told with certainty here."]


def _sentence(ladder: Ladder, direction: str) -> str:
    model = ladder.find(direction, "model")
    plain = ladder.find(direction, "aio-pika")
    if not (model and plain and model.cpu and plain.cpu and model.cpu.over_plain):
        return ""
    over, beside = model.cpu.over_plain, plain.cpu.value.value
    if _too_wide(over, beside):
        return ""
    text = (
        f"{DOES[direction]} costs {_us(over.value)} µs of CPU a message on top of aio-pika's"
        f" {_us(beside)}"
    )
    more = ladder.find(direction, "opentelemetry")
    added = _adds(more) if more else ""
    return f"{text}; {added}." if added else f"{text}."


def _too_wide(over: Estimate, beside: float) -> bool:
    return Cost(over, over, plain=beside).judgement is Judgement.NOISY or over.low <= 0


def _adds(one: Measured) -> str:
    """Say what a rung adds; nothing where that is too noisy, or not measured."""
    if not one.cpu or not one.cpu.added:
        return ""
    added, judgement = one.cpu.added, one.cpu.judgement
    if judgement is Judgement.COSTS:
        return f"{one.rung.thing} adds {_us(added.value)}"
    if judgement is Judgement.SAVES:
        return f"{one.rung.thing} takes {_us(-added.value)} less"
    if judgement is Judgement.NOTHING:
        return f"{one.rung.thing} {judgement.value}, at most {_us(added.high)}"
    return ""


def changes(layers: Layers) -> list[str]:
    """Say what changed from release to release, as far as that is confirmed."""
    if len(layers.ladders) < 2:
        return []
    if not layers.changes:
        return [f"No change from release to release is confirmed in {layers.compared} comparisons."]
    return [_change(change) for change in layers.changes]


def _change(change: Change) -> str:
    low, high = sorted((change.low, change.high))
    return (
        f"From {change.before} to {change.after}, {change.direction}, {change.rung.name}:"
        f" {100 * change.change:+.0f} % CPU ({100 * low:+.0f} to {100 * high:+.0f} %)."
    )


def show(layers: Layers, console: Console) -> None:
    """Print it for a person, the answer last."""
    for ladder in layers.ladders:
        for direction in _directions(ladder):
            table = Table(box=box.SIMPLE, title=f"{ladder.name}. {TITLES[direction]}",
                          title_justify="left", pad_edge=False)  # fmt: skip
            for number, name in enumerate(HEAD):
                table.add_column(name, justify="right" if number else "left", no_wrap=not number)
            for row in _rows(ladder, direction):
                table.add_row(*row)
            console.print(table)
        for line in left_out(ladder):
            console.print(line, style="yellow", markup=False, soft_wrap=True)
    console.print(MEANING, style="dim", markup=False, soft_wrap=True)
    for line in [*layers.gives_up, *circumstances(layers)]:
        console.print(line, style="dim", markup=False, soft_wrap=True)
    for line in [*changes(layers), *sentences(layers)]:
        console.print(line, style="bold", markup=False, soft_wrap=True)


def to_markdown(layers: Layers, figure: str = "") -> str:
    """Return a page.

    Args:
        figure: a link to the figure.
    """
    lines = ["# What each layer costs", ""]
    lines += [f"**{marked(text)}**" for text in sentences(layers)]
    lines = [part for line in lines for part in (line, "")]
    if figure:
        lines += [f"![From plain aio-pika to a real handler]({figure})", ""]
    if told := changes(layers):
        lines += ["## From release to release", "", *(f"- {marked(text)}" for text in told), ""]
    for ladder in reversed(layers.ladders):
        lines += [f"## {marked(ladder.name)}", ""]
        for direction in _directions(ladder):
            lines += [f"### {TITLES[direction]}", ""]
            lines += ["| " + " | ".join(HEAD) + " |", "|" + " --- |" * len(HEAD)]
            lines += ["| " + " | ".join(row) + " |" for row in _rows(ladder, direction)]
            lines += [""]
        lines += [f"- {marked(text)}" for text in left_out(ladder)]
        lines += [""]
    told = [MEANING, *layers.gives_up, *circumstances(layers)]
    lines += [part for text in told for part in (marked(text), "")]
    return "\n".join(lines).rstrip() + "\n"


def left_out(ladder: Ladder) -> list[str]:
    """Say which rungs were not measured, and why."""
    if ladder.why:
        return [f"{ladder.name} could not be measured: {ladder.why}"]
    by_reason: dict[tuple[str, bool], list[str]] = {}
    for one in ladder.rungs:
        if one.why:
            names = by_reason.setdefault((one.why, one.missing), [])
            if one.rung.name not in names:
                names.append(one.rung.name)
    lines = [
        f"{ladder.name} {'does not have' if missing else 'failed at'} {', '.join(names)}: {why}"
        for (why, missing), names in by_reason.items()
    ]
    for one in ladder.rungs:
        if one.load and not one.load.is_kept:
            who = "RabbitMQ" if one.load.sent < one.load.rate * 0.95 else one.rung.name
            lines.append(
                f"{ladder.name}: {one.load.rate:.0f} messages a second are too many for {who}"
                f" ({one.rung.name}): {one.load.kept:.0f} a second were kept."
            )
    return lines


def circumstances(layers: Layers) -> list[str]:
    """Say how it was measured."""
    day = layers.started.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    load = f", a load of {layers.rate:g} messages a second" if layers.rate else ""
    measured = (
        f"{layers.rounds} rounds in {layers.seconds:.0f} s{load}; RabbitMQ {layers.rabbitmq}"
        f" ({layers.rabbitmq_source}), Python {layers.python}, dependencies: {layers.deps}; {day}."
    )
    return [measured] + [
        f"{ladder.name} with extras, in an environment of its own: {_packages(ladder.extras)}."
        for ladder in layers.ladders
        if ladder.extras
    ]


def _packages(extras: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in extras.items())


def _directions(ladder: Ladder) -> list[str]:
    return list(dict.fromkeys(one.direction for one in ladder.rungs if not one.why))


def _rows(ladder: Ladder, direction: str) -> list[list[str]]:
    rows = []
    for one in ladder.rungs:
        if one.direction == direction and not one.why:
            name = f"{one.rung.name} (control)" if one.rung.control else one.rung.name
            rows.append([name, *_costs(one.cpu), *_wall(one.time),
                         _quantiles(one.latency), _load(one)])  # fmt: skip
    return rows


def _costs(cost: Cost | None) -> list[str]:
    if cost is None:
        return ["", "", "", ""]
    return [_us(cost.value.value), _added(cost), _times(cost.times_plain), _times(cost.times_below)]


def _wall(cost: Cost | None) -> list[str]:
    return [_us(cost.value.value), _added(cost)] if cost else ["", ""]


def _added(cost: Cost) -> str:
    if cost.added is None:
        return ""
    added = cost.added
    if not math.isfinite(added.margin):
        return _us(added.value)
    shown = f"{1e6 * added.value:+.1f} ({1e6 * added.low:.1f} to {1e6 * added.high:.1f})"
    return f"{shown} ~" if cost.judgement is Judgement.NOISY else shown


def _times(ratio: Estimate | None) -> str:
    return f"{ratio.value:.2f}" if ratio else ""


def _quantiles(found: Mapping[str, Estimate]) -> str:
    return " / ".join(_us(one.value) for one in found.values())


def _load(one: Measured) -> str:
    if not one.load:
        return ""
    return _quantiles(one.load.latency) if one.load.is_kept else f"kept {one.load.kept:.0f}/s"


def _us(seconds: float) -> str:
    """Microseconds, as exact as they need to be."""
    value = 1e6 * seconds
    return f"{value:.1f}" if abs(value) < 10 else f"{value:.0f}"


def names(layers: Layers) -> Sequence[str]:
    """Return the releases, in order."""
    return [ladder.name for ladder in layers.ladders]
