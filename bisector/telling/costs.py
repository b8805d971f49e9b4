"""Tells which release made something slower, for people, as Markdown, and as JSON."""

from __future__ import annotations

import math
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from bisector.axes import commits
from bisector.check.result import percent
from bisector.cost.ledger import Trial
from bisector.cost.result import Costs, Looked, Step, Unplaced
from bisector.environments.recipes import RELEASE_DAY
from bisector.questions.cost import Benchmark
from bisector.telling.documents import of_blame

SCHEMA = 1


def sentences(found: Costs) -> list[str]:
    """Say what was found: a sentence for each step, and for each change that has no place."""
    lines = [_step(found, step) for step in found.steps]
    lines += [_unplaced(found, rest) for rest in found.unplaced]
    if not lines:
        names = [one.benchmark.thing for one in found.looked if one.finished]
        if names:
            lines.append(
                f"No release made {' or '.join(names)} {found.least:.1%} or more"
                f" {_words(found.looked[0].benchmark)}, from {_first(found)} to"
                f" {_last(found)}, as far as {found.confidence:.0%} confidence goes."
            )
    lines += [_withdrawn(one) for one in found.withdrawn]
    for one in found.looked:
        if not one.finished:
            seen = f"up to {one.unseen} releases side by side were not measured"
            lines.append(
                f"{one.benchmark.name}: the time was up before all was known"
                + (f", {seen}" if one.unseen > 1 else "")
                + f"; give more than {found.minutes:g} minutes with --most."
            )
    return lines


def _step(found: Costs, step: Step) -> str:
    tested, benchmark = step.tested, _benchmark(found, step.tested.benchmark)
    more = benchmark.more if tested.change > 0 else benchmark.less
    text = f"{tested.after} made {benchmark.thing} {_size(tested.change)} {more}"
    text += f" ({_interval(tested)}, {tested.rounds} rounds)"
    if found.higher_is_better:
        text += ", which is " + ("better" if tested.change > 0 else "worse")
    between = [r.version for r in found.axis.releases]
    skipped = between[between.index(tested.before) + 1 : between.index(tested.after)]
    if skipped:
        text += f" (or one of {', '.join(skipped)}, which cannot be measured)"
    if found.axis.stable_matters:
        stable = f"first stable release {step.first_stable}" if step.first_stable else (
            "in no stable release of this range"
        )  # fmt: skip
        text += f"; {stable}"
    return f"{text}."


def _unplaced(found: Costs, rest: Unplaced) -> str:
    name = rest.benchmark
    if rest.drift:
        return (
            f"{name} drifts: {percent(rest.change)} from {rest.first} to {rest.last}, with no step"
            f" of {found.least:.1%} that could be told."
        )
    return (
        f"{name}: {percent(rest.change)} somewhere in {rest.first} to {rest.last}, not to be told"
        " apart in the time given."
    )


def _withdrawn(tested: Trial) -> str:
    where = f"{tested.benchmark}: a step at {tested.after} was withdrawn"
    if tested.rounds < 2:
        return f"{where}: the two releases could not be compared anew."
    return (
        f"{where}: compared anew, {tested.before} to {tested.after} is"
        f" {percent(tested.change)} ({percent(tested.low)} to {percent(tested.high)},"
        f" {tested.rounds} rounds)."
    )


def _size(change: float) -> str:
    return f"{100 * abs(change):.1f} %"


def _interval(tested: Trial) -> str:
    """Both ends of the interval, in the direction of the change."""
    sign = 1 if tested.change > 0 else -1
    ends = sorted((sign * tested.low, sign * tested.high))
    return f"{100 * ends[0]:.1f} to {100 * ends[1]:.1f} %"


def _words(benchmark: Benchmark) -> str:
    return f"{benchmark.more} or {benchmark.less}"


def _benchmark(found: Costs, name: str) -> Benchmark:
    return next(one.benchmark for one in found.looked if one.benchmark.name == name)


def _first(found: Costs) -> str:
    return found.axis.releases[0].version


def _last(found: Costs) -> str:
    return found.axis.releases[-1].version


def show(found: Costs, console: Console) -> None:
    """Print the answer for a person: what was looked at first, the answer last."""
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("benchmark", f"{_first(found)} to {_last(found)}", "noise", "figures", "steps"):
        table.add_column(name, justify="left" if name == "benchmark" else "right")
    for one in found.looked:
        table.add_row(*_row(found, one))
    console.print(table)
    for version, why in found.untestable.items():
        console.print(f"{version} was not measured: {why}", style="dim", markup=False,
                      soft_wrap=True)  # fmt: skip
    if any("does not import" not in why for why in found.untestable.values()):
        console.print("What such a release does: nox -s bisect -- PROGRAM", style="dim")
    console.print()
    for sentence in sentences(found):
        console.print(sentence, style="bold", markup=False, soft_wrap=True)
    console.print(_circumstances(found), style="dim", markup=False, soft_wrap=True)


def _row(found: Costs, one: Looked) -> list[str]:
    steps = sum(step.tested.benchmark == one.benchmark.name for step in found.steps)
    whole = "" if math.isnan(one.change) else (
        f"{percent(one.change)} ({percent(one.low)} to {percent(one.high)})"
    )  # fmt: skip
    return [one.benchmark.name, whole, percent(one.noise, ".1f"), str(one.figures), str(steps)]


