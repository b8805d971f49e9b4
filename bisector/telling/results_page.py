"""What the results tell: the numbers of the report, and the two pages that are made of them.

The pages' words are in bisector/telling/templates/; every number and every release in them comes
from here.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from bisector import ROOT
from bisector.check.result import percent
from bisector.errors import UserError
from bisector.history.results import Measured, Point, Points, divided, pooled, usual
from bisector.search import exact
from bisector.search.exact import Verdict
from bisector.telling import answers, figures, lifecycle, maps

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RESULTS = ROOT / "results"
TEMPLATES = Path(__file__).with_name("templates")
ANSWER, MAP, ADVICE = "sibling-close.json", "map.json", "advise.json"
CALIBRATION = "calibration.json"
COST_CALIBRATION, STEPS, LAYERS = "cost-calibration.json", "steps.json", "layers.json"
WRITTEN_BY = {
    ANSWER: "nox -s bisect -- sibling-close --map --json results/sibling-close.json",
    MAP: "nox -s bisect -- --scenario all --map --json results/map.json",
    ADVICE: "nox -s advise -- --json results/advise.json",
    CALIBRATION: "nox -s calibrate",
    COST_CALIBRATION: "nox -s calibrate",
    STEPS: "nox -s bench -- --steps",
    LAYERS: "nox -s layers -- --lines",
}
NEEDS = {
    ANSWER: ("scenario", "answer", "flips", "releases", "rabbitmq", "python", "started"),
    MAP: ("scenario", "title", "report", "answer", "flips", "releases", "started"),
    ADVICE: ("release", "answer", "advice", "meaning", "rabbitmq", "python", "started"),
    CALIBRATION: ("release", "rabbitmq", "python", "rule", "points", "resampled_runs"),
    COST_CALIBRATION: ("release", "rabbitmq", "python", "points", "simulated", "noise", "minutes"),
    STEPS: ("steps", "withdrawn", "unplaced", "benchmarks", "least", "rounds", "range", "started"),
    LAYERS: ("answer", "releases", "changes", "compared", "rounds", "rabbitmq", "started"),
}

THROUGHPUT = "sibling_close.SiblingClose.track_throughput"
BESIDE_PLAIN = "sibling_close.SiblingCloseRatio.track_time"
PLAIN_THROUGHPUT = "publish.Publish.track_throughput"
PLAIN_CASE: dict[str, object] = {"way": "aio-pika", "payload": "1 KiB", "in_flight": 1}
CASE: dict[str, object] = {"exchange": "named", "in_flight": 1}
"""The case that the pages show: the one that hangs, as most programs publish."""
PUBLISH, CONSUME = "publish.PublishRatio", "consume.ConsumeRatio"
WALL, CPU = "track_time", "track_cpu_time"
WAYS = {"broker.publish": "broker.publish", "publisher.publish": "publisher object"}
DOINGS = {"consume": "receiving", "request": "request-reply"}
IN_STEPS = {
    "publish: time per message": WAYS["broker.publish"],
    "publisher object: time per message": WAYS["publisher.publish"],
    "receive: time per message": DOINGS["consume"],
    "request: time": DOINGS["request"],
}
"""What asv's series are called where the steps of costs are."""


# --- what was found before --------------------------------------------------------------------


