"""What each layer costs, for people: sentences, tables for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timezone

from rich import box
from rich.console import Console
from rich.table import Table

from bisector.layers.estimates import CONFIDENCE, Estimate
from bisector.layers.ladder import DIRECTIONS, PUBLISH, RECEIVE, REQUEST
from bisector.layers.result import Change, Cost, Judgement, Ladder, Layers, Measured
from bisector.telling import layers_tables
from bisector.telling.changes import marked
from bisector.telling.layers_tables import us

DOES = {
    PUBLISH: "Publishing a pydantic model",
    RECEIVE: "A handler that takes a pydantic model",
    REQUEST: "Asking with a pydantic model and being answered with it",
}
MEANING = (
    '"Adds" is what a rung takes more than the one below, by turns of the same process; it lies'
    f' "between" with {CONFIDENCE:.0%} confidence, over rounds of fresh processes.  At the load,'
    " latencies count from when a message was due to be sent."
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
        f"{DOES[direction]} costs {us(over.value)} µs of CPU a message on top of aio-pika's"
        f" {us(beside)}"
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
        return f"{one.rung.thing} adds {us(added.value)}"
    if judgement is Judgement.SAVES:
        return f"{one.rung.thing} takes {us(-added.value)} less"
    if judgement is Judgement.NOTHING:
        return f"{one.rung.thing} {judgement.value}, at most {us(added.high)}"
    return ""


def changes(layers: Layers) -> list[str]:
    """Say what changed from release to release, as far as that is confirmed."""
    if len(layers.ladders) < 2:
        return []
    if not layers.changes:
        return [f"No change from release to release is confirmed in {layers.compared} comparisons."]
    return [change(one) for one in layers.changes]


def change(one: Change) -> str:
    """Say what changed from one release to the next."""
    low, high = sorted((one.low, one.high))
    return (
        f"From {one.before} to {one.after}, {one.direction}, {one.rung.name}:"
        f" {100 * one.change:+.0f} % CPU ({100 * low:+.0f} to {100 * high:+.0f} %)."
    )


def show(layers: Layers, console: Console) -> None:
    """Print it for a person, the answer last: of several releases, what they are side by side."""
    for ladder in layers.ladders:
        for line in left_out(ladder):
            console.print(line, style="yellow", markup=False, soft_wrap=True)
    for title, head, rows in [*layers_tables.side_by_side(layers), *_newest(layers)]:
        table = Table(box=box.SIMPLE, title=title, title_justify="left", pad_edge=False)
        for number, name in enumerate(head):
            table.add_column(name, justify="right" if number else "left", no_wrap=True)
        for row in rows:
            table.add_row(*row)
        console.print(table)
    console.print(MEANING, style="dim", markup=False, soft_wrap=True)
    for line in [*layers.gives_up, *circumstances(layers)]:
        console.print(line, style="dim", markup=False, soft_wrap=True)
    for line in [*changes(layers), *sentences(layers)]:
        console.print(line, style="bold", markup=False, soft_wrap=True)


def _newest(layers: Layers) -> list[layers_tables.Tabled]:
    ladder = layers.ladders[-1]
    return [
        table for direction in DIRECTIONS for table in layers_tables.of_ladder(ladder, direction)
    ]


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
    for table in layers_tables.side_by_side(layers):
        lines += _marked_table(*table)
    for ladder in reversed(layers.ladders):
        lines += [f"## {marked(ladder.name)}", ""]
        for direction in DIRECTIONS:
            for title, head, rows in layers_tables.of_ladder(ladder, direction):
                lines += _marked_table(title.removeprefix(f"{ladder.name}. "), head, rows)
        lines += [f"- {marked(text)}" for text in left_out(ladder)]
        lines += [""]
    told = [MEANING, *layers.gives_up, *circumstances(layers)]
    lines += [part for text in told for part in (marked(text), "")]
    return "\n".join(lines).rstrip() + "\n"


def _marked_table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [f"### {title}", "", f"| {' | '.join(map(marked, head))} |", "|" + " --- |" * len(head)]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), ""]


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
    return [*lines, *_overloaded(ladder)]


def _overloaded(ladder: Ladder) -> list[str]:
    """Say which load was not kept, and what was."""
    lost = {one.rung.name: one.load for one in ladder.rungs if one.load and not one.load.is_kept}
    lines = []
    for one in ladder.rungs:
        if load := lost.get(one.rung.name):
            # What plain aio-pika does not keep either is RabbitMQ's, or that of this machine.
            who = "RabbitMQ here" if one.rung.plain in lost else f"{ladder.name} at this rung"
            lines.append(
                f"{one.rung.name}: {load.rate:g} messages a second are more than {who} keeps:"
                f" {load.sent:.0f} could be sent, {load.kept:.0f} arrived."
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
