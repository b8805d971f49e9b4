"""`nox -s bench`: measure releases with asv."""

from __future__ import annotations

import argparse
from typing import Any

from bisector.commands import options
from bisector.commands.options import add_rabbitmq
from bisector.errors import UserError
from bisector.history import runs
from bisector.telling.terminal import console_for


class _BenchParser(argparse.ArgumentParser):
    """Takes releases and our own options; from the first other option on, all is asv's."""

    OWN = ("--all", "--missing", "--steps")

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # With a value, which must not be taken for a release: read before all else.
        self._rabbitmq = argparse.ArgumentParser(prog=self.prog, add_help=False, allow_abbrev=False)
        add_rabbitmq(self._rabbitmq)
        add_rabbitmq(self)

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ARG002
        (ours, own), asv = self._rabbitmq.parse_known_args(args), []
        foreign = (i for i, a in enumerate(own) if a.startswith("-") and a not in _BENCH_OPTIONS)
        if (first := next(foreign, None)) is not None:
            own, asv = own[:first], own[first:]
            own += [a for a in asv if a in self.OWN]
        parsed = super().parse_args(own, ours)
        parsed.asv = [a for a in asv if a not in self.OWN]
        return parsed


_BENCH_OPTIONS = (*_BenchParser.OWN, "--most", "--verbose", "-h", "--help")


def parser() -> argparse.ArgumentParser:
    """Return the options of `nox -s bench`."""
    made = _BenchParser(
        prog="nox -s bench --",
        usage="%(prog)s [--steps] [--all] [--missing] [--rabbitmq VERSION] [RELEASE | FROM..TO ...]"
        " [OPTIONS OF ASV RUN ...]",
        description="Measure releases with asv, on a RabbitMQ of their own (or the one in"
        " AMQP_URL), and file the figures in results/.  Exit codes: 0 measured, 2 wrong use,"
        " 3 trouble outside, or nothing could be measured.",
        epilog="Options of `asv run` come last, for instance: --bench SiblingClose --quick"
        " (which files nothing) or --machine NAME.",
    )
    made.add_argument(
        "releases", nargs="*", metavar="RELEASE", help="a version, or FROM..TO, both included"
    )
    made.add_argument("--all", action="store_true", help="every release")
    made.add_argument(
        "--missing", action="store_true",
        help="only what results/ lacks, of the releases named or else of all",
    )  # fmt: skip
    made.add_argument(
        "--steps", action="store_true",
        help="find every release (of one FROM..TO, or all) that made something slower or faster, in"
        " rounds of releases that take turns, and write results/steps.json; goes on where it was"
        " stopped",
    )  # fmt: skip
    made.add_argument(
        "--most", type=options.count, default=options.HISTORY_MINUTES, metavar="MINUTES",
        help="with --steps, how long it may take (default: %(default)s)",
    )  # fmt: skip
    made.add_argument("--verbose", action="store_true", help="after an error, show all of it")
    return made


def _range(names: list[str]) -> tuple[str | None, str | None]:
    """The oldest release and the newest."""
    if not names:
        return None, None
    start, dots, end = names[0].partition("..")
    if len(names) > 1 or not dots:
        raise UserError("--steps is of all releases, or of one range of them: FROM..TO")
    return start or None, end or None


async def run(args: argparse.Namespace) -> int:
    """Measure releases."""
    console = console_for()
    if args.steps:
        from bisector.commands import costs  # noqa: PLC0415

        if args.asv or args.all or args.missing:
            raise UserError("--steps is no asv run: leave out asv's options, --all and --missing")
        return await costs.history(args.most, _range(args.releases), args.rabbitmq, console)

    def say(text: str) -> None:
        console.print(text, markup=False, soft_wrap=True)

    return await runs.run(
        args.releases,
        args.asv,
        say,
        all_of_them=args.all,
        only_missing=args.missing,
        broker_version=args.rabbitmq,
    )
