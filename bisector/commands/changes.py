"""`nox -s changes`: what is different between two releases?"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bisector.changes import scope
from bisector.changes.comparison import Compared, Comparison
from bisector.changes.findings import Finding
from bisector.changes.grammar import Dimension
from bisector.changes.kinds import DIMENSIONS
from bisector.changes.result import Changes, of_import
from bisector.changes.runs import Runner, UnimportableError, runner
from bisector.check.candidates import SAME_DAY, Named, sides
from bisector.commands import options
from bisector.environments import recipes
from bisector.environments.building import UninstallableError, install
from bisector.errors import DIFFERS, FOUND, OutsideError
from bisector.places.display import Display
from bisector.rabbitmq.broker import Broker, open_broker
from bisector.tasks import together
from bisector.telling import changes as telling
from bisector.telling.terminal import display_for

MINUTES = 2.0
FOLDER = "changes"
JOBS = 10
"""Situations at a time on each side: they wait more than they work."""


def parser() -> argparse.ArgumentParser:
    """Return the options of `nox -s changes`."""
    made = options.parser_for(
        "changes",
        "Compare two releases by all that they do in generated situations: what goes over the wire,"
        " results, exceptions, calls, logs, warnings.  Exit codes: 0 nothing differs, 1 something"
        " does, 2 wrong use, 3 could not be compared.",
    )
    made.add_argument("old", help="a release, a wheel, a source checkout, or git+URL@REF")
    made.add_argument("new", help="likewise")
    made.add_argument(
        "--minutes", type=options.seconds, default=MINUTES, metavar="MINUTES",
        help="how long to look (default: %(default)g); more finds more",
    )  # fmt: skip
    made.add_argument(
        "--for", dest="app", metavar="APP",
        help="only what this file, or the files of this folder, use of FastStream; they are read,"
        " not run",
    )  # fmt: skip
    made.add_argument(
        "--deps", choices=(SAME_DAY, recipes.RELEASE_DAY, recipes.TODAY), default=SAME_DAY,
        help="dependencies as of the later of the two releases' days, each as of its own day, or"
        " as of today (default: %(default)s)",
    )  # fmt: skip
    made.add_argument(
        "--with", dest="with_", action="append", default=[], metavar="NAME==VERSION",
        help="hold a dependency at a version, on both sides; repeatable",
    )  # fmt: skip
    options.add_rabbitmq(made)
    made.add_argument(
        "--python", default=recipes.PYTHON, metavar="X.Y",
        help="interpreter of both environments (default: %(default)s)",
    )  # fmt: skip
    made.add_argument(
        "--seed", type=int, default=1, help="of what is drawn at random (default: %(default)s)"
    )
    made.add_argument(
        "--out", default=FOLDER, metavar="FOLDER",
        help="where the programs are written, in place of the last ones (default: %(default)s)",
    )  # fmt: skip
    made.add_argument(
        "--json", metavar="FILE", help="also write the result as JSON; - is standard output"
    )
    made.add_argument("--markdown", metavar="FILE", help="also write it as Markdown; - likewise")
    return made


async def run(args: argparse.Namespace) -> int:
    """Compare and report."""
    console = options.console_with({"--json": args.json, "--markdown": args.markdown})
    options.check_folder("--out", args.out)
    dimensions = scope.used(DIMENSIONS, scope.words(args.app)) if args.app else DIMENSIONS
    names = {d.name for d in dimensions}
    outside = [d.name for d in DIMENSIONS if d.name not in names]
    with display_for(console) as display:
        old, new = await _sides(args, display.note)
        async with open_broker(display.note, args.rabbitmq) as (broker, rabbitmq):
            await _install(old, new, broker)
            looked = await _look(args, old, new, broker, dimensions, display)
    found = Changes(
        old.name, new.name, looked.findings, looked.compared, dimensions, outside, rabbitmq,
        recipes.differences(old.environment.dependencies(), new.environment.dependencies()),
        looked.stopped is not None,
    )  # fmt: skip
    telling.write_programs(found, Path(args.out))
    options.write(args.json, json.dumps(telling.to_json(found), indent=2) + "\n")
    options.write(args.markdown, telling.to_markdown(found))
    telling.show(found, console, Path(args.out))
    if looked.stopped:
        raise looked.stopped
    return DIFFERS if found.findings else FOUND


async def _sides(args: argparse.Namespace, note: Callable[[str], None]) -> tuple[Named, Named]:
    """The two sides; one and the same release is compared with itself."""
    if args.old == args.new:
        _, one = await sides(
            args.new, None, with_=args.with_, deps=args.deps, python=args.python, note=note
        )
        return one, one
    return await sides(
        args.new, args.old, with_=args.with_, deps=args.deps, python=args.python, note=note
    )


async def _install(old: Named, new: Named, broker: Broker) -> None:
    """Build both environments while RabbitMQ boots.

    Raises:
        OutsideError: one of them cannot be had.
    """

    async def one(named: Named) -> None:
        try:
            await install(named.environment)
        except UninstallableError as error:
            raise OutsideError(f"{named.name} cannot be installed: {error}") from error

    async def boot() -> None:
        await broker.lease()

    await together([*(one(named) for named in dict.fromkeys((old, new))), boot()])


@dataclass
class _Looked:
    findings: Sequence[Finding]
    compared: Compared
    stopped: asyncio.CancelledError | None = None


async def _look(
    args: argparse.Namespace,
    old: Named,
    new: Named,
    broker: Broker,
    dimensions: Sequence[Dimension],
    display: Display,
) -> _Looked:
    """Run the comparison; Ctrl-C ends it with what was found so far.

    Raises:
        OutsideError: it cannot be made.
    """
    why: list[str | None] = []
    runners: list[Runner] = []
    async with contextlib.AsyncExitStack() as stack:
        for named in (old, new):
            display.known(f"importing {named.name}")
            try:
                made = runner(named.name, named.environment, broker, JOBS)
                runners.append(await stack.enter_async_context(made))
                why.append(None)
            except UnimportableError as error:
                why.append(str(error))
        if all(why):
            raise OutsideError(
                f"neither {old.name} nor {new.name} imports ({why[0]}): choose other dependencies,"
                " with --deps or --with"
            )
        if any(why):
            return _Looked([of_import(*why)], Compared())
        comparison = Comparison(runners[0], runners[1], dimensions, note=display.known)
        try:
            return _Looked(await comparison.run(args.minutes * 60, args.seed), comparison.compared)
        except asyncio.CancelledError as error:
            return _Looked(comparison.findings, comparison.compared, error)