def answer(name: str, folder: Path = RESULTS, *, required: bool = False) -> list[dict[str, Any]]:
    """Read the answers that another command left in results/; empty where there are none.

    Raises:
        UserError: it is needed and not there, or it is not what that command writes.
    """
    again = f"write it with `{WRITTEN_BY[name]}`"
    try:
        found = json.loads((folder / name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        if required:
            raise UserError(f"results/{name} is missing: {again}") from None
        return []
    except (OSError, ValueError):
        raise UserError(f"results/{name} cannot be read as JSON: {again}") from None
    found = found if isinstance(found, list) else [found]
    for one in found:
        if not isinstance(one, dict) or (lacks := [key for key in NEEDS[name] if key not in one]):
            what = f" ({', '.join(lacks)})" if isinstance(one, dict) else ""
            raise UserError(f"results/{name} lacks what the report needs{what}: {again}")
    return found


# --- what was measured ------------------------------------------------------------------------


def costs(measured: Measured, time: str) -> dict[str, list[Point | None]]:
    """Return what FastStream costs as a multiple of plain aio-pika, by what it does.

    Publishing is the geometric mean over all payloads and numbers in flight: one figure, and less
    noise.

    Args:
        time: `WALL` or `CPU`.
    """
    known = measured.find(f"{PUBLISH}.{time}")
    payloads, in_flight = (
        [_plain(value) for value in values]
        for name, values in zip(known.names, known.params, strict=True)
        if name in ("payload", "in_flight")
    )
    cases = list(itertools.product(payloads, in_flight))
    found = {
        words: pooled(
            [measured.series(known.name, way=way, payload=p, in_flight=n) for p, n in cases]
        )
        for way, words in WAYS.items()
    }
    for what, words in DOINGS.items():
        found[words] = measured.series(f"{CONSUME}.{time}", what=what)
    return found


def _plain(value: str) -> object:
    """Undo what asv did with a parameter."""
    return value[1:-1] if value[:1] in "'\"" else int(value)


def panels(measured: Measured, confirmed: Sequence[Mapping[str, Any]]) -> list[figures.Panel]:
    """Return the same as shares: how much of plain aio-pika's throughput is left.

    Args:
        confirmed: the steps that may be named.
    """
    wall, cpu = (
        {words: _inverse(points) for words, points in costs(measured, time).items()}
        for time in (WALL, CPU)
    )
    publishing, doing = list(WAYS.values()), list(DOINGS.values())
    days = {"publish": measured.days(f"{PUBLISH}.{WALL}"),
            "consume": measured.days(f"{CONSUME}.{WALL}")}  # fmt: skip
    steps = [
        figures.Step(IN_STEPS[one["benchmark"]], one["after"], one["change"])
        for one in confirmed
        if one["benchmark"] in IN_STEPS
    ]

    def of(
        title: str, kind: str, lines: dict[str, list[Point | None]], *, cpu: bool = False
    ) -> figures.Panel:
        named = [] if cpu else [step for step in steps if step.line in lines]
        return figures.Panel(title, lines, days[kind], named)

    return [
        of("Publishing: messages per second", "publish", {w: wall[w] for w in publishing}),
        of("Publishing: messages per second of CPU time", "publish",
           {w: cpu[w] for w in publishing}, cpu=True),
        of("Receiving, and request-reply: per second", "consume", {w: wall[w] for w in doing}),
    ]  # fmt: skip


def _inverse(points: Points) -> list[Point | None]:
    return [point.inverse() if point else None for point in points]


def _usual(series: Mapping[str, Points]) -> list[dict[str, Any]]:
    """Return a row for each series that has values: where most releases are."""
    found = ((what, usual(points)) for what, points in series.items())
    return [{"what": what, **dict(zip(("low", "median", "high"), row, strict=True))}
            for what, row in found if row]  # fmt: skip


def told_steps(folder: Path = RESULTS) -> dict[str, Any] | None:
    """Return what the search for steps of costs found; None where it was not made.

    Of its steps only those that held in fresh rounds.
    """
    found = next(iter(answer(STEPS, folder)), None)
    if found is None:
        return None
    return {**found, "steps": [step for step in found["steps"] if step["confirmed"]]}


# --- the pages --------------------------------------------------------------------------------


def tell(measured: Measured, closing: Measured, folder: Path = RESULTS) -> dict[str, Any]:
    """Return all that the templates are given.

    Args:
        closing: where publishing before and after a close was measured; of another machine, maybe.
        folder: where the other commands left their answers.
    """
    found = answer(ANSWER, folder, required=True)[0]
    verdicts = {row["version"]: row for row in found["releases"]}
    before, after = (
        closing.series(THROUGHPUT, moment=moment, **CASE) for moment in ("before", "after")
    )
    history = figures.history(after, _untestable(closing))
    closed = dict(zip(closing.versions, zip(before, after, history, strict=True), strict=True))
    wall, cpu = costs(measured, WALL), costs(measured, CPU)
    tables = {kind: _usual(series) for kind, series in (("wall time", wall), ("CPU time", cpu))}
    rows = []
    for release, cost in zip(measured.releases, wall[WAYS["broker.publish"]], strict=True):
        verdict = verdicts.get(release.version, {})
        b, a, seen = closed.get(release.version, (None, None, None))
        rows.append({
            "version": release.version, "date": release.uploaded.date().isoformat(),
            "verdict": verdict.get("verdict", ""), "reason": verdict.get("reason", ""),
            "before": b and b.value, "after": a and a.value, "seen": seen and seen.value,
            "share": 1 / cost.value if cost else None,
            "aio_pika": (verdict.get("dependencies") or {}).get("aio-pika", ""),
        })  # fmt: skip
    both = [row for row in rows if row["verdict"] in ("good", "bad") and row["seen"] != "skip"
            and row["seen"]]  # fmt: skip
    advice, calibration, of_cost = (
        next(iter(answer(name, folder)), None) for name in (ADVICE, CALIBRATION, COST_CALIBRATION)
    )
    return {
        "answer": found,
        "calibration": calibration,
        "cost_calibration": of_cost,
        "flips": [_flip(found, flip) for flip in found["flips"]],
        "edges": {v for flip in found["flips"] for v in (flip["before"], flip["after"])},
        "rows": rows,
        "measured": measured,
        "closing": closing,
        "counts": {v.value: sum(seen is v for seen in history) for v in Verdict},
        "differ": [row["version"] for row in both if row["seen"] != row["verdict"]],
        "agree": sum(row["seen"] == row["verdict"] for row in both),
        "hangs_measured": [
            {"before": closing.versions[f.before], "after": closing.versions[f.after]}
            for f in exact.changes(history)
        ],
        "advice": advice,
        "scenarios": answer(MAP, folder),
        "costs": tables,
        "steps": told_steps(folder),
        "by_steps": WRITTEN_BY[STEPS],
        "layers": next(iter(answer(LAYERS, folder)), None),
        "by_layers": WRITTEN_BY[LAYERS],
        "unmeasured": {
            what: none for what, points in wall.items() if (none := _unmeasured(measured, points))
        },
        "lifecycle": [
            {"unit": unit, **row}
            for what, unit, points in lifecycle.costs(measured)
            for row in _usual({what: points})
        ],
        "left_behind": lifecycle.left_behind(measured),
        "graphs": graphs(measured),
    }


def _unmeasured(measured: Measured, points: Points) -> list[str]:
    """Return which releases could be measured, but not in this."""
    usable = [version for version in measured.files if version not in measured.untestable]
    there = {v for v, p in zip(measured.versions, points, strict=True) if p}
    order = [version for version in measured.versions if version in usable]
    return lifecycle.ranges([version for version in order if version not in there], order)


def _untestable(measured: Measured) -> set[int]:
    return {measured.versions.index(version) for version in measured.untestable}


def _flip(found: Mapping[str, Any], flip: Mapping[str, Any]) -> dict[str, Any]:
    bad = flip["before"] if flip["from"] == Verdict.BAD.value else flip["after"]
    row = next(row for row in found["releases"] if row["version"] == bad)
    evidence = answers.evidence_lines(bad, row["reason"], row.get("evidence") or {})
    return {**flip, "evidence": evidence}


def graphs(measured: Measured) -> list[dict[str, str]]:
    """Return links into asv's graphs: their addresses and what they show."""
    case = measured.find(THROUGHPUT)
    places = [case.place(moment=moment, **CASE) for moment in ("before", "after")]
    hang = [{
        "what": "throughput before and after the sibling closes",
        "href": graph(THROUGHPUT, places), "unit": case.unit,
    }]  # fmt: skip
    rest = [
        {"what": name, "href": graph(name), "unit": benchmark.unit}
        for name, benchmark in sorted(measured.benchmarks.items())
    ]
    return hang + rest


def graph(benchmark: str, places: Sequence[int] = ()) -> str:
    """Return the address of a benchmark's graph, with the sets of parameters to show."""
    query = {"view": "explore", "bench": benchmark}
    if places:
        query["params"] = ",".join(map(str, places))
    return f"graphs.html#{urlencode(query)}"


def draw(measured: Measured, closing: Measured, folder: Path = RESULTS) -> dict[str, Figure]:
    """Draw the figures, by name of their files; see `tell`."""
    after = closing.series(THROUGHPUT, moment="after", **CASE)
    shares, same_turns = _shares(closing)
    found = told_steps(folder)
    confirmed = found["steps"] if found else []
    drawn = {
        "throughput": figures.throughput(
            closing.versions, shares["before"], shares["after"],
            figures.history(after, _untestable(closing)), closing.days(THROUGHPUT),
            same_turns=same_turns,
        ),
        "share": figures.shares(measured.versions, panels(measured, confirmed)),
    }  # fmt: skip
    if scenarios := answer(MAP, folder):
        drawn["map"] = maps.draw(maps.rows_of(scenarios))
    return drawn


def _shares(measured: Measured) -> tuple[dict[str, list[Point | None]], bool]:
    """What is published before and after the close, as a part of what plain aio-pika publishes.

    In the same turns; of releases that were measured before there were such, in the same run.

    Returns:
        also whether all of it is in the same turns.
    """
    found, all_ = {}, True
    for moment in ("before", "after"):
        rates = measured.series(THROUGHPUT, moment=moment, **CASE)
        turns: list[Point | None] = [None] * len(rates)
        if BESIDE_PLAIN in measured.benchmarks:
            turns = _inverse(measured.series(BESIDE_PLAIN, moment=moment, **CASE))
        run: list[Point | None] = [None] * len(rates)
        if PLAIN_THROUGHPUT in measured.benchmarks:
            run = divided(rates, measured.series(PLAIN_THROUGHPUT, **PLAIN_CASE))
        found[moment] = [turn or other for turn, other in zip(turns, run, strict=True)]
        all_ = all_ and not any(other and not turn for turn, other in zip(turns, run, strict=True))
    return found, all_


def render(template: str, told: Mapping[str, Any]) -> str:
    """Write a page: `index.html` or `README.md`."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    html = template.endswith(".html")
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=html,  # noqa: S701  # Markdown has another way, `cell`
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        percent=lambda x: percent(x, ".0f"),
        cell=_cell,
        number=_number,
        change=lambda x: percent(x, "+.1f"),
    )
    return environment.get_template(template).render(told)


def _cell(text: object) -> str:
    """Keep a text within its cell of a Markdown table."""
    return " ".join(str(text).split()).replace("|", "\\|").replace("<", "&lt;")


def _number(value: float | None) -> str:
    """Write three significant digits; nothing for no value."""
    if not value:
        return "" if value is None else "0"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:#.3g}".rstrip(".")
