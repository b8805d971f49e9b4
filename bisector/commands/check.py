"""`nox -s check`: is this release worse than the one before it?"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from bisector.check import acceptance, rule
from bisector.check.candidates import SAME_DAY, sides
from bisector.check.comparison import BENCHMARKS, Checker
from bisector.check.result import Judgement
from bisector.commands import options
from bisector.environments import recipes
from bisector.errors import FOUND, REGRESSED, UNSURE, OutsideError, UserError
from bisector.processes.redaction import redact
from bisector.questions import programs
from bisector.rabbitmq.broker import open_broker
from bisector.telling import checks, documents
from bisector.telling.terminal import display_for


def parser() -> argparse.ArgumentParser:
    """Return the options of `nox -s check`."""
    made = options.parser_for(
        "check",
        "Compare a candidate with a baseline: first what they do, in every scenario and for half a"
        " minute in generated situations, then what that costs, in turns on the same RabbitMQ."
        "  Exit codes: 0 passed, 1 regressed, 2 wrong use, 3 could not be measured, 4 (--strict)"
        " something cannot be told.",
    )
    made.add_argument(
        "candidate", nargs="?",
        help="a release, a wheel, a source checkout, or git+URL@REF (default: the newest release)",
    )  # fmt: skip
    made.add_argument(
        "--baseline", metavar="CANDIDATE", help="likewise (default: the release before it)"
    )
    made.add_argument(
        "--with", dest="with_", action="append", default=[], metavar="NAME==VERSION",
        help="hold a dependency at a version, on both sides; repeatable",
    )  # fmt: skip
    made.add_argument(
        "--deps", choices=(SAME_DAY, recipes.RELEASE_DAY, recipes.TODAY),
        default=SAME_DAY,
        help="dependencies as of the later of the two releases' days, each as of its own day, or"
        " as of today (default: %(default)s)",
    )  # fmt: skip
    options.add_rabbitmq(made)
    made.add_argument(
        "--python", default=recipes.PYTHON, metavar="X.Y",
        help="interpreter of both environments (default: %(default)s)",
    )  # fmt: skip
    made.add_argument("--quick", action="store_true", help="less is looked at, in under 30 s")
    made.add_argument(
        "--no-speed", action="store_true", help="compare only what they do, not what that costs"
    )
    made.add_argument(
        "--no-situations", action="store_true",
        help="of what they do compare only the scenarios, no generated situations",
    )  # fmt: skip
    made.add_argument(
        "--strict", action="store_true",
        help="end with 4 where something cannot be told (default: say so, and pass)",
    )  # fmt: skip
    made.add_argument(
        "--allow", action="append", default=[], metavar="BENCHMARK:PERCENT",
        help="a change that is accepted, or a SCENARIO or FINDING that may be worse; repeatable",
    )  # fmt: skip
    made.add_argument(
        "--json", metavar="FILE", help="also write the result as JSON; - is standard output"
    )
    made.add_argument(
        "--markdown", metavar="FILE",
        help="also write it as Markdown; - likewise.  Where GITHUB_STEP_SUMMARY is set, it is"
        " appended there, too",
    )  # fmt: skip
    made.add_argument("--junit", metavar="FILE", help="also write it as JUnit XML; - likewise")
    made.epilog = (
        f"False alarms of what it costs: in at most {rule.FALSE_ALARMS:.0%} of whole runs; `nox -s"
        " calibrate` measures that for checks without options."
    )
    return made


async def run(args: argparse.Namespace) -> int:
    """Compare and report."""
    try:
        return await _run(args)
    except (UserError, OutsideError) as error:
        _summarise(f"**`nox -s check` could not tell:** {redact(str(error))}\n")
        raise


def _summarise(markdown: str) -> None:
    """Append to the page that GitHub shows of a job."""
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(markdown)


async def _run(args: argparse.Namespace) -> int:
    console = options.console_with(
        {"--json": args.json, "--markdown": args.markdown, "--junit": args.junit}
    )
    accepted = acceptance.load(acceptance.FILE, BENCHMARKS, programs.names())
    accepted += [acceptance.parse(text, BENCHMARKS, programs.names()) for text in args.allow]
    with display_for(console) as display:
        baseline, candidate = await sides(
            args.candidate, args.baseline, with_=args.with_, deps=args.deps, python=args.python,
            note=display.note,
        )  # fmt: skip
        async with open_broker(display.note, args.rabbitmq) as (broker, rabbitmq):
            checker = Checker(
                baseline, candidate, broker=broker, rabbitmq=rabbitmq, display=display,
                jobs=options.default_jobs(), quick=args.quick,
            )  # fmt: skip
            found = await checker.check(
                accepted, speed=not args.no_speed, generated=not args.no_situations
            )
    checks.show(found, console)
    options.write(args.json, json.dumps(documents.of_check(found), indent=2) + "\n")
    options.write(args.markdown, checks.to_markdown(found))
    options.write(args.junit, checks.to_junit(found))
    _summarise(checks.to_markdown(found))
    if not found.passed:
        return REGRESSED
    open_ = any(x.judgement is Judgement.CANNOT_TELL for x in found.judged)
    return UNSURE if args.strict and open_ else FOUND
