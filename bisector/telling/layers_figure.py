"""The figure of the ladder: a waterfall for each direction, and where it goes beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from bisector.layers.estimates import CONFIDENCE
from bisector.layers.ladder import DIRECTIONS, PUBLISH, RECEIVE, REQUEST
from bisector.layers.profile import OTHERS, PYTHON, grouped
from bisector.layers.result import Judgement, Ladder, Layers, Measured
from bisector.telling import layers as telling
from bisector.telling.figures import BAD, FOOT, GOOD, HEAD, RIGHT, WIDTH, sheet
from bisector.telling.maps import NORMAL, SMALL, TEXT, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW, GAP, PANEL_HEAD, ACROSS = 0.2, 0.5, 0.28, 2.2
"""Inches: of a rung, between panels, above one, and of what goes across releases."""
NAMES, MIDDLE = 1.25, 0.25
TITLES = {PUBLISH: "Publishing", RECEIVE: "Receiving", REQUEST: "Request and reply"}
PALETTE = (
    "#1a80c4", "#cf5a00", "#2f9e77", "#a8569b", "#b08900", "#4a9db5", "#d0507a", "#6f7fd0",
    "#8a8f2a", "#9c6b4f", "#8067c4", "#3f9450",
)  # fmt: skip
"""Of modules, with a contrast to a white page and to a dark one."""
ACROSS_RUNGS = ("aio-pika", "bytes", "model", "middleware", "opentelemetry", "both")


def draw(layers: Layers) -> Figure:
    """Draw the newest release's ladders; across releases, if there are several.

    Needs Matplotlib (the dependency group `figures`).
    """
    ladder = layers.ladders[-1]
    panels = {d: found for d in DIRECTIONS if (found := _climbed(ladder, d))}
    body = sum(PANEL_HEAD + ROW * len(rungs) + GAP for rungs in panels.values())
    several = len(layers.ladders) > 1
    body += PANEL_HEAD + ACROSS + GAP if several else 0
    sides = "Right: by module, seen by a sampling profiler." if layers.profiled else ""
    figure = sheet(
        telling.sentences(layers)[0].partition(";")[0].rstrip("."),
        f"CPU time of a message, µs; each bar is what a rung adds to the one below, whiskers its"
        f" {CONFIDENCE:.0%} interval. {sides}",
        body,
    )
    height = HEAD + body + FOOT
    y = height - HEAD
    modules = _modules(panels.values())
    for direction, rungs in panels.items():
        y -= PANEL_HEAD + ROW * len(rungs)
        room = WIDTH - NAMES - RIGHT - MIDDLE
        left, right = (0.58 * room, 0.42 * room) if modules else (room, 0.0)
        box = (NAMES / WIDTH, y / height, left / WIDTH, ROW * len(rungs) / height)
        _waterfall(figure.add_axes(box), rungs, TITLES[direction])
        if modules:
            begin = (NAMES + left + MIDDLE) / WIDTH
            _bars(figure.add_axes((begin, box[1], right / WIDTH, box[3])), rungs, modules)
        y -= GAP
    if modules:
        _legend(figure, modules)
    if several:
        y -= PANEL_HEAD + ACROSS
        inches = (NAMES / WIDTH, y / height, (WIDTH - NAMES - RIGHT - 1.2) / WIDTH, ACROSS / height)
        _across(figure.add_axes(inches), layers)
    return figure


def _climbed(ladder: Ladder, direction: str) -> list[Measured]:
    """The rungs on the way up, from plain aio-pika on, and Prometheus beside it."""
    return [
        one
        for one in ladder.rungs
        if one.direction == direction and one.cpu and (one.rung.chain or one.rung.extras)
    ]


def _modules(panels: Iterable[Sequence[Measured]]) -> dict[str, str]:
    """Colours of the modules, the largest first."""
    sums: dict[str, float] = {}
    for rungs in panels:
        for one in rungs:
            for name, part in grouped(one.modules).items():
                sums[name] = sums.get(name, 0.0) + part
    names = sorted(sums, key=lambda name: (name in (PYTHON, OTHERS), name == OTHERS, -sums[name]))
    colours = {name: PALETTE[n % len(PALETTE)] for n, name in enumerate(names)}
    greys = {PYTHON: TEXT, OTHERS: "#a0a0a0"}
    return {name: greys.get(name, colour) for name, colour in colours.items()}


def _waterfall(axes: Axes, rungs: Sequence[Measured], title: str) -> None:
    _plain(axes, rungs, title)
    for row, one in enumerate(rungs):
        assert one.cpu
        value, added = one.cpu.value, one.cpu.added
        end = 1e6 * value.value
        begin = end - 1e6 * added.value if added else 0.0
        noisy = one.cpu.judgement is Judgement.NOISY
        colour = TEXT if not added else GOOD if added.value < 0 else BAD
        axes.barh(row, end - begin, 0.62, begin, color=colour, alpha=0.35 if noisy else 1.0)
        high = end
        if added:
            low, high = begin + 1e6 * added.low, begin + 1e6 * added.high
            axes.plot([low, high], [row, row], color=TEXT, linewidth=1.1, zorder=3)
            axes.plot([low, high], [row, row], "|", color=TEXT, markersize=5, zorder=3)
        words = f"{1e6 * added.value:+.0f} ± {1e6 * added.margin:.0f}" if added else f"{end:.0f}"
        words += ", too noisy" if noisy else ""
        axes.annotate(
            words, (max(high, end), row), xytext=(5, 0), textcoords="offset points", va="center",
            size=SMALL, color=TEXT, annotation_clip=False,
        )  # fmt: skip
    top = max(1e6 * max(one.cpu.value.value, (one.cpu.value.value + one.cpu.added.margin)
                        if one.cpu.added else 0) for one in rungs if one.cpu)  # fmt: skip
    noisy = any(one.cpu and one.cpu.judgement is Judgement.NOISY for one in rungs)
    axes.set_xlim(0, (1.4 if noisy else 1.22) * top)  # there is room for the words


def _bars(axes: Axes, rungs: Sequence[Measured], colours: dict[str, str]) -> None:
    _plain(axes, rungs, "where it goes")
    axes.set_yticks([])
    for row, one in enumerate(rungs):
        assert one.cpu
        left = 0.0
        parts = grouped(one.modules)
        for name in (name for name in colours if name in parts):
            width = 1e6 * one.cpu.value.value * parts[name]
            axes.barh(row, width, 0.62, left, color=colours[name], linewidth=0)
            left += width


def _plain(axes: Axes, rungs: Sequence[Measured], title: str) -> None:
    axes.set(facecolor="none", ylim=(len(rungs) - 0.5, -0.5))
    axes.set_title(title, loc="left", size=NORMAL, color=TEXT, weight="bold", pad=4)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(TEXT)
    axes.tick_params(colors=TEXT, labelsize=SMALL, length=0)
    axes.set_yticks(range(len(rungs)), [one.rung.name for one in rungs])
    axes.grid(axis="x", color=TEXT, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel("µs of CPU a message", color=TEXT, size=SMALL, loc="right", labelpad=1)


def _legend(figure: Figure, colours: dict[str, str]) -> None:
    """Name the modules, below all else."""
    x, height = 0.15, figure.get_figheight()
    for name, colour in colours.items():
        figure.text(x / WIDTH, 0.12 / height, "■", color=colour, size=NORMAL)
        figure.text((x + 0.14) / WIDTH, 0.13 / height, name, color=TEXT, size=SMALL)
        x += 0.32 + text_width(name, SMALL)


def _across(axes: Axes, layers: Layers) -> None:
    """Draw what receiving takes at some rungs, release by release."""
    axes.set(facecolor="none")
    axes.set_title("Receiving, release by release", loc="left", size=NORMAL, color=TEXT,
                   weight="bold", pad=4)  # fmt: skip
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(TEXT)
    axes.tick_params(colors=TEXT, labelsize=SMALL, length=0)
    axes.grid(axis="y", color=TEXT, alpha=0.25, linewidth=0.6)
    axes.set_ylabel("µs of CPU a message", color=TEXT, size=SMALL)
    names = [ladder.name for ladder in layers.ladders]
    axes.set_xticks(range(len(names)), names)
    tops: list[float] = []
    for rung, colour in zip(ACROSS_RUNGS, (TEXT, *PALETTE), strict=False):
        points = [
            (x, one.cpu.value)
            for x, ladder in enumerate(layers.ladders)
            if (one := ladder.find(RECEIVE, rung)) and one.cpu
        ]
        if not points:
            continue
        xs = [x for x, _ in points]
        ys = [1e6 * value.value for _, value in points]
        axes.vlines(xs, [1e6 * value.low for _, value in points],
                    [1e6 * value.high for _, value in points], color=colour, alpha=0.5)  # fmt: skip
        axes.plot(xs, ys, "o-", color=colour, markersize=3.5, linewidth=1)
        # The interval of a single round has no end.
        tops += [min(1e6 * value.high, 2 * y) for (_, value), y in zip(points, ys, strict=True)]
        axes.annotate(rung, (xs[-1], ys[-1]), xytext=(8, 0), textcoords="offset points",
                      va="center", size=SMALL, color=colour, annotation_clip=False)  # fmt: skip
    axes.set_ylim(0, 1.05 * max(tops, default=1.0))
