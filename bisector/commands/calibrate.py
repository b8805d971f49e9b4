"""`nox -s calibrate`: how far the check can be trusted."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from rich import box
from rich.table import Table

from bisector import ROOT
from bisector.check import calibration, candidates, rule
from bisector.commands import options
from bisector.environments import recipes, releases
from bisector.errors import FOUND
from bisector.rabbitmq.broker import open_broker
from bisector.telling import figures, maps
from bisector.telling.terminal import console_for, display_for

RESULTS = ROOT / "results" / "calibration"


def parser() -> argparse.ArgumentParser:
    """Return the options of `nox -s calibrate`."""
    made = options.parser_for(
        "calibrate",
        "Run the check on a release against itself, and against the same release made slower on"
        " purpose; goes on from where it was stopped, and writes results/calibration.*."
        "  Exit codes: 0 done, 2 wrong use, 3 trouble outside.",
    )
    made.add_argument(
        "release", nargs="?", help="the release (default: the newest stable one, or the one that"
        " earlier runs were of)",
    )  # fmt: skip
    made.add_argument(
        "--runs", type=options.count, default=30, metavar="N",
        help="whole runs with nothing to find (default: %(default)s)",
    )  # fmt: skip
    made.add_argument(
        "--slowed", type=options.count, default=5, metavar="N",
        help="whole runs for each slowdown (default: %(default)s)",
    )  # fmt: skip
    options.add_rabbitmq(made)
    made.add_argument(
        "--python", default=recipes.PYTHON, metavar="X.Y",
        help="interpreter of the environments (default: %(default)s)",
    )  # fmt: skip
    return made


async def run(args: argparse.Namespace) -> int:
    """Make the runs that are missing, and report."""
    console = console_for()
    runs = calibration.Runs()
    version = args.release or (runs.circumstances.release if runs.circumstances else None)
    known = releases.load()
    release = releases.find(known, version) if version else candidates.newest(known)
    wanted = {0.0: args.runs, **dict.fromkeys(calibration.SLOWDOWNS, args.slowed)}
    with display_for(console) as display:
        async with open_broker(display.note, args.rabbitmq) as (broker, rabbitmq):
            await calibration.calibrate(
                release, runs, wanted, broker=broker, rabbitmq=rabbitmq, display=display,
                jobs=options.default_jobs(), python=args.python,
            )  # fmt: skip
    found = calibration.points(runs)
    assert runs.circumstances is not None
    table = Table(
        title=f"{release.version}, RabbitMQ {rabbitmq}: what the check calls worse",
        title_justify="left", box=box.SIMPLE_HEAD,
    )  # fmt: skip
    for name in ("slower by", "measured", "found", f"of {calibration.RESAMPLED} resampled runs",
                 "cannot tell, of " + str(runs.circumstances.benchmarks), "s"):  # fmt: skip
        table.add_column(name, justify="right")
    for point in found:
        table.add_row(
            f"{point.slowdown:.0%}", f"{point.change:+.1%}", f"{point.found} of {point.runs}",
            "" if point.resampled is None else f"{point.resampled:.1%}",
            f"{point.open:.1f}", f"{point.seconds:.0f}",
        )  # fmt: skip
    console.print(table)
    summary = {
        **asdict(runs.circumstances),
        "rule": {
            "false_alarms": rule.FALSE_ALARMS, "matters": rule.MATTERS,
            "tolerated": rule.TOLERATED, "looks": rule.LOOKS,
        },
        "resampled_runs": calibration.RESAMPLED,
        "points": [asdict(point) for point in found],
    }  # fmt: skip
    options.write(f"{RESULTS}.json", json.dumps(summary, indent=1) + "\n")
    maps.save(figures.calibration(found), RESULTS)
    return FOUND
