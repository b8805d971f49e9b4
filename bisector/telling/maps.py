"""The map of releases: a strip per scenario, a cell per release.  For a terminal, a log, a figure.

A verdict is told by the height of its cell as well as by its colour, so that nobody has to tell two
colours apart: bad stands out, good lies low, untestable is a dash, and not probed is empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.version import InvalidVersion, Version
from rich.console import Console
from rich.text import Text

from bisector.search import exact
from bisector.search.exact import Flip, Verdict
from bisector.telling.strip import STYLES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Rows = Mapping[str, Sequence[tuple[str, str]]]
"""(version, verdict) of the releases probed, by scenario; verdicts as in `Verdict`."""

CELLS = {Verdict.GOOD: "▂", Verdict.BAD: "█", Verdict.SKIP: "╌", None: " "}
LETTERS = {Verdict.GOOD: "g", Verdict.BAD: "b", Verdict.SKIP: "s", None: "."}
MEANING = {Verdict.GOOD: "good", Verdict.BAD: "bad", Verdict.SKIP: "cannot be tested"}

# All of them have a contrast of 4:1 or more to a white page and to a dark one (#0d1117).  Blue and
# vermilion, after Okabe and Ito, are told apart with every kind of colour vision.
COLOURS = {Verdict.GOOD: "#1a80c4", Verdict.BAD: "#cf5a00", Verdict.SKIP: "#7a7a7a"}
TEXT = "#7a7a7a"
HEIGHTS = {Verdict.GOOD: 0.4, Verdict.BAD: 1.0, Verdict.SKIP: 0.1}
"""Of a cell, as parts of a row's."""

# Inches, and points for text.
WIDTH, MARGIN = 10.0, 0.15
ROW, ROW_GAP, LABEL = 0.26, 0.16, 0.17
TITLE, TICKS, LEGEND = 0.46, 0.24, 0.3
BIG, NORMAL, SMALL = 11.0, 9.0, 7.5


def rows_of(answers: Iterable[Mapping[str, Any]]) -> dict[str, list[tuple[str, str]]]:
    """Take the rows from answers as `documents.of_finding` writes them."""
    return {
        answer["scenario"]: [(row["version"], row["verdict"]) for row in answer["releases"]]
        for answer in answers
    }


def text(rows: Rows, width: int, *, plain: bool = False, versions: Sequence[str] = ()) -> Text:
    """Return the strips, the minor series marked below.

    Args:
        width: columns of the terminal; what does not fit goes into further blocks, which begin with
            a minor series where they can.
        plain: letters instead of blocks and colours, in ASCII.
        versions: the columns (default: all that were probed).
    """
    signs = LETTERS if plain else CELLS
    versions = versions or _versions(rows)
    names = max(map(len, rows), default=0) + 1
    histories = _histories(rows, versions)
    lines: list[Text] = []
    for block in _blocks(versions, max(1, width - names)):
        for name, history in histories.items():
            line = Text(name.ljust(names))
            for verdict, cells in groupby(history[block.start : block.stop]):
                style = "" if plain or verdict is None else STYLES[verdict]
                line.append(signs[verdict] * len(list(cells)), style=style)
            lines.append(line)
        lines.append(Text(" " * names + _marks(versions, block), style="" if plain else "dim"))
    legend = Text(" " * names)
    for verdict, meaning in MEANING.items():
        legend.append(signs[verdict], style="" if plain else STYLES[verdict])
        legend.append(f" {meaning}   ")
    legend.append(f"{signs[None]} not probed" if plain else "blank: not probed")
    return Text("\n").join([*lines, legend])


def show(rows: Rows, console: Console, versions: Sequence[str] = ()) -> None:
    """Print them, with an empty line before."""
    console.print()
    plain = not console.is_terminal
    console.print(text(rows, console.width, plain=plain, versions=versions))


