"""`nox -s "release(X)" -- PROGRAM`: one release, and all that was seen."""

from __future__ import annotations

import argparse
import asyncio

from bisector import tasks
from bisector.axes import axis as axes
from bisector.axes.releases import package_environment
from bisector.commands import options
from bisector.environments import releases
from bisector.errors import TROUBLE
from bisector.places.here import Here
from bisector.questions import programs
from bisector.rabbitmq.broker import open_broker
from bisector.search.exact import Verdict
from bisector.telling import answers
from bisector.telling.terminal import console_for, display_for


def parser() -> argparse.ArgumentParser:
    """Return the options of `nox -s "release(X)" -- PROGRAM`."""
    made = options.parser_for(
        '"release(X)"', "Probe one release.  Exit codes: 0 good, 1 bad, 3 no verdict."
    )
    made.add_argument("--release", required=True, help=argparse.SUPPRESS)
    options.add_environment(made)
    options.add_needs(made)
    options.add_reading(made)
    made.add_argument(
        "program", nargs=argparse.REMAINDER, metavar="PROGRAM", help="what to probe, as in bisect"
    )
    return made


async def run(args: argparse.Namespace) -> int:
    """Probe one release and print all that was seen."""
    args = options.with_program(parser(), args, f"--release={args.release}")
    console = console_for()
    needs = options.needs_of(args)
    program = programs.load(args.program or [programs.SIBLING_CLOSE], needs)
    release = releases.find(releases.load(), args.release)
    choice = axes.Choice(
        deps=args.deps,
        extras=tuple(args.extra),
        python=args.python,
        with_=tuple(args.with_),
        requires=options.requires_of(args),
    )
    environment = package_environment(choice)(release)
    with display_for(console) as display:
        async with open_broker(display.note, args.rabbitmq) as (broker, rabbitmq):
            boot = asyncio.create_task(broker.lease())
            try:
                seen = await Here(broker, 1, display.note).answer(
                    release.version, environment, program, options.rules_of(args, program),
                    lambda text: display.stage(release.version, text),
                )  # fmt: skip
            finally:
                await tasks.stop([boot])
            display.observed(seen, remembered=False)
    answers.print_observation(seen, rabbitmq, console)
    return {Verdict.GOOD: 0, Verdict.BAD: 1, Verdict.SKIP: TROUBLE}[seen.verdict]
