"""The line that is walked, at a glance: a cell for each point, in order, folded to a width.

Used while a search runs, under its answer, in Markdown and (as marks alone) in JSON.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from rich.text import Text

from bisector.bisection.answer import Answer
from bisector.search import exact
from bisector.search.exact import Flip, History, Verdict

STYLES = {Verdict.GOOD: "green", Verdict.BAD: "red", Verdict.SKIP: "yellow"}
MARKS: dict[Verdict | None, str] = {
    Verdict.GOOD: "+", Verdict.BAD: "x", Verdict.SKIP: "~", None: "\u00b7"
}  # fmt: skip
"""What tells verdicts apart without colours; the last one: not asked."""
ASKED = "?"
WIDTH = 80
"""Where nothing says how wide it may be."""
ROWS = 4
"""A strip that would take more rows than this shows of what was not asked how much it is."""
_COUNTED = 8
"""More points than this that were not asked, side by side, are then a number."""
_NARROW = 24
"""Below this width there is no room for names beside the cells."""


@dataclass(frozen=True)
class Strip:
    """What is known of a line."""

    names: Sequence[str]
    verdicts: History
    flips: Sequence[Flip]
    """Those that are named."""
    asked: Collection[str] = ()
    """What is being probed now."""
    open: Sequence[Flip] = field(default=())
    """Where it has to flip: marked with a bracket."""

    @classmethod
    def of(cls, answer: Answer) -> Strip:
        """Make the strip of an answer."""
        names = [release.version for release in answer.releases]
        flips = [Flip(names.index(flip.before), names.index(flip.after)) for flip in answer.flips]
        return cls(names, answer.history, flips)

    @classmethod
    def living(cls, names: Sequence[str], verdicts: History, asked: Collection[str]) -> Strip:
        """Make the strip of a search that goes on."""
        found = exact.flips(verdicts)
        left = [change for change in exact.changes(verdicts) if change not in found]
        return cls(names, verdicts, found, asked, left)

    def lines(self, width: int = WIDTH) -> list[Text]:
        """Draw it: what the marks mean, then rows of cells, each with what is told of it below."""
        names = width >= _NARROW
        margin = 3 + min(max(map(len, self.names)), width // 3) if names else 0
        room = max(width - margin, 1)
        cells = self._cells(counted=names and len(self.names) > ROWS * room)
        rows = _folded(cells, room)
        indent = 2 if names else 0
        meant = _folded(self._legend(cells), width - indent)
        drawn = [Text(" " * indent + "".join(c.text for c in row).rstrip(), "dim") for row in meant]
        for row in rows:
            text = Text(_name(self.names[row[0].first], margin), "dim") if names else Text()
            for cell in row:
                text.append(cell.text, cell.style)
            if names and row is rows[-1] and len(rows[-1]) > 1:
                last = f" {self.names[-1]}"
                text.append(last if text.cell_len + len(last) <= width else "", "dim")
            drawn += [text, *self._below(row, margin, width)]
        return drawn

    def plain(self, width: int = WIDTH) -> list[str]:
        """Draw it without colours."""
        return [line.plain.rstrip() for line in self.lines(width)]

    def _cells(self, *, counted: bool) -> list[_Cell]:
        shown = [
            (ASKED, "bold blink cyan")
            if name in self.asked
            else (MARKS[verdict], STYLES[verdict] if verdict else "dim")
            for name, verdict in zip(self.names, self.verdicts, strict=True)
        ]
        cells: list[_Cell] = []
        for look, group in groupby(enumerate(shown), key=lambda numbered: numbered[1]):
            same = [index for index, _ in group]
            if counted and look[0] == MARKS[None] and len(same) > _COUNTED:
                cells.append(_Cell(f"({len(same)})", look[1], same[0], same[-1]))
            else:
                cells += [_Cell(look[0], look[1], index, index) for index in same]
        return cells

    def _legend(self, cells: Sequence[_Cell]) -> list[_Cell]:
        """What the marks mean that are there, as cells of words."""
        words = {mark: verdict.value for verdict, mark in MARKS.items() if verdict}
        words |= {MARKS[Verdict.SKIP]: "cannot be tested", MARKS[None]: "not asked"}
        words |= {ASKED: "being asked", "(": "so many not asked"}
        there = {cell.text[0] for cell in cells}
        return [
            _Cell(f"{'(n)' if mark == '(' else mark} {meaning}   ", "dim", 0, 0)
            for mark, meaning in words.items()
            if mark in there
        ]

    def _below(self, row: Sequence[_Cell], margin: int, width: int) -> list[Text]:
        """What is told of a row: brackets, then a line for each flip that has no room before."""
        columns = {cell.first: at for cell, at in _placed(row, margin)}
        first, last = row[0].first, row[-1].last
        end = margin + sum(len(cell.text) for cell in row) - 1
        below: list[Text] = []
        brackets = [" "] * (end + 1)
        for stretch in self.open:
            if stretch.before <= last and stretch.after >= first:
                start, stop = columns.get(stretch.before, margin), columns.get(stretch.after, end)
                brackets[start : stop + 1] = "\u2500" * (stop + 1 - start)
                if stretch.before in columns:
                    brackets[start] = "\u2514"
                if stretch.after in columns:
                    brackets[stop] = "\u2518"
        if any(mark != " " for mark in brackets):
            below.append(Text("".join(brackets), "bold cyan"))
        told: list[Text] = []
        for flip in self.flips:
            if flip.after in columns:
                _add(told, columns[flip.after], self._told(flip), width)
        return below + told

    def _told(self, flip: Flip) -> str:
        fixed = self.verdicts[flip.after] is Verdict.GOOD
        return f"{'fixed in' if fixed else 'broken since'} {self.names[flip.after]}"


@dataclass(frozen=True)
class _Cell:
    """A point; or, in a strip too long, several that were not asked."""

    text: str
    style: str
    first: int
    last: int


def marks(verdicts: History) -> str:
    """Return a strip as one word: a mark for each point."""
    return "".join(MARKS[verdict] for verdict in verdicts)


def _folded(cells: Sequence[_Cell], room: int) -> list[list[_Cell]]:
    rows: list[list[_Cell]] = [[]]
    for cell in cells:
        if rows[-1] and sum(len(c.text) for c in rows[-1]) + len(cell.text) > room:
            rows.append([])
        rows[-1].append(cell)
    return rows


def _placed(row: Sequence[_Cell], margin: int) -> list[tuple[_Cell, int]]:
    at, placed = margin, []
    for cell in row:
        placed.append((cell, at))
        at += len(cell.text)
    return placed


def _name(name: str, margin: int) -> str:
    """A name before a row, cut where it is too long."""
    room = margin - 3
    short = name if len(name) <= room else name[: room - 1] + "\u2026"
    return f"  {short:>{room}} "


def _add(lines: list[Text], column: int, told: str, width: int) -> None:
    """Write below a column, in the first line with room there: to the right, else to the left.

    Where there is room on neither side, it stands below.
    """
    start, words = column, f"^ {told}"
    if column + len(words) > width:
        start, words = column - len(told) - 1, f"{told} ^"
    if start < 0:
        below = max(width - len(told), 0)
        lines += [Text(" " * column + "^", "bold"), Text(" " * below + told[:width], "bold")]
        return
    for line in lines:
        if line.cell_len + (2 if line.cell_len else 0) <= start:
            break
    else:
        line = Text()
        lines.append(line)
    line.append(" " * (start - line.cell_len))
    line.append(words, "bold")
