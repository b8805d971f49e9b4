"""`nox -s speed`: how long an answer takes."""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from rich.table import Table

from bisector.bisection import speed
from bisector.commands import options
from bisector.errors import FOUND
from bisector.questions import programs
from bisector.telling.terminal import console_for, display_for

CELLS = 127 * 60 * 6 * 4
"""Releases, aio-pika, interpreters, RabbitMQ: a grid of all of them."""


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
    made.add_argument(
        "--cost", action="store_true",
        help="time the search for the release that made something slower instead, and asv find",
    )  # fmt: skip
    made.add_argument(
        "--dask", action="store_true",
        help="measure what dask costs instead: per cell, with more workers, and for as many cells"
        " as --cells says, half of them known from a run that was killed",
    )  # fmt: skip
    made.add_argument(
        "--cells", type=options.count, default=CELLS, metavar="N",
        help="how many cells that do nothing (default: %(default)s)",
    )  # fmt: skip
    made.add_argument("--nothing", nargs=2, help=argparse.SUPPRESS)  # the run that is killed
    made.add_argument("--no-map", action="store_true", help="leave out the map of all releases")
    return made


async def run(args: argparse.Namespace) -> int:
    """Measure and print."""
    console = console_for()
    if args.dask or args.nothing:
        from bisector.commands import elsewhere, many  # noqa: PLC0415  # with dask

        elsewhere.need_dask()
        if args.nothing:
            return await many.ask(args.nothing[0], Path(args.nothing[1]), args.cells)
        await many.measure(console.print, args.cells)
        return FOUND
    if args.cost:
        from bisector.cost import speed as of_cost  # noqa: PLC0415  # with SciPy

        with display_for(console) as display:
            await of_cost.measure(display.note, display)
        return FOUND
    await speed.measure(
        args.scenario, args.runs, console.print, lambda kinds: console.print(_table(kinds)),
        baseline=not args.no_baseline, maps=not args.no_map,
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
            middle = statistics.median(values)
            share = f", {middle / _stages(found):.0%}" if part.endswith("(sum)") else ""
            cells.append(f"{middle:.1f} ({min(values):.1f} - {max(values):.1f}){share}")
        table.add_row(part, *cells)
    return table


def _stages(found: list[dict[str, float]]) -> float:
    """Seconds spent in all stages of which the sums are told: medians, of what ran side by side."""
    sums = [part for part in found[0] if part.endswith("(sum)")]
    return sum(statistics.median(run[part] for run in found) for part in sums) or 1.0
