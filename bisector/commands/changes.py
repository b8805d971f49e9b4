"""`nox -s changes`: what is different between two releases?"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from bisector.changes import scope
from bisector.changes.comparison import Plan
from bisector.changes.kinds import DIMENSIONS
from bisector.changes.looking import Side, look
from bisector.changes.result import Changes
from bisector.check.candidates import SAME_DAY, Named, sides
from bisector.commands import history_of_changes, options
from bisector.environments import recipes
from bisector.errors import DIFFERS, FOUND, UserError
from bisector.rabbitmq.broker import open_broker
from bisector.telling import changes as telling
from bisector.telling.terminal import display_for

MINUTES = 2.0
ALL_MINUTES = history_of_changes.MINUTES
FOLDER = "changes"


def parser() -> argparse.ArgumentParser:
    """Return the options of `nox -s changes`."""
    made = options.parser_for(
        "changes",
        "Compare two releases by all that they do in generated situations: what goes over the wire,"
        " results, exceptions, calls, logs, warnings.  Exit codes: 0 nothing differs, 1 something"
        " does, 2 wrong use, 3 could not be compared.",
    )
    made.add_argument(
        "old", nargs="?", help="a release, a wheel, a source checkout, or git+URL@REF"
    )
    made.add_argument("new", nargs="?", help="likewise")
    made.add_argument(
        "--all", action="store_true",
        help="every release with the one before it, the newest first; writes results/changes.json,"
        " changes.md and the programs, and goes on where it was interrupted",
    )  # fmt: skip
    made.add_argument(
        "--minutes", type=options.seconds, metavar="MINUTES",
        help=f"how long to look (default: {MINUTES:g}; with --all {ALL_MINUTES:g} for all of them);"
        " more finds more",
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
        "--out", metavar="FOLDER",
        help=f"where the programs are written, in place of the last ones (default: {FOLDER})",
    )  # fmt: skip
    made.add_argument(
        "--json", metavar="FILE", help="also write the result as JSON; - is standard output"
    )
    made.add_argument("--markdown", metavar="FILE", help="also write it as Markdown; - likewise")
    return made


async def run(args: argparse.Namespace) -> int:
    """Compare and report."""
    if args.all:
        return await history_of_changes.run(args)
    if args.old is None or args.new is None:
        raise UserError("name two sides, OLD NEW; or --all, for every release and the next")
    console = options.console_with({"--json": args.json, "--markdown": args.markdown})
    out = args.out or FOLDER
    options.check_folder("--out", out)
    dimensions = scope.used(DIMENSIONS, scope.words(args.app)) if args.app else DIMENSIONS
    names = {d.name for d in dimensions}
    outside = [d.name for d in DIMENSIONS if d.name not in names]
    with display_for(console) as display:
        old, new = await _sides(args, display.note)
        async with open_broker(display.note, args.rabbitmq) as (broker, rabbitmq):
            await history_of_changes.install(old, new, broker)
            looked = await look(
                Side(old.name, old.environment), Side(new.name, new.environment), broker,
                dimensions, Plan((args.minutes or MINUTES) * 60, args.seed), display.known,
            )  # fmt: skip
    found = Changes(
        old.name, new.name, looked.findings, looked.compared, dimensions, outside, rabbitmq,
        recipes.differences(old.environment.dependencies(), new.environment.dependencies()),
        looked.stopped is not None,
    )  # fmt: skip
    telling.write_programs(found, Path(out))
    options.write(args.json, json.dumps(telling.to_json(found), indent=2) + "\n")
    options.write(args.markdown, telling.to_markdown(found))
    telling.show(found, console, Path(out))
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
