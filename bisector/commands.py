"""The commands: their options, and what each puts together."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from bisector import advise as advising
from bisector import axis as axes
from bisector import bench, environments, probe, programs, releases, report, strip
from bisector.broker import open_broker
from bisector.display import console_for, display_for
from bisector.errors import FOUND, NO_FLIP, TROUBLE, OutsideError, UserError
from bisector.inquiry import Finding, Inquiry, Manner
from bisector.journal import JOURNAL
from bisector.search import Verdict
from bisector.speed import measure

DEFAULT_SCENARIO = "sibling-close"


@dataclass(frozen=True)
class Command:
    """A command's options, and what it does; `run` returns the exit code."""

    parser: Callable[[], argparse.ArgumentParser]
    run: Callable[[argparse.Namespace], Coroutine[Any, Any, int]]


def _parser(session: str, text: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"nox -s {session} --", description=text)
    parser.add_argument("--verbose", action="store_true", help="after an error, show all of it")
    return parser


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0 < value < 1:
        raise ValueError
    return value


def _regex(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no regular expression: {error}") from None
    return text


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


# --- bisect -----------------------------------------------------------------------------------


def bisect_parser() -> argparse.ArgumentParser:
    """Return the options of `nox -s bisect`."""
    parser = _parser(
        "bisect",
        "Find the release where behaviour flips, and whose fault it is.  PROGRAM is a built-in"
        f" scenario ({', '.join(programs.names())}) or the path of any program, with its arguments,"
        " by the convention of `git bisect run`: exit code 0 is good, 125 cannot be tested, 1-127"
        " bad, 128 and more stops; the broker is in AMQP_URL.  Options go before a path."
        "  Exit codes: 0 found, 1 no flip between the ends, 2 wrong use, 3 trouble outside.",
    )
    parser.add_argument(
        "program",
        nargs=argparse.REMAINDER,
        metavar="PROGRAM [ARGUMENT ...]",
        help=f"what to probe (default: {DEFAULT_SCENARIO})",
    )
    parser.add_argument(
        "--scenario", metavar="NAME", help="a built-in scenario by name, or `all` of them"
    )
    parser.add_argument("--list", action="store_true", help="list the built-in scenarios")

    where = parser.add_argument_group("where to search")
    where.add_argument(
        "--from", dest="start", metavar="VERSION|DATE", help="oldest release (default: the first)"
    )
    where.add_argument(
        "--to", dest="end", metavar="VERSION|DATE", help="newest release (default: the newest)"
    )
    where.add_argument("--stable", action="store_true", help="leave out pre-releases")
    where.add_argument("--map", action="store_true", help="probe every release, find every flip")
    where.add_argument(
        "--package", metavar="NAME", help="walk this dependency's releases; needs --with faststream"
    )
    where.add_argument(
        "--python-axis", action="store_true", help="walk interpreters; needs --with faststream"
    )
    where.add_argument(
        "--source", type=Path, metavar="DIR",
        help="a clone of the guilty package: go on from release to commit",
    )  # fmt: skip
    _environment_arguments(parser)
    _reading_arguments(parser)

    how = parser.add_argument_group("how to search")
    how.add_argument(
        "--jobs",
        type=_count,
        default=default_jobs(),
        help="releases probed side by side (default: %(default)s, from this machine's processors)",
    )
    how.add_argument(
        "--repeat", type=_count, default=1, metavar="N",
        help="probe each release up to N times; bad once is bad",
    )  # fmt: skip
    how.add_argument(
        "--flaky", action="store_true",
        help="answers may be wrong: probe until the flip is certain enough",
    )  # fmt: skip
    how.add_argument(
        "--confidence", type=_share, default=0.99, help="with --flaky (default: %(default)s)"
    )
    how.add_argument(
        "--most", type=_count, default=500, metavar="N",
        help="with --flaky, probes to make at most (default: %(default)s)",
    )  # fmt: skip
    how.add_argument(
        "--blame", action=argparse.BooleanOptionalAction, default=True,
        help="cross the releases beside a flip with each other's dependencies (default: yes)",
    )  # fmt: skip
    how.add_argument("--fresh", action="store_true", help="forget what earlier runs observed")
    how.add_argument(
        "--journal", type=Path, default=JOURNAL, metavar="FILE",
        help="where observations are kept (default: .bisector/journal.jsonl)",
    )  # fmt: skip

    what = parser.add_argument_group("what to write")
    what.add_argument(
        "--json", metavar="FILE", help="also write the answer as JSON; - is standard output"
    )
    what.add_argument("--markdown", metavar="FILE", help="also write it as Markdown; - likewise")
    what.add_argument(
        "--figure", metavar="NAME", help="also draw the map of releases: NAME.svg and NAME.png"
    )
    return parser


def _environment_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the environment of a release")
    environments.add_arguments(group)
    group.add_argument(
        "--with", dest="with_", action="append", default=[], metavar="NAME==VERSION",
        help="hold a dependency (or, with --package, FastStream) at a version; repeatable",
    )  # fmt: skip
    group.add_argument(
        "--requires", action="append", default=[], metavar="PKG",
        help="what the program itself needs; changes nothing of what the release resolves to",
    )  # fmt: skip


def _reading_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how to read a probe")
    group.add_argument(
        "--timeout", type=_seconds, metavar="SECONDS",
        help="without an answer by then it hangs (default:"
        f" {programs.PROGRAM_TIMEOUT:g}, built-in scenarios {programs.SCENARIO_TIMEOUT:g})",
    )  # fmt: skip
    group.add_argument(
        "--timeout-is", choices=(probe.BAD, probe.SKIP, probe.ABORT), default=probe.BAD,
        help="what a hang is (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--match", type=_regex, metavar="REGEX",
        help="bad is what writes this, good what ends with 0 without it; all else is a skip",
    )  # fmt: skip


def default_jobs() -> int:
    """One more than the processors: while one release waits for its deadline, another works."""
    return min((os.cpu_count() or 1) + 1, 8)


async def bisect(args: argparse.Namespace) -> int:
    """Find the flips and report them."""
    args = _sorted_out(args)
    if args.list:
        return _list_scenarios()
    console = _console({"--json": args.json, "--markdown": args.markdown, "--figure": args.figure})
    findings = []
    with display_for(console) as display:
        async with open_broker(display.note) as (broker, rabbitmq):
            for program in args.programs:
                inquiry = Inquiry(
                    program, args.choice, _rules(args, program), args.manner, broker=broker,
                    rabbitmq=rabbitmq, journal=args.journal, fresh=args.fresh, display=display,
                )  # fmt: skip
                finding = await inquiry.find(await _axis(args))
                findings.append(finding)
                # The answer first: whoever hangs is in a hurry.
                display.pause()
                report.print_answer(finding, console)
                display.resume()
                await _look_closer(inquiry, finding, args)
                display.pause()
                report.print_causes(finding, console)
                display.resume()
    if len(findings) > 1:
        report.print_strips(findings, console)
    documents = [report.to_json(finding) for finding in findings]
    _write(args.json, json.dumps(documents if len(findings) > 1 else documents[0], indent=2) + "\n")
    _write(args.markdown, "\n".join(report.to_markdown(finding) for finding in findings))
    if args.figure:
        strip.save(strip.draw(strip.rows_of(documents)), Path(args.figure))
    if any(finding.answer.flips for finding in findings):
        return FOUND
    verdicts = {verdict for finding in findings for verdict in finding.answer.history}
    return NO_FLIP if verdicts & {Verdict.GOOD, Verdict.BAD} else TROUBLE


async def _look_closer(inquiry: Inquiry, finding: Finding, args: argparse.Namespace) -> None:
    for flip in finding.answer.flips:
        if args.blame and finding.answer.axis.package != "python":
            await inquiry.blame(finding, flip)
        if args.source:
            await inquiry.find_commit(finding, flip, args.source)


async def _axis(args: argparse.Namespace) -> axes.Axis:
    if args.package and args.package != releases.PACKAGE:
        return await axes.of_dependency(args.package, args.choice)
    return axes.of_pythons(args.choice) if args.python_axis else axes.of_package(args.choice)


def _sorted_out(args: argparse.Namespace) -> argparse.Namespace:
    """Turn options into what the search takes.

    Options may also follow a built-in scenario; what follows a path belongs to the program.
    """
    words = args.program
    if words and words[0] in programs.names():
        args = bisect_parser().parse_args(words[1:], args)
        if args.program:
            raise UserError(f"the scenario {words[0]} takes no arguments: {' '.join(args.program)}")
    if words and args.scenario:
        raise UserError("name a program or a --scenario, not both")
    if args.package and args.python_axis:
        raise UserError("--package and --python-axis are two axes: choose one")
    if args.flaky and args.map:
        raise UserError("--flaky looks for one flip, --map for all of them: choose one")
    chosen = programs.names() if args.scenario == "all" else [args.scenario or DEFAULT_SCENARIO]
    args.programs = [programs.load(words)] if words else [programs.scenario(n) for n in chosen]
    args.choice = axes.Choice(
        args.start, args.end, args.stable, args.deps, args.python, tuple(args.with_),
        tuple(args.requires),
    )  # fmt: skip
    args.manner = Manner(args.jobs, args.map, args.repeat, args.flaky, args.confidence, args.most)
    return args


def _rules(args: argparse.Namespace, program: programs.Program) -> probe.Rules:
    return probe.Rules(args.timeout or program.timeout, args.timeout_is, args.match)


def _list_scenarios() -> int:
    table = Table("scenario", "upstream", "expected", box=box.SIMPLE_HEAD)
    for program in map(programs.scenario, programs.names()):
        table.add_row(program.name, program.report or "", program.expected)
    console_for().print(table)
    return FOUND


def _console(outputs: dict[str, str | None]) -> Console:
    """Choose where a person reads, once it is sure that all files can be written."""
    if list(outputs.values()).count("-") > 1:
        raise UserError("only one of --json and --markdown can go to standard output")
    for option, file in outputs.items():
        _check_writable(option, file)
    return console_for(stderr="-" in outputs.values())


def _check_writable(option: str, file: str | None) -> None:
    """Refuse at once what could not be written after all the work."""
    if file and file != "-":
        path = Path(file)
        if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
            raise UserError(f"{option} {file}: there is no such folder, or it is not writable")


def _write(file: str | None, text: str) -> None:
    if file == "-":
        sys.stdout.write(text)
    elif file:
        Path(file).write_text(text, encoding="utf-8")


# --- probe ------------------------------------------------------------------------------------


def probe_parser() -> argparse.ArgumentParser:
    """Return the options of `nox -s "release(X)" -- PROGRAM`."""
    parser = _parser('"release(X)"', "Probe one release.  Exit codes: 0 good, 1 bad, 3 no verdict.")
    parser.add_argument("--release", required=True, help=argparse.SUPPRESS)
    _environment_arguments(parser)
    _reading_arguments(parser)
    parser.add_argument(
        "program", nargs=argparse.REMAINDER, metavar="PROGRAM", help="what to probe, as in bisect"
    )
    return parser


async def probe_one(args: argparse.Namespace) -> int:
    """Probe one release and print all that was seen."""
    console = console_for()
    program = programs.load(args.program or [DEFAULT_SCENARIO])
    release = releases.find(releases.load(), args.release)
    choice = axes.Choice(
        deps=args.deps, python=args.python, with_=tuple(args.with_), requires=tuple(args.requires)
    )
    environment = axes.package_environment(choice)(release)
    with display_for(console) as display:
        async with open_broker(display.note) as (broker, rabbitmq):
            boot = asyncio.create_task(broker.lease())
            try:
                seen = await probe.observe(
                    release.version, environment, program, broker, _rules(args, program),
                    lambda text: display.stage(release.version, text),
                )  # fmt: skip
            finally:
                boot.cancel()
                await asyncio.gather(boot, return_exceptions=True)
            display.observed(seen, remembered=False)
    report.print_observation(seen, rabbitmq, console)
    return {Verdict.GOOD: 0, Verdict.BAD: 1, Verdict.SKIP: TROUBLE}[seen.verdict]


# --- advise -----------------------------------------------------------------------------------


def advise_parser() -> argparse.ArgumentParser:
    """Return the options of `nox -s advise`."""
    parser = _parser(
        "advise",
        "Try what is told to those whose publishing hangs, on the release that they are stuck with."
        "  Exit codes: 0 an answer was found, 2 wrong use, 3 trouble outside, or the release cannot"
        " be tested.",
    )
    parser.add_argument(
        "version", nargs="?", help="the release (default: the newest that hangs, by bisection)"
    )
    environments.add_arguments(parser)
    parser.add_argument(
        "--json", metavar="FILE", help="also write the answer as JSON; - is standard output"
    )
    parser.add_argument("--markdown", metavar="FILE", help="also write it as Markdown; - likewise")
    return parser


async def advise(args: argparse.Namespace) -> int:
    """Try all advice and report."""
    console = _console({"--json": args.json, "--markdown": args.markdown})
    known = releases.load()
    release = releases.find(known, args.version) if args.version else None
    with display_for(console) as display:
        async with open_broker(display.note) as (broker, rabbitmq):
            adviser = advising.Adviser(
                broker=broker, rabbitmq=rabbitmq, display=display, jobs=default_jobs(),
                deps=args.deps, python=args.python,
            )  # fmt: skip
            release = release or releases.find(known, await adviser.newest_that_hangs())
            found = await adviser.advise(release)
    advising.show(found, console)
    _write(args.json, json.dumps(advising.to_json(found), indent=2) + "\n")
    _write(args.markdown, advising.to_markdown(found))
    return FOUND


# --- update -----------------------------------------------------------------------------------


def update_parser() -> argparse.ArgumentParser:
    """Return the options of `nox -s update`."""
    return _parser("update", "Read the releases from the package index and print what is new.")


async def update(_args: argparse.Namespace) -> int:
    """Refresh the snapshot."""
    console = console_for()
    known = {release.version: release for release in _known()}
    now = releases.fetch()
    for release in now:
        before = known.pop(release.version, None)
        if before is None:
            console.print(f"new: {release.version}, uploaded {release.uploaded:%Y-%m-%d %H:%M} UTC")
        elif release.yanked and not before.yanked:
            console.print(f"yanked: {release.version} ({release.yanked})", markup=False)
        elif release != before:
            console.print(f"changed: {release.version}")
    for version in known:
        console.print(f"gone from the index: {version}")
    releases.save(now)
    console.print(f"{len(now)} releases, the newest is {now[-1].version}")
    return 0


def _known() -> list[releases.Release]:
    try:
        return releases.load()
    except OutsideError:  # to be written anew is all it is good for
        return []


# --- speed ------------------------------------------------------------------------------------


def speed_parser() -> argparse.ArgumentParser:
    """Return the options of `nox -s speed`."""
    parser = _parser(
        "speed",
        "Time `nox -s bisect` in a copy of this checkout, with and without environments, and plain"
        " bisection with pip beside it.",
    )
    parser.add_argument("scenario", nargs="?", default=DEFAULT_SCENARIO)
    parser.add_argument(
        "--runs", type=_count, default=3, help="timed runs of each kind (default: %(default)s)"
    )
    parser.add_argument(
        "--no-baseline", action="store_true", help="leave out the comparison with pip"
    )
    return parser


async def speed(args: argparse.Namespace) -> int:
    """Measure and print."""
    await measure(args.scenario, args.runs, console_for(), baseline=not args.no_baseline)
    return 0


# --- bench ------------------------------------------------------------------------------------


class _BenchParser(argparse.ArgumentParser):
    """Takes releases and our own options; from the first other option on, all is asv's."""

    OWN = ("--all", "--missing")

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        own, asv = list(args or []), []
        foreign = (i for i, a in enumerate(own) if a.startswith("-") and a not in _BENCH_OPTIONS)
        if (first := next(foreign, None)) is not None:
            own, asv = own[:first], own[first:]
            own += [a for a in asv if a in self.OWN]
        parsed = super().parse_args(own, namespace)
        parsed.asv = [a for a in asv if a not in self.OWN]
        return parsed


_BENCH_OPTIONS = (*_BenchParser.OWN, "--verbose", "-h", "--help")


def bench_parser() -> argparse.ArgumentParser:
    """Return the options of `nox -s bench`."""
    parser = _BenchParser(
        prog="nox -s bench --",
        usage="%(prog)s [--all] [--missing] [RELEASE | FROM..TO ...] [OPTIONS OF ASV RUN ...]",
        description="Measure releases with asv, on a RabbitMQ of their own (or the one in"
        " AMQP_URL), and file the figures in results/.  Exit codes: 0 measured, 2 wrong use,"
        " 3 trouble outside, or nothing could be measured.",
        epilog="Options of `asv run` come last, for instance: --bench SiblingClose --quick"
        " (which files nothing) or --machine NAME.",
    )
    parser.add_argument(
        "releases", nargs="*", metavar="RELEASE", help="a version, or FROM..TO, both included"
    )
    parser.add_argument("--all", action="store_true", help="every release")
    parser.add_argument(
        "--missing", action="store_true",
        help="only what results/ lacks, of the releases named or else of all",
    )  # fmt: skip
    parser.add_argument("--verbose", action="store_true", help="after an error, show all of it")
    return parser


async def run_bench(args: argparse.Namespace) -> int:
    """Measure releases."""
    console = console_for()

    def say(text: str) -> None:
        console.print(text, markup=False, soft_wrap=True)

    return await bench.run(
        args.releases, args.asv, say, all_of_them=args.all, only_missing=args.missing
    )


COMMANDS = {
    "advise": Command(advise_parser, advise),
    "bench": Command(bench_parser, run_bench),
    "bisect": Command(bisect_parser, bisect),
    "probe": Command(probe_parser, probe_one),
    "update": Command(update_parser, update),
    "speed": Command(speed_parser, speed),
}
