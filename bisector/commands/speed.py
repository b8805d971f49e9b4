"""`nox -s speed`: how long an answer takes."""

from __future__ import annotations

import argparse
import statistics

from rich.table import Table

from bisector.bisection import speed
from bisector.commands import options
from bisector.errors import FOUND
from bisector.questions import programs
from bisector.telling.terminal import console_for


def parser() -> argparse.ArgumentParser:
    """Return the options of `nox -s speed`."""
    made = options.parser_for(
        "speed",
        "Time `nox -s bisect` in a copy of this checkout, with and without environments, and plain"
        " bisection with pip beside it.",
    )
    made.add_argument("scenario", nargs="?", default=programs.SIBLING_CLOSE)
    made.add_argument(
        "--runs",
        type=options.count,
        default=3,
        help="timed runs of each kind (default: %(default)s)",
    )
    made.add_argument(
        "--no-baseline", action="store_true", help="leave out the comparison with pip"
    )
    return made


async def run(args: argparse.Namespace) -> int:
    """Measure and print."""
    console = console_for()
    await speed.measure(
        args.scenario, args.runs, console.print, lambda kinds: console.print(_table(kinds)),
        baseline=not args.no_baseline,
    )  # fmt: skip
    return FOUND


def _table(kinds: speed.Kinds) -> Table:
    table = Table(title="seconds to the answer, median (least - most)", title_justify="left")
    table.add_column("")
    for name in kinds:
        table.add_column(name, justify="right")
    for part in next(iter(kinds.values()))[0]:
        cells = []
        for found in kinds.values():
            values = [run[part] for run in found]
            cells.append(f"{statistics.median(values):.1f} ({min(values):.1f} - {max(values):.1f})")
        table.add_row(part, *cells)
    return table
