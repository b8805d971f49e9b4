"""The figures of the report, from what was measured.  They know no release: the data names them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING

from packaging.version import Version

from bisector.check.result import percent
from bisector.history.results import Points, usual
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


GOOD, BAD = COLOURS[Verdict.GOOD], COLOURS[Verdict.BAD]
WAYS = ((GOOD, "o"), (BAD, "s"))
"""Colour and marker of the lines of a panel: told apart by both."""

# Inches.
WIDTH, LEFT, RIGHT = 10.0, 0.8, 0.15
HEAD, FOOT = 0.62, 0.5
PANEL, PANEL_HEAD, PANEL_GAP = 1.75, 0.24, 0.34
THROUGHPUT = 2.9


Days = Sequence["date | None"]
"""When each release was measured."""
SHADES = (1.0, 0.35)
"""Opacity of what was measured on the last day, and on the first."""


@dataclass(frozen=True)
class Step:
    """A change that was confirmed: of which line, at which release, as a part of the time."""

    line: str
    version: str
    change: float


@dataclass(frozen=True)
class Panel:
    """One of several graphs above each other: values by name of the line, as parts of 1."""

    title: str
    lines: Mapping[str, Points]
    days: Days
    steps: Sequence[Step] = ()
    """Those that may be named."""


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
    versions: Sequence[str],
    before: Points,
    after: Points,
    verdicts: Sequence[Verdict | None],
    days: Days,
    *,
    same_turns: bool = True,
) -> Figure:
    """Draw what is published before and after the sibling closes.

    Args:
        before: as parts of what plain aio-pika publishes in the same turns.
        after: likewise; what hangs is drawn at 0.
        same_turns: whether that is so of all of them, rather than in the same run.
    """
    hanging = [i for i, verdict in enumerate(verdicts) if verdict is Verdict.BAD]
    working = [
        point if verdict is Verdict.GOOD else None
        for point, verdict in zip(after, verdicts, strict=True)
    ]
    skipped = [i for i, verdict in enumerate(verdicts) if verdict is Verdict.SKIP]
    title = _throughput_title(versions, verdicts)
    figure = sheet(
        title,
        "Messages of 1 KiB, one in flight, named exchange, by a broker whose sibling is closed,"
        f" beside plain aio-pika in the same {'turns' if same_turns else 'run'}{_of_days(days)}",
        THROUGHPUT,
    )
    height = HEAD + THROUGHPUT + FOOT
    axes = _axes(figure, versions, FOOT / height, THROUGHPUT / height)
    top = max((p.value for p in (*before, *working) if p), default=1.0) or 1.0
    axes.set_ylim(-0.07 * top, 1.32 * top)
    axes.set_ylabel("share of plain aio-pika", color=TEXT, size=NORMAL)
    axes.yaxis.set_major_formatter(lambda value, _: percent(value, ".0f"))
    axes.axhline(0, color=TEXT, linewidth=0.8, zorder=1)

    _band(axes, before, TEXT)
    _dots(axes, before, days, -0.15, "D", TEXT, "before the sibling closes", hollow=True)
    _dots(axes, working, days, 0.15, "o", GOOD, "after it")
    axes.plot([i + 0.65 for i in hanging], [0.0] * len(hanging), "X", color=BAD, markersize=5,
              markeredgewidth=0, label="after it: hangs, nothing", zorder=3)  # fmt: skip
    if skipped:
        axes.plot([i + 0.5 for i in skipped], [0.0] * len(skipped), "|", color=TEXT, markersize=11,
                  markeredgewidth=2, label="cannot be tested", zorder=3)  # fmt: skip
    if None in verdicts:
        axes.plot([], [], " ", label="no mark: not measured")
    _shade(axes, verdicts)
    _name_flips(axes, versions, verdicts, top)
    legend(figure, axes)
    return figure


def _of_days(days: Days) -> str:
    """Say what shades stand for, where there is more than one."""
    return "; fainter: of an earlier day" if len({day for day in days if day}) > 1 else ""


def _dots(
    axes: Axes, points: Points, days: Days, offset: float, marker: str, colour: str, label: str,
    *, hollow: bool = False,
) -> None:  # fmt: skip
    """Draw a dot for each release; those that were measured earlier are fainter."""
    known = sorted({day for day in days if day}, reverse=True)
    for age, day in enumerate(known):
        of = [p if d == day else None for p, d in zip(points, days, strict=True)]
        fainter = age / max(1, len(known) - 1) * (SHADES[0] - SHADES[1])
        axes.plot(
            *_xy(of, offset), marker, color=colour, markersize=3.4, label="_" if age else label,
            alpha=SHADES[0] - fainter, markeredgewidth=0.9 if hollow else 0,
            markerfacecolor="none" if hollow else colour,
        )  # fmt: skip


def _band(axes: Axes, points: Points, colour: str) -> None:
    """Shade where most releases are: what one does within is as likely to be the machine's."""
    if most := usual(points):
        axes.axhspan(most[0], most[-1], color=colour, alpha=0.12, linewidth=0, zorder=0)


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

    Points are releases; no level is drawn through them, for they were measured one after the other,
    while the machine was not the same.
    """
    steps = [step for panel in panels for step in panel.steps]
    told = "named: confirmed, as time per message" if steps else "no release is confirmed to"
    told += "" if steps else " have changed it"
    figure = sheet(
        _shares_title([points for panel in panels for points in panel.lines.values()]),
        "Both in turns in one process. Bands: 90 % of releases, which the machine moves, too;"
        f" {told}{_of_days(panels[0].days)}",
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
        colours = {}
        for (name, points), (colour, marker) in zip(panel.lines.items(), WAYS, strict=False):
            offset = 0.15 if marker == "s" else -0.15
            _band(axes, points, colour)
            _dots(axes, points, panel.days, offset, marker, colour, name)
            colours[name] = colour
        _name_steps(
            axes,
            [(versions.index(s.version), s.change, s.version, colours[s.line])
             for s in panel.steps],
            top, len(versions),
        )  # fmt: skip
        axes.legend(
            loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False, fontsize=SMALL,
            labelcolor=TEXT, handletextpad=0.3, borderaxespad=0.0,
        )  # fmt: skip
    return figure


def _shares_title(lines: Collection[Points]) -> str:
    """Say how far releases come."""
    most = usual([point for points in lines for point in points])
    if not most:
        return "FastStream's throughput beside plain aio-pika's: nothing was measured"
    low, high = percent(most[0], ".0f"), percent(most[-1], ".0f")
    return f"FastStream's releases reach {low} to {high} of plain aio-pika's throughput"


def _name_steps(
    axes: Axes, steps: Sequence[tuple[int, float, str, str]], top: float, count: int
) -> None:
    """Name the release of each step and by how much it changed, above the points."""
    inch = count / (WIDTH - LEFT - RIGHT)
    ends = [-1.0, -1.0, -1.0]  # where the words on each line end
    for x, change, version, colour in sorted(steps):
        words = f"{version} {percent(change, '+.1f')}"
        length = (text_width(words, SMALL) + 0.12) * inch
        begin = min(x, count - length)
        level = next((n for n, end in enumerate(ends) if begin >= end), len(ends) - 1)
        ends[level] = begin + length
        y = top * (1.28 - 0.095 * level)
        axes.text(begin + 0.04 * inch, y, words, size=SMALL, color=colour, va="top")
        axes.plot([x, x], [0, y], color=colour, linewidth=0.7, linestyle=(0, (3, 3)))


def sheet(title: str, subtitle: str, body: float) -> Figure:
    """Return a figure with its title, and so much room below it (inches)."""
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


def legend(figure: Figure, axes: Axes) -> None:
    """Explain the marks, below all else."""
    figure.legend(
        *axes.get_legend_handles_labels(), loc="lower left", ncols=5, frameon=False,
        bbox_to_anchor=((LEFT - 0.1) / WIDTH, 0.0), fontsize=SMALL, labelcolor=TEXT,
        handletextpad=0.3, columnspacing=1.6,
    )  # fmt: skip
