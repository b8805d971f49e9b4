"""`nox -s bisect`: the release where behaviour flips, and whose fault it is."""

from __future__ import annotations

import argparse
import contextlib
import json
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from bisector.axes import axis as axes
from bisector.axes.brokers import RABBITMQ
from bisector.axes.interpreters import PYTHON
from bisector.bisection.inquiry import Finding, Inquiry, Manner
from bisector.bisection.journal import JOURNAL
from bisector.bisection.loop import AGREEING
from bisector.commands import along, elsewhere, options, pairs, sharing
from bisector.errors import FOUND, NO_FLIP, TROUBLE, UNSURE, UserError
from bisector.questions import cost, programs
from bisector.rabbitmq import offers
from bisector.rabbitmq.broker import open_broker
from bisector.rabbitmq.fleet import Fleet
from bisector.search.exact import Verdict
from bisector.telling import answers, documents, maps
from bisector.telling.terminal import console_for, display_for

EACH = "each of its own"
"""The RabbitMQ of points that each name one."""


def parser() -> argparse.ArgumentParser:
    """Return the options of `nox -s bisect`."""
    made = options.parser_for(
        "bisect",
        "Find the release where behaviour flips, and whose fault it is.  PROGRAM is a built-in"
        f" scenario ({', '.join(programs.names())}) or the path of any program, with its arguments,"
        " by the convention of `git bisect run`: exit code 0 is good, 125 cannot be tested, 1-127"
        " bad, 128 and more stops; the broker is in AMQP_URL.  Options go before a path."
        "  Exit codes: 0 found, 1 no flip between the ends, 2 wrong use, 3 trouble outside, 4 not"
        " certain enough.",
    )
    made.add_argument(
        "program",
        nargs=argparse.REMAINDER,
        metavar="PROGRAM [ARGUMENT ...]",
        help=f"what to probe (default: {programs.SIBLING_CLOSE})",
    )
    made.add_argument(
        "--scenario", metavar="NAME", help="a built-in scenario by name, or `all` of them"
    )
    made.add_argument(
        "--list", action="store_true", help="list the built-in scenarios and the benchmarks"
    )
    options.add_cost(made)
    made.add_argument(
        "--list-rabbitmq", action="store_true", help="list the RabbitMQ that can be had here"
    )

    along.add_where(made)
    options.add_environment(made)
    options.add_needs(made)
    options.add_reading(made)

    how = made.add_argument_group("how to search")
    how.add_argument(
        "--jobs",
        type=options.count,
        help="releases probed side by side (default:"
        f" {options.default_jobs()}, from this machine's processors)",
    )
    how.add_argument(
        "--repeat", type=options.count, default=1, metavar="N",
        help="probe each release up to N times; bad once is bad",
    )  # fmt: skip
    how.add_argument(
        "--confirm", type=options.count, default=AGREEING, metavar="N",
        help="fresh processes that have to agree on each side of a flip (default: %(default)s)",
    )  # fmt: skip
    how.add_argument(
        "--flaky", action="store_true",
        help="answers may be wrong: probe until the flip is certain enough",
    )  # fmt: skip
    how.add_argument(
        "--confidence", type=options.share, default=0.99,
        help="with --flaky, --cost or --number (default: %(default)s)",
    )  # fmt: skip
    how.add_argument(
        "--most", type=options.count, metavar="N",
        help="with --flaky, probes to make at most (default: 500); with --cost or --number, minutes"
        f" to take (default: {options.MINUTES})",
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

    sharing.add_options(made)
    elsewhere.add_options(made)
    what = made.add_argument_group("what to write")
    what.add_argument(
        "--json", metavar="FILE", help="also write the answer as JSON; - is standard output"
    )
    what.add_argument("--markdown", metavar="FILE", help="also write it as Markdown; - likewise")
    what.add_argument(
        "--figure", metavar="NAME", help="also draw the map of releases: NAME.svg and NAME.png"
    )
    return made


async def run(args: argparse.Namespace) -> int:
    """Find the flips and report them."""
    args = _sorted_out(args)
    if args.list:
        return _list_scenarios()
    if args.list_rabbitmq:
        return await _list_rabbitmq()
    if args.cost or args.number is not None:
        from bisector.commands import costs  # noqa: PLC0415  # with SciPy, which no flip needs

        return await costs.run(args, lambda: along.axis(args, lambda _text: None))
    console = options.console_with(
        {"--json": args.json, "--markdown": args.markdown, "--figure": args.figure}
    )
    if args.pairs:
        return await pairs.run(args, console)
    findings: list[Finding] = []
    try:
        await _inquire(args, console, findings)
    finally:  # what was found is written, whatever came after it
        if findings:
            _write(args, findings)
    if args.shard:
        return FOUND
    if args.map or len(findings) > 1:
        maps.show(maps.rows_of(map(documents.of_finding, findings)), console)
    if any(finding.answer.flips for finding in findings):
        return FOUND
    if any(finding.answer.uncertain and finding.answer.flaky is None for finding in findings):
        return UNSURE
    verdicts = {verdict for finding in findings for verdict in finding.answer.history}
    return NO_FLIP if verdicts & {Verdict.GOOD, Verdict.BAD} else TROUBLE


async def _inquire(args: argparse.Namespace, console: Console, findings: list[Finding]) -> None:
    """Find the flips of each program, then whose fault they are; fills `findings` as it goes."""
    with display_for(console) as display:
        needed = not args.no_broker and any(program.broker for program in args.programs)
        walked = args.along == RABBITMQ
        async with contextlib.AsyncExitStack() as stack:
            enter, there = stack.enter_async_context, None
            if args.on:
                there = await enter(
                    elsewhere.connected(args, display, needed=needed, walked=walked)
                )
            fleet = await enter(Fleet(display.note))
            here = needed and not walked and not there
            broker, rabbitmq = await enter(open_broker(display.note, args.rabbitmq, needed=here))
            for program in args.programs:
                inquiry = Inquiry(
                    program,
                    args.choice,
                    options.rules_of(args, program),
                    args.manner,
                    broker=broker,
                    rabbitmq=there.rabbitmq if there else EACH if walked else rabbitmq,
                    fleet=fleet if walked and not there else None,
                    place=there.place() if there else None,
                    source=there.source if there else "",
                    journal=args.journal,
                    known=args.known,
                    fresh=args.fresh,
                    display=display,
                )
                axis = await along.axis(args, display.note, there.versions() if there else None)
                if args.shard:
                    axis = sharing.part(axis, args.programs, args.shard)
                    display.note(sharing.said(args, await inquiry.find(axis)))
                    continue
                finding = await inquiry.find(axis)
                findings.append(finding)
                # The answer first: whoever hangs is in a hurry.
                display.pause()
                answers.print_answer(finding, console)
                display.resume()
                await _look_closer(inquiry, finding, args)
                display.pause()
                answers.print_causes(finding, console)
                display.resume()


def _write(args: argparse.Namespace, findings: list[Finding]) -> None:
    told = [documents.of_finding(finding) for finding in findings]
    several = len(args.programs) > 1
    options.write(args.json, json.dumps(told if several else told[0], indent=2) + "\n")
    options.write(args.markdown, "\n".join(answers.to_markdown(finding) for finding in findings))
    if args.figure:
        maps.save(maps.draw(maps.rows_of(told)), Path(args.figure))


async def _look_closer(inquiry: Inquiry, finding: Finding, args: argparse.Namespace) -> None:
    for flip in finding.answer.flips:
        if args.blame and finding.answer.axis.package != PYTHON:
            await inquiry.blame(finding, flip)
        if args.source:
            await inquiry.find_commit(finding, flip, args.source)


def _sorted_out(args: argparse.Namespace) -> argparse.Namespace:
    """Turn options into what the search takes."""
    args = options.with_program(parser(), args)
    along.defaults(args)
    words = args.program
    if words and args.scenario:
        raise UserError("name a program or a --scenario, not both")
    if args.source and not args.source.is_dir():
        raise UserError(f"--source {args.source}: there is no such folder")
    costly = options.cost_asked(args)
    args.most = args.most or (options.MINUTES if costly else 500)
    if args.flaky and args.map:
        raise UserError("--flaky looks for one flip, --map for all of them: choose one")
    chosen = (
        programs.names() if args.scenario == "all" else [args.scenario or programs.SIBLING_CLOSE]
    )
    needs = options.needs_of(args)
    args.programs = (
        [programs.load(words, needs)] if words else [programs.scenario(n) for n in chosen]
    )
    along.check(args)
    sharing.check(args)
    args.choice = axes.Choice(
        args.start, args.end, args.stable, args.deps, args.python, tuple(args.with_),
        tuple(args.extra),
        options.requires_of(args),
    )  # fmt: skip
    insist = args.jobs is not None
    jobs = args.jobs or options.default_jobs()
    confirm = 0 if args.shard else args.confirm  # a part names nothing
    args.manner = Manner(
        jobs, insist, args.map, args.repeat, args.flaky, args.confidence, args.most, confirm,
        tuple(args.suspect),
    )  # fmt: skip
    return args


def _list_scenarios() -> int:
    table = Table("scenario", "upstream", "expected", box=box.SIMPLE_HEAD)
    for program in map(programs.scenario, programs.names()):
        table.add_row(program.name, program.report or "", program.expected)
    console_for().print(table)
    table = Table("benchmark, for --cost", "what got slower is called", box=box.SIMPLE_HEAD)
    for benchmark in cost.BENCHMARKS:
        table.add_row(benchmark.name, benchmark.thing)
    console_for().print(table)
    return FOUND


async def _list_rabbitmq() -> int:
    console = console_for()
    with display_for(console) as display:
        failed = await offers.look(display.note)
    table = Table("RabbitMQ", "from", box=box.SIMPLE_HEAD)
    for offer in offers.known():
        table.add_row(offer.version, offer.place)
    console.print(table)
    for line in [*failed, *offers.elsewhere()]:
        console.print(line, markup=False, soft_wrap=True)
    return FOUND if offers.known() else TROUBLE