def show_causes(found: Costs, console: Console) -> None:
    """Print whose fault the steps are, as far as that was asked."""
    for step in found.steps:
        if lines := causes(found, step):
            where = f"{step.tested.before} to {step.tested.after}, {step.tested.benchmark}"
            console.print(f"\n{where}: {lines[0]}", style="bold", markup=False, soft_wrap=True)
            for line in lines[1:]:
                console.print(f"  {line}", markup=False, soft_wrap=True)


def causes(found: Costs, step: Step) -> list[str]:
    """Say whose fault a step is, and in which commit."""
    lines: list[str] = []
    if step.blame:
        lines.append(step.blame.sentence)
        lines += [f"{name}: {seen.reason}" for name, seen in step.blame.crosses]
        for name, old, new in step.blame.differences:
            lines.append(f"differs: {name} {old or 'not there'} -> {new or 'not there'}")
    if step.commits is not None:
        known = {commit.hash[:10]: commit for commit in step.line}
        for inner in step.commits.steps:
            commit = known[inner.tested.after]
            lines.append(
                f"commit {commit.hash[:10]}: {commit.subject}"
                f" ({percent(inner.tested.change)}, {_interval(inner.tested)})"
            )
        if not step.commits.steps:
            lines += sentences(step.commits)
    elif step.blame and (
        link := commits.compare_link(found.axis.package, step.tested.before, step.tested.after)
    ):
        lines.append(f"what changed in {found.axis.package}: {link}")
    return lines


def to_markdown(found: Costs) -> str:
    """Return an answer for pasting into an issue."""
    lines = [f"## Cost: {found.name}", ""]
    for sentence in sentences(found):
        lines += [f"**{sentence}**", ""]
    lines += [f"{_circumstances(found)}.", ""]
    lines += [f"| benchmark | {_first(found)} to {_last(found)} | noise | figures | steps |"]
    lines += ["| --- | --- | --- | --- | --- |"]
    lines += ["| " + " | ".join(_row(found, one)) + " |" for one in found.looked]
    for step in found.steps:
        if told := causes(found, step):
            where = f"{step.tested.before} to {step.tested.after}, {step.tested.benchmark}"
            lines += ["", f"**{where}: {told[0]}**", "", *(f"- {line}" for line in told[1:])]
    return "\n".join(lines) + "\n"


def _circumstances(found: Costs) -> str:
    where = found.circumstances
    deps = "dependencies as of each release's day"
    if where.deps != RELEASE_DAY:
        deps = f"dependencies as of {where.deps}"
    if found.axis.held:
        deps = f"{found.axis.held} held, {deps}"
    many = f", whole rounds on each of {found.machines} machines"
    machines = many if found.machines > 1 else ""
    return (
        f"{found.rounds} rounds of {len(found.axis.releases)} releases in {found.seconds:.0f} s"
        f" ({found.void} void){machines}; RabbitMQ {where.rabbitmq} ({where.rabbitmq_source}),"
        f" Python {found.python}, {deps}; {found.started:%Y-%m-%d %H:%M} UTC"
    )


def document(found: Costs) -> dict[str, Any]:
    """Return all that was found, as JSON; `cost.json` describes it."""
    return {
        "schema": SCHEMA,
        "question": found.name,
        "package": found.axis.package,
        "held": found.axis.held,
        "answer": sentences(found),
        "steps": [_step_json(found, step) for step in found.steps],
        "unplaced": [
            {
                "benchmark": rest.benchmark,
                "first": rest.first,
                "last": rest.last,
                "change": _rounded(rest.change),
                "drift": rest.drift,
            }
            for rest in found.unplaced
        ],
        "withdrawn": [_tested_json(tested) for tested in found.withdrawn],
        "benchmarks": [
            {
                "benchmark": one.benchmark.name,
                "noise": _rounded(one.noise),
                "change": _rounded(one.change),
                "low": _rounded(one.low),
                "high": _rounded(one.high),
                "unseen": one.unseen,
                "figures": one.figures,
                "finished": one.finished,
            }
            for one in found.looked
        ],
        "untestable": [[version, why] for version, why in found.untestable.items()],
        "least": found.least,
        "confidence": found.confidence,
        "higher_is_better": found.higher_is_better,
        "range": [_first(found), _last(found), len(found.axis.releases)],
        "deps": found.circumstances.deps,
        "python": found.python,
        "rabbitmq": found.circumstances.rabbitmq,
        "rabbitmq_source": found.circumstances.rabbitmq_source,
        "started": found.started.isoformat(timespec="seconds"),
        "seconds": found.seconds,
        "measuring": found.measuring,
        "rounds": found.rounds,
        "void_rounds": found.void,
        "machines": found.machines,
    }


def _tested_json(tested: Trial) -> dict[str, Any]:
    return {
        "benchmark": tested.benchmark,
        "before": tested.before,
        "after": tested.after,
        "change": _rounded(tested.change),
        "low": _rounded(min(tested.low, tested.high)),
        "high": _rounded(max(tested.low, tested.high)),
        "rounds": tested.rounds,
        "confirmed": tested.confirmed,
    }


def _step_json(found: Costs, step: Step) -> dict[str, Any]:
    return {
        **_tested_json(step.tested),
        "sentence": _step(found, step),
        "first_stable": step.first_stable,
        "blame": of_blame(step.blame) if step.blame else None,
        "commits": (
            None
            if step.commits is None
            else [[one.tested.before, one.tested.after] for one in step.commits.steps]
        ),
    }


def _rounded(value: float) -> float | None:
    return round(value, 5) if math.isfinite(value) else None