def draw(rows: Rows, title: str = "", versions: Sequence[str] = ()) -> Figure:
    """Draw the map: rows are scenarios, columns releases in the order of their versions.

    Args:
        title: says what is seen; left out, the figure counts for itself.
        versions: the columns (default: all that were probed).

    Needs Matplotlib (the dependency group `figures`).
    """
    from matplotlib.figure import Figure  # noqa: PLC0415

    versions = versions or _versions(rows)
    histories = _histories(rows, versions)
    title = title or _title(versions, histories)

    names = MARGIN + 0.12 + max((text_width(name, NORMAL) for name in rows), default=0.0)
    room = WIDTH - names - MARGIN
    # What the words at the last flips need beyond the last release.
    room -= max((_overhang(history, versions, room) for history in histories.values()), default=0)
    cell = room / max(1, len(versions))
    labels = {name: _labels(history, versions, cell) for name, history in histories.items()}
    levels = {name: 1 + max((level for *_, level in labels[name]), default=-1) for name in rows}
    body = sum(ROW + ROW_GAP + LABEL * levels[name] for name in rows)
    height = TITLE + body + TICKS + LEGEND

    figure = Figure(figsize=(WIDTH, height), facecolor="none")
    axes = figure.add_axes((names / WIDTH, (TICKS + LEGEND) / height, room / WIDTH, body / height))
    axes.set(xlim=(0, len(versions)), ylim=(0, body), facecolor="none", yticks=[])
    axes.spines[:].set_visible(False)
    axes.set_xticks(*minor_ticks(versions, cell))
    axes.tick_params("x", length=0, labelsize=NORMAL, labelcolor=TEXT)
    for label in axes.get_xticklabels():
        label.set_horizontalalignment("left")
    figure.suptitle(title, x=MARGIN / WIDTH, y=1 - 0.14 / height, size=BIG, color=TEXT,
                    weight="bold", ha="left", va="top")  # fmt: skip

    top = body
    for name, history in histories.items():
        base = top - ROW - LABEL * levels[name]
        top = base - ROW_GAP
        axes.text(-0.12 / cell, base + ROW / 2, name, size=NORMAL, color=TEXT, ha="right",
                  va="center")  # fmt: skip
        _draw_cells(axes, history, base)
        for column, words, to, level in labels[name]:
            y = base + ROW + LABEL * level
            axes.plot([column, column], [base, y + 0.14], color=TEXT, linewidth=0.8)
            axes.text(column + 0.04 / cell, y + 0.03, words, size=SMALL, color=COLOURS[to],
                      va="bottom")  # fmt: skip
    for first, _ in minor_series(versions):
        axes.axvline(first, color=TEXT, alpha=0.35, linewidth=0.6, zorder=0)
    _draw_legend(axes, cell)
    return figure


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write the figure as SVG and PNG, on a transparent ground; the same figure, the same bytes.

    Args:
        stem: path of the files, without a suffix.
    """
    import matplotlib as mpl  # noqa: PLC0415

    files = [stem.with_name(f"{stem.name}.{suffix}") for suffix in ("svg", "png")]
    with mpl.rc_context({"svg.hashsalt": "strip", "svg.fonttype": "path"}):
        about = {"Date": None, "Creator": None, "Title": figure.get_suptitle()}
        figure.savefig(files[0], metadata=about)
        figure.savefig(files[1], dpi=200, metadata={"Software": None})
    return files


def _versions(rows: Rows) -> list[str]:
    found = dict.fromkeys(version for row in rows.values() for version, _ in row)
    try:
        return sorted(found, key=Version)
    except InvalidVersion:  # days, commits, files: they stand in their own order
        return list(found)


def _histories(rows: Rows, versions: Sequence[str]) -> dict[str, list[Verdict | None]]:
    histories = {}
    for name, row in rows.items():
        verdicts = {version: Verdict(verdict) for version, verdict in row}
        histories[name] = [verdicts.get(version) for version in versions]
    return histories


def _minor(version: str) -> str:
    """What neighbours are marked by: the minor series; of a day its month, of others nothing."""
    try:
        major, minor, *_ = (*Version(version).release, 0)
    except InvalidVersion:
        month = re.match(r"\d{4}-\d{2}", version)
        return month[0] if month else ""
    return f"{major}.{minor}"


def minor_series(versions: Sequence[str]) -> list[tuple[int, str]]:
    """Index of the first release of each minor series, and the series."""
    return [
        (next(members)[0], series)
        for series, members in groupby(enumerate(versions), key=lambda item: _minor(item[1]))
    ]


def _blocks(versions: Sequence[str], width: int) -> list[range]:
    """Cut the columns into blocks that fit, before a minor series if possible."""
    starts = [first for first, _ in minor_series(versions)]
    blocks, start = [], 0
    while start < len(versions):
        stop = min(start + width, len(versions))
        if stop < len(versions):
            stop = max((s for s in starts if start < s <= stop), default=stop)
        blocks.append(range(start, stop))
        start = stop
    return blocks


def _marks(versions: Sequence[str], block: range) -> str:
    line = ""
    for first, series in minor_series(versions):
        column = first - block.start
        # No mark where the one before it has not ended.
        if first in block and (not line or column > len(line)):
            line = line.ljust(column) + series
    return line


def _title(versions: Sequence[str], histories: Mapping[str, exact.History]) -> str:
    flips = sum(len(exact.flips(history)) for history in histories.values())
    return (
        f"{_count(flips, 'change')} of behaviour in {_count(len(histories), 'scenario')}"
        f" over {_count(len(versions), 'release')}"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def text_width(words: str, size: float) -> float:
    """Inches that Matplotlib's own font takes."""
    from matplotlib.textpath import TextPath  # noqa: PLC0415

    return float(TextPath((0, 0), words, size=size).get_extents().width) / 72 if words else 0.0


