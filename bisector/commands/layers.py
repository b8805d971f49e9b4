"""`nox -s layers`: what does each layer cost, from plain aio-pika to a real handler?"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone

from bisector.check import candidates
from bisector.commands import options
from bisector.cost.subject import prepare
from bisector.environments import recipes
from bisector.errors import FOUND, OutsideError, UserError
from bisector.layers import ladder
from bisector.layers.concluding import Concluding, environments
from bisector.layers.result import Layers
from bisector.layers.rounds import Plan, Rounds, Side
from bisector.places.display import Display
from bisector.rabbitmq.broker import Broker, open_broker
from bisector.tasks import together
from bisector.telling import layers as telling
from bisector.telling.terminal import display_for

MINUTES, QUICK_MINUTES = 2.8, 0.6
"""How long rounds are taken, for each release."""
LEAST = 3
"""So many rounds are taken, however long that takes."""
RATE = 500.0
QUICK = (
    "--quick measures publishing and receiving from plain aio-pika up to Prometheus beside"
    " OpenTelemetry, in few rounds: no request and reply, no acknowledgement, prefetch or large"
    " messages, no latencies, no load, no profile, no controls; small costs are not seen."
)


def parser() -> argparse.ArgumentParser:
    """Return the options of `nox -s layers`."""
    made = options.parser_for(
        "layers",
        "Measure what each layer costs, from plain aio-pika to a real handler: bytes, JSON, a"
        " pydantic model, Depends, middlewares, Prometheus, OpenTelemetry.  Exit codes: 0 measured,"
        " 2 wrong use, 3 could not be measured.",
    )
    made.add_argument(
        "releases", nargs="*", metavar="RELEASE",
        help="a release, a wheel, a source checkout, or git+URL@REF; several are measured side by"
        " side, the newest last (default: the newest release)",
    )  # fmt: skip
    recipes.add_arguments(made)
    options.add_rabbitmq(made)
    made.add_argument(
        "--with", dest="with_", action="append", default=[], metavar="NAME==VERSION",
        help="hold a dependency at a version; repeatable",
    )  # fmt: skip
    made.add_argument(
        "--minutes", type=options.seconds, metavar="MINUTES",
        help=f"how long rounds are taken, for each release (default: {MINUTES:g}; with --quick"
        f" {QUICK_MINUTES:g}); more sees smaller costs",
    )  # fmt: skip
    made.add_argument(
        "--load", type=options.seconds, default=RATE, metavar="RATE",
        help="messages a second of the steady load (default: %(default)g)",
    )  # fmt: skip
    made.add_argument("--quick", action="store_true", help="less is measured, in about a minute")
    made.add_argument(
        "--json", metavar="FILE", help="also write the result as JSON; - is standard output"
    )
    made.add_argument("--markdown", metavar="FILE", help="also write it as Markdown; - likewise")
    return made


async def run(args: argparse.Namespace) -> int:
    """Measure and report."""
    console = options.console_with({"--json": args.json, "--markdown": args.markdown})
    with display_for(console) as display:
        found = await measure(args, display)
    options.write(args.markdown, telling.to_markdown(found))
    telling.show(found, console)
    return FOUND


async def measure(args: argparse.Namespace, display: Display) -> Layers:
    """Take rounds of all releases side by side, as long as there is time for another."""
    started, clock = datetime.now(timezone.utc), time.monotonic()
    plan = quick() if args.quick else Plan(rate=args.load)
    sides = [await _side(text, args, plan, display) for text in args.releases or [None]]
    if len({side.name for side in sides}) < len(sides):
        raise UserError("a release is named twice")
    async with open_broker(display.note, args.rabbitmq) as (broker, rabbitmq):
        sides = await _prepared(sides, broker, display)
        rounds = Rounds(sides, plan, broker, display.note)
        minutes = args.minutes or (QUICK_MINUTES if args.quick else MINUTES)
        end = time.monotonic() + 60 * minutes * len(sides)
        while rounds.count < LEAST or time.monotonic() + rounds.longest < end:
            display.stage("measuring", f"round {rounds.count + 1}")
            await rounds.take()
            display.note(f"round {rounds.count} took {rounds.longest:.0f} s at most")
        found = Concluding(rounds).conclude()
        return Layers(
            found.ladders, found.changes, found.compared, rounds.count, rounds.void, plan.rate,
            sides[-1].environment.python_version, rabbitmq, broker.source, args.deps, started,
            round(time.monotonic() - clock, 1), [QUICK] if args.quick else [],
        )  # fmt: skip


def quick() -> Plan:
    """Return what is measured within a minute."""
    rungs = [rung for rung in ladder.LADDER if rung.chain]
    return Plan(rungs, (ladder.PUBLISH, ladder.RECEIVE), many=4, one=0, rate=0)


async def _side(text: str | None, args: argparse.Namespace, plan: Plan, display: Display) -> Side:
    named = await candidates.alone(
        text, with_=args.with_, deps=args.deps, python=args.python, note=display.note
    )
    extras = list(dict.fromkeys(extra for rung in plan.ladder for extra in rung.extras))
    extended = recipes.with_extras(named.environment, extras) if extras else None
    return Side(named.name, named.environment, extended)


async def _prepared(sides: Sequence[Side], broker: Broker, display: Display) -> list[Side]:
    """Install what is needed; of several releases, one that cannot be measured is passed over.

    Raises:
        OutsideError: none can be.
    """
    room = asyncio.Semaphore(3)

    async def one(environment: recipes.Environment) -> str:
        async with room:
            display.stage(environment.version, "installing")
            return await prepare(environment) or ""

    async def boot() -> str:
        await broker.lease()
        return ""

    wanted = [environment for side in sides for environment in environments(side)]
    found = await together([*map(one, wanted), boot()])
    reasons = dict(zip((environment.digest for environment in wanted), found, strict=False))
    usable = []
    for side in sides:
        why = reasons[side.environment.digest]
        lacking = reasons[side.extended.digest] if side.extended else ""
        if why and len(sides) == 1:
            raise OutsideError(f"{side.name} cannot be measured: {why}")
        if why:
            display.note(f"{side.name} is passed over: {why}")
        else:
            usable.append(replace(side, extended=None, lacking=lacking) if lacking else side)
    if not usable:
        raise OutsideError("none of these releases can be measured")
    return usable
