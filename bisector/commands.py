"""The commands: their options, and what each puts together."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from bisector import bisect as bisection
from bisector import environments, probe, programs, releases, report
from bisector.broker import open_broker
from bisector.display import console_for, display_for
from bisector.errors import FOUND, NO_FLIP, TROUBLE, OutsideError, UserError
from bisector.journal import JOURNAL, Journal, Question
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


def _probe_arguments(parser: argparse.ArgumentParser) -> None:
    environments.add_arguments(parser)
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=probe.TIMEOUT,
        metavar="SECONDS",
        help="a probe without an answer by then hangs (default: %(default)g)",
    )


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError
    return value


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
        "Find the release where behaviour flips.  Exit codes: 0 found, 1 no flip between the ends,"
        " 2 wrong use, 3 trouble outside.",
    )
    parser.add_argument(
        "scenario",
        nargs="?",
        default=DEFAULT_SCENARIO,
        help=f"what to probe: {', '.join(programs.names())} (default: %(default)s)",
    )
    parser.add_argument(
        "--from", dest="start", metavar="VERSION|DATE", help="oldest release (default: the first)"
    )
    parser.add_argument(
        "--to", dest="end", metavar="VERSION|DATE", help="newest release (default: the newest)"
    )
    parser.add_argument("--stable", action="store_true", help="leave out pre-releases")
    parser.add_argument("--map", action="store_true", help="probe every release, find every flip")
    _probe_arguments(parser)
    parser.add_argument(
        "--jobs",
        type=_count,
        default=default_jobs(),
        help="releases probed side by side (default: %(default)s, from this machine's processors)",
    )
    parser.add_argument("--fresh", action="store_true", help="forget what earlier runs observed")
    parser.add_argument(
        "--journal", type=Path, default=JOURNAL, metavar="FILE",
        help="where observations are kept (default: .bisector/journal.jsonl)",
    )  # fmt: skip
    parser.add_argument(
        "--json", metavar="FILE", help="also write the answer as JSON; - is standard output"
    )
    parser.add_argument("--markdown", metavar="FILE", help="also write it as Markdown; - likewise")
    return parser


def default_jobs() -> int:
    """One more than the processors: while one release waits for its deadline, another works."""
    return min((os.cpu_count() or 1) + 1, 8)


async def bisect(args: argparse.Namespace) -> int:
    """Find the flips and report them."""
    outputs = {"--json": args.json, "--markdown": args.markdown}
    if list(outputs.values()).count("-") > 1:
        raise UserError("only one of --json and --markdown can go to standard output")
    for option, file in outputs.items():
        _check_writable(option, file)
    console = console_for(stderr="-" in outputs.values())
    program = programs.scenario(args.scenario)
    chosen = releases.select(releases.load(), args.start, args.end, stable=args.stable)
    with display_for(console) as display:
        async with open_broker(display.note) as (broker, rabbitmq):
            question = Question(
                releases.PACKAGE, program.name, program.digest, args.python,
                _dependency_rule(args.deps), rabbitmq, args.timeout,
            )  # fmt: skip
            journal = Journal(question, args.journal, display.note)
            if args.fresh:
                journal.forget()
            answer = await bisection.run(
                program, chosen, broker=broker, rabbitmq=rabbitmq, journal=journal,
                display=display, jobs=args.jobs, deps=args.deps, python=args.python,
                timeout=args.timeout, whole_map=args.map,
            )  # fmt: skip
    report.print_answer(answer, console)
    _write(args.json, json.dumps(report.to_json(answer), indent=2) + "\n")
    _write(args.markdown, report.to_markdown(answer))
    if answer.flips:
        return FOUND
    return NO_FLIP if any(v in (Verdict.GOOD, Verdict.BAD) for v in answer.history) else TROUBLE


def _dependency_rule(deps: str) -> str:
    day = datetime.now(timezone.utc).date().isoformat()
    return deps if deps == environments.RELEASE_DAY else f"{deps} {day}"


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
    """Return the options of `nox -s "release(X)" -- SCENARIO`."""
    parser = _parser('"release(X)"', "Probe one release.  Exit codes: 0 good, 1 bad, 3 no verdict.")
    parser.add_argument("version", help=argparse.SUPPRESS)
    _probe_arguments(parser)
    parser.add_argument("scenario", help=f"what to probe: {', '.join(programs.names())}")
    return parser


async def probe_one(args: argparse.Namespace) -> int:
    """Probe one release and print all that was seen."""
    console = console_for()
    program = programs.scenario(args.scenario)
    release = releases.find(releases.load(), args.version)
    environment = environments.of(release, deps=args.deps, python=args.python)
    with display_for(console) as display:
        async with open_broker(display.note) as (broker, rabbitmq):
            boot = asyncio.create_task(broker.lease())
            try:
                seen = await probe.observe(
                    environment, program, broker, args.timeout,
                    lambda text: display.stage(release.version, text),
                )  # fmt: skip
            finally:
                boot.cancel()
                await asyncio.gather(boot, return_exceptions=True)
            display.observed(seen, remembered=False)
    if seen.output.strip():
        console.print(seen.output.rstrip(), markup=False, style="dim", soft_wrap=True)
    for line in report.evidence_of(seen):
        console.print(line, markup=False, soft_wrap=True)
    shown = [f"{name} {seen.dependencies[name]}" for name in report.SHOWN if seen.dependencies]
    console.print(", ".join([f"RabbitMQ {rabbitmq}", *shown]), markup=False, style="dim")
    console.print(f"{release.version}: {seen.verdict.value} ({seen.seconds:.1f} s)", style="bold")
    return {Verdict.GOOD: 0, Verdict.BAD: 1, Verdict.SKIP: TROUBLE}[seen.verdict]


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


COMMANDS = {
    "bisect": Command(bisect_parser, bisect),
    "probe": Command(probe_parser, probe_one),
    "update": Command(update_parser, update),
    "speed": Command(speed_parser, speed),
}
