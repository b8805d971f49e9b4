"""The figures of the report, from what was measured.  They know no release: the data names them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import nan
from typing import TYPE_CHECKING

from packaging.version import Version

from bisector.check.result import percent
from bisector.history import change_points
from bisector.history.results import Points
from bisector.search import exact
from bisector.search.exact import Verdict
from bisector.telling.maps import (
    BIG,
    COLOURS,
    NORMAL,
    SMALL,
    TEXT,
    minor_series,
    minor_ticks,
    text_width,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bisector.check.calibration import Point

GOOD, BAD = COLOURS[Verdict.GOOD], COLOURS[Verdict.BAD]
WAYS = ((GOOD, "o"), (BAD, "s"))
"""Colour and marker of the lines of a panel: told apart by both."""

# Inches.
WIDTH, LEFT, RIGHT = 10.0, 0.8, 0.15
HEAD, FOOT = 0.62, 0.5
PANEL, PANEL_HEAD, PANEL_GAP = 1.75, 0.24, 0.34
THROUGHPUT = 2.9
CALIBRATION = 2.6
SURE = 0.95
"""Part of the runs that have to find a slowdown for the title to say so."""


@dataclass(frozen=True)
class Panel:
    """One of several graphs above each other: values by name of the line, as parts of 1."""

    title: str
    lines: Mapping[str, Points]


def history(after: Points, untestable: Collection[int]) -> list[Verdict | None]:
    """Return what the throughput after the sibling closed says of each release.

    Args:
        after: msg/s; 0 is a hang.
        untestable: indices of the releases of which nothing can be measured.
    """
    return [
        Verdict.SKIP if i in untestable else None if point is None
        else Verdict.GOOD if point.value > 0 else Verdict.BAD
        for i, point in enumerate(after)
    ]  # fmt: skip


def throughput(
    versions: Sequence[str], before: Points, after: Points, untestable: Collection[str]
) -> Figure:
    """Draw what is published before and after the sibling closes (msg/s; 0 is a hang)."""
    verdicts = history(after, {versions.index(version) for version in untestable})
    hanging = [i for i, verdict in enumerate(verdicts) if verdict is Verdict.BAD]
    working = [i for i, verdict in enumerate(verdicts) if verdict is Verdict.GOOD]
    skipped = [i for i, verdict in enumerate(verdicts) if verdict is Verdict.SKIP]
    title = _throughput_title(versions, verdicts)
    figure = _figure(
        title,
        "Messages of 1 KiB confirmed per second, one call in flight, on a named exchange, by a"
        " broker whose sibling in the same process is closed; whiskers: 99 % interval",
        THROUGHPUT,
    )
    height = HEAD + THROUGHPUT + FOOT
    axes = _axes(figure, versions, FOOT / height, THROUGHPUT / height)
    top = max((p.value for p in (*before, *after) if p), default=1.0) or 1.0
    axes.set_ylim(-0.07 * top, 1.32 * top)
    axes.set_ylabel("throughput (msg/s)", color=TEXT, size=NORMAL)
    axes.axhline(0, color=TEXT, linewidth=0.8, zorder=1)

    _whiskers(axes, before, TEXT, -0.15)
    axes.plot(*_xy(before, -0.15), "D", color=TEXT, markersize=3.6, markerfacecolor="none",
              markeredgewidth=0.9, label="before the sibling closes")  # fmt: skip
    _whiskers(axes, after, GOOD, 0.15)
    axes.plot([i + 0.65 for i in working], [after[i].value for i in working],  # type: ignore[union-attr]
              "o", color=GOOD, markersize=4, label="after it")  # fmt: skip
    axes.plot([i + 0.65 for i in hanging], [0.0] * len(hanging), "X", color=BAD, markersize=5,
              markeredgewidth=0, label="after it: hangs, 0 msg/s", zorder=3)  # fmt: skip
    if skipped:
        axes.plot([i + 0.5 for i in skipped], [0.0] * len(skipped), "|", color=TEXT, markersize=11,
                  markeredgewidth=2, label="cannot be tested", zorder=3)  # fmt: skip
    if None in verdicts:
        axes.plot([], [], " ", label="no mark: not measured")
    _shade(axes, verdicts)
    _name_flips(axes, versions, verdicts, top)
    _legend(figure, axes)
    return figure


def _throughput_title(versions: Sequence[str], verdicts: exact.History) -> str:
    hanging = sum(verdict is Verdict.BAD for verdict in verdicts)
    tested = len(exact.tested(verdicts))
    flips = exact.changes(verdicts)
    if len(flips) == 1 and verdicts[flips[0].after] is Verdict.GOOD:
        last, first = versions[flips[0].before], versions[flips[0].after]
        return f"After a sibling closes, publishing hangs up to {last} and works from {first} on"
    return f"After a sibling closes, publishing hangs in {hanging} of {tested} releases"


def _shade(axes: Axes, verdicts: exact.History) -> None:
    """Mark where it hangs also for those who look from afar."""
    for verdict, members in groupby((i for i in exact.tested(verdicts)), key=lambda i: verdicts[i]):
        if verdict is Verdict.BAD:
            stretch = list(members)
            axes.axvspan(stretch[0], stretch[-1] + 1, color=BAD, alpha=0.10, linewidth=0, zorder=0)


def _name_flips(axes: Axes, versions: Sequence[str], verdicts: exact.History, top: float) -> None:
    """Name the releases at each flip: the first of any kind, and the first stable one."""
    flips = exact.changes(verdicts)
    inch = len(versions) / (WIDTH - LEFT - RIGHT)
    for number, flip in enumerate(flips):
        fixed = verdicts[flip.after] is Verdict.GOOD
        until = flips[number + 1].after if number + 1 < len(flips) else len(versions)
        same = [i for i in range(flip.after, until) if verdicts[i] is verdicts[flip.after]]
        stable = next((i for i in same if not Version(versions[i]).is_prerelease), None)
        words = f"{'works' if fixed else 'hangs'} since {versions[flip.after]}"
        if stable is not None and stable != flip.after:
            words += f"\nfirst stable release: {versions[stable]}"
        elif stable is not None:
            words += ",\na stable release"
        x, y = flip.after, top * (1.27 - 0.17 * (number % 2))
        axes.plot([x, x], [-0.07 * top, y], color=TEXT, linewidth=1.0)
        longest = max(text_width(line, NORMAL) for line in words.split("\n"))
        right = x + longest * inch < len(versions)
        axes.text(x + (0.07 if right else -0.07) * inch, y, words, size=NORMAL, weight="bold",
                  color=GOOD if fixed else BAD, va="top", ha="left" if right else "right",
                  linespacing=1.3)  # fmt: skip


def shares(versions: Sequence[str], panels: Sequence[Panel]) -> Figure:
    """Draw FastStream's throughput as a share of plain aio-pika's (1 is the same).

    Points are releases, with the interval that asv gives them; lines are levels (`levels`).
    """
    found = {
        (panel.title, name): change_points.find([p.value if p else None for p in points])
        for panel in panels for name, points in panel.lines.items()
    }  # fmt: skip
    figure = _figure(
        _shares_title(found.values()),
        "Both in turns in one process. Points: releases, with their 99 % interval; lines: levels,"
        " in a band as wide as the noise; named: where a level begins",
        len(panels) * (PANEL + PANEL_HEAD) + (len(panels) - 1) * PANEL_GAP,
    )
    height = figure.get_figheight()
    y = height - HEAD
    for panel in panels:
        y -= PANEL_HEAD + PANEL
        axes = _axes(figure, versions, y / height, PANEL / height)
        y -= PANEL_GAP
        top = max((p.value for line in panel.lines.values() for p in line if p), default=1.0)
        axes.set_ylim(0, 1.3 * top)
        axes.set_title(panel.title, loc="left", size=NORMAL, color=TEXT, weight="bold", pad=5)
        axes.set_ylabel("share of aio-pika", color=TEXT, size=NORMAL)
        axes.yaxis.set_major_formatter(lambda value, _: percent(value, ".0f"))
        steps: list[tuple[int, float, str, str]] = []
        for (name, points), (colour, marker) in zip(panel.lines.items(), WAYS, strict=False):
            offset = 0.15 if marker == "s" else -0.15
            _whiskers(axes, points, colour, offset)
            axes.plot(*_xy(points, offset), marker, color=colour, markersize=3.2, label=name)
            line = found[panel.title, name]
            for first, last, middle in line.medians:
                axes.plot([first, last + 1], [middle, middle], color=colour, linewidth=1.6)
                axes.fill_between([first, last + 1], middle * (1 - line.noise),
                                  middle * (1 + line.noise), color=colour, alpha=0.16,
                                  linewidth=0)  # fmt: skip
            steps += [
                (step.after, step.change, versions[step.after], colour) for step in line.steps
            ]
        _name_steps(axes, steps, top, len(versions))
        axes.legend(
            loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False, fontsize=SMALL,
            labelcolor=TEXT, handletextpad=0.3, borderaxespad=0.0,
        )  # fmt: skip
    return figure


def _shares_title(found: Collection[change_points.Levels]) -> str:
    """Say where the newest releases stand."""
    newest = [line.medians[-1][2] for line in found if line.medians]
    if not newest:
        return "FastStream's throughput beside plain aio-pika's: nothing was measured"
    low, high = percent(min(newest), ".0f"), percent(max(newest), ".0f")
    return f"FastStream's newest releases reach {low} to {high} of plain aio-pika's throughput"


def _name_steps(
    axes: Axes, steps: Sequence[tuple[int, float, str, str]], top: float, count: int
) -> None:
    """Name the release of each step and by how much it changed, above the points."""
    inch = count / (WIDTH - LEFT - RIGHT)
    ends = [-1.0, -1.0, -1.0]  # where the words on each line end
    for x, change, version, colour in sorted(steps):
        words = f"{version} {percent(change, '+.0f')}"
        length = (text_width(words, SMALL) + 0.12) * inch
        begin = min(x, count - length)
        level = next((n for n, end in enumerate(ends) if begin >= end), len(ends) - 1)
        ends[level] = begin + length
        y = top * (1.28 - 0.095 * level)
        axes.text(begin + 0.04 * inch, y, words, size=SMALL, color=colour, va="top")
        axes.plot([x, x], [0, y], color=colour, linewidth=0.7, linestyle=(0, (3, 3)))


def calibration(points: Sequence[Point]) -> Figure:
    """Draw which part of the check's runs calls something worse, by how much slower it was made."""
    aa, *slowed = points
    sure = [p for p in slowed if p.found == p.runs and (p.resampled or 0) >= SURE]
    seen = (
        f"{percent(sure[0].slowdown, '.0f')} slower is found"
        if sure
        else "no slowdown is sure to be found"
    )
    figure = _figure(
        f"nox -s check: {seen}; {aa.found} false alarms in {aa.runs} runs",
        "Whole runs of a release against itself, and against the same release with a busy loop in"
        " every publish; whiskers: 95 % interval",
        CALIBRATION,
    )
    height = HEAD + CALIBRATION + FOOT
    width = WIDTH - LEFT - RIGHT
    axes = figure.add_axes((LEFT / WIDTH, FOOT / height, width / WIDTH, CALIBRATION / height))
    axes.set(facecolor="none", ylim=(-3, 106), xlim=(-1, 100 * points[-1].slowdown + 1))
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(TEXT)
    axes.tick_params(colors=TEXT, labelsize=NORMAL, length=0)
    axes.grid(axis="y", color=TEXT, alpha=0.25, linewidth=0.6)
    xs = [100 * p.slowdown for p in points]
    axes.set_xticks(xs, [percent(p.slowdown, ".0f") for p in points])
    drawn = [nan if p.resampled is None else 100 * p.resampled for p in points]
    axes.plot(xs, drawn, "--", color=TEXT, linewidth=1,
              label="runs put together from the recorded rounds")  # fmt: skip
    axes.vlines(xs, [100 * p.low for p in points], [100 * p.high for p in points],
                color=BAD, alpha=0.5, linewidth=1.2)  # fmt: skip
    axes.plot(xs, [100 * p.found / p.runs for p in points], "o", color=BAD, markersize=6,
              label="whole runs really made")  # fmt: skip
    for x, point in zip(xs, points, strict=True):
        below = point.found * 2 > point.runs
        axes.annotate(
            f"{point.found} of {point.runs}", (x, 100 * point.found / point.runs),
            xytext=(8, -10) if below else (16, -3), textcoords="offset points", size=SMALL,
            color=TEXT,
        )  # fmt: skip
    axes.set_ylabel("runs that call it worse (%)", color=TEXT, size=NORMAL)
    axes.set_xlabel("made slower by, in time per message", color=TEXT, size=NORMAL, loc="right")
    _legend(figure, axes)
    return figure


