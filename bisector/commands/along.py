"""Which line `bisect` walks: `--along` and what goes with it, from options to an axis."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from bisector.axes.axis import Axis, Choice
from bisector.axes.between import of_files
from bisector.axes.brokers import RABBITMQ, of_rabbitmqs
from bisector.axes.crossed import Named, order
from bisector.axes.days import DAYS, of_days
from bisector.axes.dependencies import of_any, of_dependency
from bisector.axes.interpreters import PYTHON, of_pythons
from bisector.axes.releases import of_package
from bisector.commands import options
from bisector.environments.recipes import Environment
from bisector.environments.releases import PACKAGE
from bisector.errors import UserError
from bisector.questions import ending
from bisector.rabbitmq import fleet

IMPORT_CLEAN = "import-clean"
OURS = (PACKAGE, PYTHON, DAYS, RABBITMQ)


class _Renamed(argparse.Action):
    """An option of before, which names the one of now."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,  # noqa: ARG002
        values: object,
        option_string: str | None = None,
    ) -> None:
        now = "--along python" if self.nargs == 0 else f"--along {values}"
        parser.error(f"{option_string} is now {now}")


def add_where(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where to search."""
    where = parser.add_argument_group("where to search")
    where.add_argument(
        "--along", action="append", metavar="WHAT",
        help="what to walk: faststream's releases (the default), any other package's by its name"
        " (in the environment of one release of FastStream, where --with faststream==VERSION names"
        " it), `python`: interpreters, `days`: every upload to the index that may change what a"
        " fresh install of --with faststream==VERSION, or of --requirements FILE, resolves to, or"
        " `rabbitmq`: its versions, beside one release of FastStream; two of them: which pairs"
        " work? (there also some of the points: `aio-pika>=9.4`)",
    )  # fmt: skip
    where.add_argument(
        "--between", nargs=2, type=Path, metavar=("OLD", "NEW"),
        help="two whole environments: pip freeze or requirements files with ==, uv.lock,"
        " poetry.lock, pylock.toml; what of all that differs does it?",
    )  # fmt: skip
    where.add_argument(
        "--from", dest="start", metavar="VERSION|DATE", help="oldest release (default: the first)"
    )
    where.add_argument(
        "--to", dest="end", metavar="VERSION|DATE|PATH|git+URL[@REF]",
        help="newest release (default: the newest); of FastStream also a wheel, a source folder or"
        " a commit: is it fixed there?",
    )  # fmt: skip
    where.add_argument("--stable", action="store_true", help="leave out pre-releases")
    where.add_argument(
        "--suspect", action="append", default=[], metavar="VERSION",
        help="try this release and the one before it first: saves probes if it is where it flips,"
        " changes no answer if not; repeatable",
    )  # fmt: skip
    where.add_argument("--map", action="store_true", help="probe every release, find every flip")
    where.add_argument("--source", type=Path, metavar="DIR",
        help="a clone of the guilty package: go on from release to commit",
    )  # fmt: skip
    where.add_argument(
        "--no-broker", action="store_true", help="the program needs no RabbitMQ: start none"
    )
    where.add_argument("--package", action=_Renamed, help=argparse.SUPPRESS)
    where.add_argument("--python-axis", action=_Renamed, nargs=0, help=argparse.SUPPRESS)


def defaults(args: argparse.Namespace) -> None:
    """Set what is not the same along every line, before programs and rules are read."""
    args.project = ()
    if args.between:
        if args.along or args.start or args.end or args.with_:
            raise UserError(
                "--between names both environments whole: leave out --along, --from, --to, --with"
            )
        args.unimportable = args.unimportable or ending.BAD
    if DAYS in (args.along or ()):
        # What the user's project needs is what a fresh install resolves, FastStream among it.
        args.project = options.requirements_in(args.requirements)
        args.requirements = []
        args.unimportable = args.unimportable or ending.BAD
        if not args.program and not args.scenario:
            args.scenario = IMPORT_CLEAN


def check(args: argparse.Namespace) -> None:
    """Refuse what does not go together.

    Raises:
        UserError: with a line that says what to do instead.
    """
    chosen = args.along or [PACKAGE]
    if len(chosen) > 2:
        raise UserError("--along: name one axis, or two for a map of pairs; no more")
    args.pairs = order(*map(Named.read, chosen)) if len(chosen) == 2 else None
    args.along = args.pairs[1].name if args.pairs else chosen[0]
    own = [program.name for program in args.programs if program.builtin]
    held = any(re.match(rf"{PACKAGE}\b", text) for text in args.with_)
    walked = [named.name for named in args.pairs or ()]
    alone = args.along not in OURS and not held and PACKAGE not in walked
    if alone and own:
        raise UserError(
            f"the scenario {own[0]} is about {PACKAGE}, which is not there along {args.along}: name"
            f" a program of yours, or --with {PACKAGE}==VERSION"
        )
    if args.along in (PYTHON, RABBITMQ) and not held and PACKAGE not in walked:
        raise UserError(f"--along {args.along} needs --with {PACKAGE}==VERSION: the one to hold")
    rabbitmq = RABBITMQ in (args.along, *walked)
    if rabbitmq and (args.rabbitmq or args.no_broker):
        raise UserError(
            f"--along {RABBITMQ} walks its versions: leave out --rabbitmq and --no-broker; --from"
            " and --to choose among them"
        )
    if args.pairs and (args.flaky or args.source or args.suspect or args.repeat > 1):
        raise UserError(
            "two axes are searched as they are: leave out --flaky, --repeat, --source, --suspect"
        )
    if rabbitmq and options.cost_asked(args):
        raise UserError(
            "costs are only compared on one RabbitMQ: `nox -s check -- --rabbitmq VERSION`"
        )
    if args.no_broker:
        if broker := [p.name for p in args.programs if p.builtin and p.broker]:
            raise UserError(f"the scenario {broker[0]} needs a RabbitMQ: leave out --no-broker")
        if args.declare or args.definitions or args.at or args.url_as:
            raise UserError(
                "--declare, --definitions, --at and --url-as are about a RabbitMQ: leave them out,"
                " or --no-broker"
            )


async def axis(
    args: argparse.Namespace,
    note: Callable[[str], None],
    rabbitmqs: Sequence[str] | None = None,
) -> Axis:
    """Return what to walk.

    Args:
        note: is told what takes time.
        rabbitmqs: the versions that can be had; None: those here.
    """
    if args.between:
        old, new = args.between
        note("installing both environments ...")
        return await of_files(old, new, args.choice)
    line = await line_of(args.along, args.choice, args.project, note, rabbitmqs)
    there = [release.version for release in line.releases]
    for version in args.suspect:
        if version not in there:
            raise UserError(
                f"--suspect {version} is not on the line walked, {there[0]} to {there[-1]}"
            )
    return line


async def line_of(
    name: str,
    choice: Choice,
    project: tuple[str, ...],
    note: Callable[[str], None],
    rabbitmqs: Sequence[str] | None = None,
) -> Axis:
    """Return an axis by its name, with what a choice holds."""
    if name == PYTHON:
        return of_pythons(choice)
    if name == RABBITMQ:
        return of_rabbitmqs(choice, rabbitmqs or await fleet.versions(note))
    if name == DAYS:
        return await of_days(choice, project)
    if name != PACKAGE and PACKAGE in choice.pins:
        return await of_dependency(name, choice)
    if name != PACKAGE:
        return of_any(name, choice)
    if choice.end and _is_unreleased(choice.end):
        choice = replace(choice, far=await _far(choice.end, choice, note))
    return of_package(choice)


def _is_unreleased(text: str) -> bool:
    path = Path(text)
    return text.startswith("git+") or "/" in text or path.suffix == ".whl" or path.is_dir()


async def _far(text: str, choice: Choice, note: Callable[[str], None]) -> tuple[str, Environment]:
    from bisector.check import candidates  # noqa: PLC0415  # most questions do without

    _, side = await candidates.sides(
        text, None, with_=choice.with_, deps=choice.deps, python=choice.python, note=note
    )
    return side.name, replace(side.environment, requires=choice.requires)
