"""`nox -s calibrate`: how far the check, and the search for steps of costs, can be trusted."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import asdict

from rich import box
from rich.console import Console
from rich.table import Table

from bisector import ROOT
from bisector.check import calibration, candidates, rule
from bisector.commands import options
from bisector.cost import calibration as of_cost
from bisector.cost import simulation
from bisector.environments import recipes, releases
from bisector.environments.releases import Release
from bisector.errors import FOUND
from bisector.rabbitmq.broker import Broker, open_broker
from bisector.telling import calibrations, maps
from bisector.telling.terminal import Board, Lines, console_for, display_for

RESULTS = ROOT / "results" / "calibration"
COST_RESULTS = ROOT / "results" / "cost-calibration"
CHECK, COST = "check", "cost"
Screen = Lines | Board


def parser() -> argparse.ArgumentParser:
    """Return the options of `nox -s calibrate`."""
    made = options.parser_for(
        "calibrate",
        "Run the check on a release against itself, and against the same release made slower on"
        " purpose; and search histories for a release from which on it is slower.  Goes on from"
        " where it was stopped, and writes results/calibration.* and results/cost-calibration.*."
        "  Exit codes: 0 done, 2 wrong use, 3 trouble outside.",
    )
    made.add_argument(
        "release", nargs="?", help="the release (default: the newest stable one, or the one that"
        " earlier runs were of)",
    )  # fmt: skip
    made.add_argument(
        "--only", choices=(CHECK, COST), help="the check, or the search for steps (default: both)"
    )
    made.add_argument(
        "--runs", type=options.count, default=30, metavar="N",
        help="whole runs with nothing to find (default: %(default)s)",
    )  # fmt: skip
    made.add_argument(
        "--slowed", type=options.count, default=5, metavar="N",
        help="whole runs of the check for each slowdown (default: %(default)s)",
    )  # fmt: skip
    made.add_argument(
        "--searches", type=options.count, default=10, metavar="N",
        help="whole searches for each slowdown (default: %(default)s)",
    )  # fmt: skip
    made.add_argument(
        "--simulated", type=options.count, default=simulation.SIMULATED, metavar="N",
        help="simulated searches of each kind of history (default: %(default)s)",
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
    with display_for(console) as display:
        async with open_broker(display.note, args.rabbitmq) as (broker, rabbitmq):
            if args.only != COST:
                await _check(args, broker, rabbitmq, display, console)
            if args.only != CHECK:
                await _cost(args, broker, rabbitmq, display, console)
    return FOUND


def _release(args: argparse.Namespace, before: str | None) -> Release:
    """The one that was named, or that earlier runs were of, or the newest."""
    known = releases.load()
    version = args.release or before
    return releases.find(known, version) if version else candidates.newest(known)


async def _check(
    args: argparse.Namespace, broker: Broker, rabbitmq: str, display: Screen, console: Console
) -> None:
    runs = calibration.Runs()
    release = _release(args, runs.circumstances.release if runs.circumstances else None)
    wanted = {0.0: args.runs, **dict.fromkeys(calibration.SLOWDOWNS, args.slowed)}
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
    _print(table, display, console)
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
    maps.save(calibrations.of_check(found), RESULTS)


async def _cost(
    args: argparse.Namespace, broker: Broker, rabbitmq: str, display: Screen, console: Console
) -> None:
    runs = of_cost.Runs()
    release = _release(args, runs.circumstances.release if runs.circumstances else None)
    wanted = {0.0: args.runs, **dict.fromkeys(of_cost.SLOWDOWNS, args.searches)}
    await of_cost.calibrate(
        release, releases.select(releases.load()), runs, wanted, broker=broker,
        rabbitmq=rabbitmq, display=display, python=args.python,
    )  # fmt: skip
    _tell_cost(args, runs, rabbitmq, display, console)


def _tell_cost(
    args: argparse.Namespace,
    runs: of_cost.Runs,
    rabbitmq: str,
    display: Screen,
    console: Console,
) -> None:
    assert runs.circumstances is not None
    known = runs.circumstances
    display.stage("simulating", f"{args.simulated} searches of each kind of history")
    simulated = simulation.simulate(runs, args.simulated)
    points = simulation.points(runs, simulated)
    table = Table(
        title=f"{known.release}, RabbitMQ {rabbitmq}: what searches of its history name",
        title_justify="left", box=box.SIMPLE_HEAD,
    )  # fmt: skip
    for name in ("history", "change", "named just what there is", "named another", "figures", "s"):
        table.add_column(name, justify="left" if name == "history" else "right")
    for point in points:
        table.add_row(
            "real", f"{point.slowdown:.0%}", f"{point.exact} of {point.runs}",
            f"{point.wrong} of {point.runs}", str(point.figures), f"{point.seconds:.0f}",
        )  # fmt: skip
    for one in simulated:
        table.add_row(
            f"simulated: {one.shape}", f"{one.change:.0%}", f"{one.exact} of {one.runs}",
            f"{one.wrong} of {one.runs}", "", "",
        )  # fmt: skip
    _print(table, display, console)
    summary = {
        **asdict(known),
        "points_of_line": known.points,
        "noise": simulation.spread([each for run in runs.runs for each in run.left]),
        "tried": simulation.spread([each for run in runs.runs for each in run.tried]),
        "machines": Counter(run.machine for run in runs.runs),
        "points": [asdict(point) for point in points],
        "simulated": [asdict(one) for one in simulated],
    }
    options.write(f"{COST_RESULTS}.json", json.dumps(summary, indent=1) + "\n")
    maps.save(calibrations.of_cost(points), COST_RESULTS)


def _print(table: Table, display: Screen, console: Console) -> None:
    display.pause()
    console.print(table)
    display.resume()
