"""`nox -s speed`: how long an answer takes."""

from __future__ import annotations

import argparse

from bisector.bisection import speed
from bisector.commands import options
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
    await speed.measure(args.scenario, args.runs, console_for(), baseline=not args.no_baseline)
    return 0
