"""Figures of how far the check, and the search for steps of costs, can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING

from bisector.check.result import percent
from bisector.telling.figures import BAD, FOOT, HEAD, LEFT, RIGHT, WIDTH, legend, sheet
from bisector.telling.maps import NORMAL, SMALL, TEXT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bisector.check.calibration import Point
    from bisector.cost.simulation import Point as CostPoint

BODY = 2.6
"""Inches."""
SURE = 0.95
"""Part of the runs that have to find a slowdown for the title to say so."""


def of_check(points: Sequence[Point]) -> Figure:
    """Draw which part of the check's runs calls something worse, by how much slower it was made."""
    aa, *slowed = points
    sure = [p for p in slowed if p.found == p.runs and (p.resampled or 0) >= SURE]
    seen = (
        f"{percent(sure[0].slowdown, '.0f')} slower is found"
        if sure
        else "no slowdown is sure to be found"
    )
    figure = sheet(
        f"nox -s check: {seen}; {aa.found} false alarms in {aa.runs} runs",
        "Whole runs of a release against itself, and against the same release with a busy loop in"
        " every publish; whiskers: 95 % interval",
        BODY,
    )
    rows = [_Row(p.slowdown, p.runs, p.found, p.low, p.high, p.resampled) for p in points]
    drawn = "runs put together from the recorded rounds"
    axes = _of_slowdowns(figure, rows, drawn, "whole runs really made")
    axes.set_ylabel("runs that call it worse (%)", color=TEXT, size=NORMAL)
    legend(figure, axes)
    return figure


def of_cost(points: Sequence[CostPoint]) -> Figure:
    """Draw which part of the searches for steps names just what there is."""
    slowed = [p for p in points if p.slowdown]
    sure = [p for p in slowed if (p.simulated or 0) >= SURE and p.exact >= SURE * p.runs]
    seen = (
        f"{percent(sure[0].slowdown, '.0f')} slower is placed exactly"
        if sure
        else "no slowdown is sure to be placed exactly"
    )
    wrong, runs = sum(p.wrong for p in points), sum(p.runs for p in points)
    figure = sheet(
        f"nox -s bisect -- --cost: {seen}; a wrong release named in {wrong} of {runs} searches",
        "Whole searches of a history that is one and the same release, from a random point on with"
        " a busy loop in every publish; whiskers: 95 % interval",
        BODY,
    )
    rows = [_Row(p.slowdown, p.runs, p.exact, p.low, p.high, p.simulated) for p in points]
    drawn = "simulated with the recorded noise"
    axes = _of_slowdowns(figure, rows, drawn, "whole searches really made")
    axes.set_ylabel("name just what there is (%)", color=TEXT, size=NORMAL)
    legend(figure, axes)
    return figure


@dataclass(frozen=True)
class _Row:
    slowdown: float
    runs: int
    hits: int
    low: float
    high: float
    drawn: float | None


def _of_slowdowns(figure: Figure, rows: Sequence[_Row], drawn: str, made: str) -> Axes:
    """Draw a part of the runs by slowdown: of those made, and of what was drawn from them."""
    height = HEAD + BODY + FOOT
    width = WIDTH - LEFT - RIGHT
    axes = figure.add_axes((LEFT / WIDTH, FOOT / height, width / WIDTH, BODY / height))
    axes.set(facecolor="none", ylim=(-3, 112), xlim=(-1, 100 * rows[-1].slowdown + 1))
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(TEXT)
    axes.tick_params(colors=TEXT, labelsize=NORMAL, length=0)
    axes.grid(axis="y", color=TEXT, alpha=0.25, linewidth=0.6)
    xs = [100 * row.slowdown for row in rows]
    axes.set_xticks(xs, [percent(row.slowdown, ".0f") for row in rows])
    line = [nan if row.drawn is None else 100 * row.drawn for row in rows]
    axes.plot(xs, line, "--", color=TEXT, linewidth=1, label=drawn)
    axes.vlines(xs, [100 * row.low for row in rows], [100 * row.high for row in rows],
                color=BAD, alpha=0.5, linewidth=1.2)  # fmt: skip
    parts = [100 * row.hits / row.runs for row in rows]
    axes.plot(xs, parts, "o", color=BAD, markersize=6, label=made)
    for x, row in zip(xs, rows, strict=True):  # above all that is drawn
        axes.text(x, 106, f"{row.hits} of {row.runs}", ha="center", size=SMALL, color=TEXT)
    axes.set_xlabel("made slower by, in time per message", color=TEXT, size=NORMAL, loc="right")
    return axes