def _words(flip: Flip, versions: Sequence[str], to: Verdict | None) -> str:
    first = "fixed in" if to is Verdict.GOOD else "broken since"
    if flip.between:
        return f"{first} one of {versions[flip.before + 1]} - {versions[flip.after]}"
    return f"{first} {versions[flip.after]}"


def _overhang(history: exact.History, versions: Sequence[str], room: float) -> float:
    """Inches to take off the room for the cells, so that the words at each flip end within it."""
    overhang = 0.0
    for flip in exact.flips(history):
        length = text_width(_words(flip, versions, history[flip.after]), SMALL) + 0.1
        part = flip.after / len(versions)
        # The flip lies at part * (room - overhang), and moves to the left as the overhang grows.
        overhang = max(overhang, (length - (1 - part) * room) / part)
    return min(overhang, room / 2)


def _labels(
    history: exact.History, versions: Sequence[str], cell: float
) -> list[tuple[int, str, Verdict, int]]:
    """Name the flips: (column, words that begin there, verdict from there on, level).

    Words that would overlap others to the right go a level above them, so that no line from words
    to cells goes through other words.
    """
    labels = []
    begins: list[float] = []  # by level, the column where its leftmost words begin
    for flip in reversed(exact.flips(history)):
        to = history[flip.after]
        assert to is not None
        words = _words(flip, versions, to)
        end = flip.after + (text_width(words, SMALL) + 0.1) / cell
        level = next((n for n, begin in enumerate(begins) if end <= begin), len(begins))
        # Nothing further to the left may use the levels below: its line would cross these words.
        begins[: level + 1] = [flip.after] * (level + 1)
        labels.append((flip.after, words, to, level))
    return labels


def minor_ticks(versions: Sequence[str], cell: float) -> tuple[list[int], list[str]]:
    """First release of each minor series; its name is left out where there is no room for it."""
    ticks, names, end = [], [], -1.0
    for first, series in minor_series(versions):
        ticks.append(first)
        names.append(series if first >= end else "")
        if first >= end:
            end = first + (text_width(series, NORMAL) + 0.06) / cell
    return ticks, names


def _draw_cells(axes: Axes, history: exact.History, base: float) -> None:
    """Draw one row; its cells stand on `base`."""
    for verdict, height in HEIGHTS.items():
        cells = [(i + 0.08, 0.84) for i, seen in enumerate(history) if seen is verdict]
        axes.broken_barh(cells, (base, ROW * height), facecolor=COLOURS[verdict], linewidth=0)


def _draw_legend(axes: Axes, cell: float) -> None:
    """Explain the cells, below the axis; x in columns, y in inches."""
    x, base = 0.0, -(TICKS + LEGEND) + 0.12
    for verdict, meaning in MEANING.items():
        axes.broken_barh(
            [(x + i * 0.07 / cell, 0.06 / cell) for i in range(3)], (base, 0.16 * HEIGHTS[verdict]),
            facecolor=COLOURS[verdict], linewidth=0, clip_on=False,
        )  # fmt: skip
        axes.text(x + 0.28 / cell, base, meaning, size=SMALL, color=TEXT)
        x += (0.6 + text_width(meaning, SMALL)) / cell
    axes.text(x, base, "empty: not probed", size=SMALL, color=TEXT)