def _figure(title: str, subtitle: str, body: float) -> Figure:
    from matplotlib.figure import Figure  # noqa: PLC0415

    height = HEAD + body + FOOT
    figure = Figure(figsize=(WIDTH, height), facecolor="none")
    figure.suptitle(title, x=0.15 / WIDTH, y=1 - 0.1 / height, size=BIG, color=TEXT, weight="bold",
                    ha="left", va="top")  # fmt: skip
    figure.text(0.15 / WIDTH, 1 - 0.33 / height, subtitle, size=SMALL, color=TEXT, va="top")
    return figure


def _axes(figure: Figure, versions: Sequence[str], bottom: float, height: float) -> Axes:
    """Axes with a place for every release, the minor series marked."""
    width = WIDTH - LEFT - RIGHT
    axes = figure.add_axes((LEFT / WIDTH, bottom, width / WIDTH, height))
    axes.set(xlim=(0, len(versions)), facecolor="none")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(TEXT)
    axes.tick_params(colors=TEXT, labelsize=NORMAL, length=0)
    axes.set_xticks(*minor_ticks(versions, width / max(1, len(versions))))
    for label in axes.get_xticklabels():
        label.set_horizontalalignment("left")
    axes.grid(axis="y", color=TEXT, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    for first, _ in minor_series(versions):
        axes.axvline(first, color=TEXT, alpha=0.35, linewidth=0.6, zorder=0)
    axes.set_xlabel("release, by version" if bottom < 0.25 else "", color=TEXT, size=NORMAL,
                    loc="right")  # fmt: skip
    return axes


def _xy(points: Points, offset: float) -> tuple[list[float], list[float]]:
    there = [(i + 0.5 + offset, p.value) for i, p in enumerate(points) if p]
    return [x for x, _ in there], [y for _, y in there]


def _whiskers(axes: Axes, points: Points, colour: str, offset: float) -> None:
    there = [(i + 0.5 + offset, p.low, p.high) for i, p in enumerate(points)
             if p and p.low is not None and p.high is not None]  # fmt: skip
    for x, low, high in there:
        axes.vlines(x, low, high, color=colour, alpha=0.35, linewidth=0.8)


def _legend(figure: Figure, axes: Axes) -> None:
    figure.legend(
        *axes.get_legend_handles_labels(), loc="lower left", ncols=5, frameon=False,
        bbox_to_anchor=((LEFT - 0.1) / WIDTH, 0.0), fontsize=SMALL, labelcolor=TEXT,
        handletextpad=0.3, columnspacing=1.6,
    )  # fmt: skip
