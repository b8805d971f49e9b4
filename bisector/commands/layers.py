"""`nox -s layers`: what does each layer cost, from plain aio-pika to a real handler?"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from itertools import groupby
from pathlib import Path

from packaging.version import Version

from bisector import ROOT
from bisector.check import candidates
from bisector.commands import options
from bisector.environments import recipes, releases
from bisector.errors import FOUND, OutsideError, UserError
from bisector.layers import ladder, profile
from bisector.layers.concluding import Concluding, environments
from bisector.layers.result import Layers
from bisector.layers.rounds import RATE, Place, Plan, Rounds, Side
from bisector.places.display import Display
from bisector.places.rounds import prepare
from bisector.rabbitmq.broker import Broker, open_broker
from bisector.tasks import together
from bisector.telling import layers as telling
from bisector.telling import layers_document, layers_figure, maps
from bisector.telling.terminal import display_for

MINUTES, QUICK_MINUTES = 2.6, 0.6
"""How long rounds are taken, for each release."""
LEAST, TELLING = 3, 2
"""So many rounds are taken, however long that takes; and so many tell something."""
RESULTS = ROOT / "results" / "layers"
QUICK = (
    "--quick measures publishing and receiving from plain aio-pika up to Prometheus beside"
    " OpenTelemetry, in few rounds: no request and reply, no acknowledgement, prefetch or large"
    " messages, no latencies, no load, no controls, and not where it goes; small costs are not"
    " seen."
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
        " side (default: the newest release)",
    )  # fmt: skip
    made.add_argument(
        "--lines", action="store_true",
        help="the last release of each minor line, and the newest of all; writes"
        " results/layers.json, layers.md and its figure",
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
    made.add_argument("--figure", metavar="STEM", help="also draw it, as STEM.svg and STEM.png")
    return made


async def run(args: argparse.Namespace) -> int:
    """Measure and report; what was measured until something stopped it is told all the same."""
    names = list(args.releases)
    if args.lines:
        if names:
            raise UserError("--lines says which releases: name none beside it")
        names = lines()
        args.json = args.json or f"{RESULTS}.json"
        args.markdown = args.markdown or f"{RESULTS}.md"
        args.figure = args.figure or str(RESULTS)
    console = options.console_with(
        {"--json": args.json, "--markdown": args.markdown, "--figure": args.figure}
    )
    if args.figure == "-":
        raise UserError("--figure draws into files: name their stem")
    display = display_for(console)
    measuring = Measuring(args, display)
    try:
        with display:
            await measuring.measure(names or [None])
    finally:
        if found := measuring.answer():
            _write(found, args)
            telling.show(found, console)
    return FOUND


def _write(found: Layers, args: argparse.Namespace) -> None:
    options.write(args.json, json.dumps(layers_document.to_json(found), indent=1) + "\n")
    drawn = f"{Path(args.figure).name}.svg" if args.figure else ""
    options.write(args.markdown, telling.to_markdown(found, drawn))
    if args.figure:
        maps.save(layers_figure.draw(found), Path(args.figure))


def lines() -> list[str]:
    """Return the last stable release of each minor line, and the newest release of all."""
    known = [release for release in releases.load() if release.yanked is None]
    stable = [release.version for release in known if release.stable]
    last = [[*of][-1] for _, of in groupby(stable, lambda text: Version(text).release[:2])]
    return list(dict.fromkeys([*last, known[-1].version]))


@dataclass
class Measuring:
    """Takes rounds of releases side by side, as long as there is time for another."""

    args: argparse.Namespace
    display: Display
    rounds: Rounds | None = None
    where: tuple[str, str] = ("", "")
    """RabbitMQ's version, and where it comes from."""
    modules: Mapping[Place, Mapping[str, float]] = field(default_factory=dict)
    unseen: str = ""
    """Why it could not be seen where it goes."""

    def __post_init__(self) -> None:
        self._started, self._clock = datetime.now(timezone.utc), time.monotonic()
        self._plan = quick() if self.args.quick else Plan(rate=self.args.load)

    async def measure(self, names: Sequence[str | None]) -> None:
        """Measure releases.

        Raises:
            UserError: one of them is not there, or is named twice.
            OutsideError: none of them can be measured.
        """
        args, display = self.args, self.display
        sides = [await self._side(text) for text in names]
        sides.sort(key=lambda side: Version(side.environment.version))
        if len({side.name for side in sides}) < len(sides):
            raise UserError("a release is named twice")
        async with open_broker(display.note, args.rabbitmq) as (broker, version):
            self.where = (version, broker.source)
            sides = await self._prepared(sides, broker)
            self.rounds = rounds = Rounds(sides, self._plan, broker, display.note)
            minutes = args.minutes or (QUICK_MINUTES if args.quick else MINUTES)
            end = time.monotonic() + 60 * minutes * len(sides)
            while rounds.count < LEAST or time.monotonic() + rounds.longest < end:
                display.stage("measuring", f"round {rounds.count + 1}")
                await rounds.take()
                left = max(0.0, end - time.monotonic())
                display.known(f"{rounds.count} rounds, about {left:.0f} s to go")
            if not args.quick:
                try:
                    self.modules = await profile.look(sides[-1], self._plan, broker, display.stage)
                except profile.UnseenError as error:
                    self.unseen = f"Where it goes could not be seen: {error}"

    def answer(self) -> Layers | None:
        """Return what the rounds so far come to; None: nothing yet."""
        rounds = self.rounds
        if rounds is None or rounds.count < TELLING:
            return None
        found = Concluding(rounds, self.modules).conclude()
        last = rounds.sides[-1]
        return Layers(
            found.ladders, found.changes, found.compared, rounds.count, rounds.void,
            self._plan.rate, last.environment.python_version, *self.where, self.args.deps,
            self._started, round(time.monotonic() - self._clock, 1),
            [QUICK] * self.args.quick + [self.unseen] * bool(self.unseen),
            last.name if self.modules else "",
        )  # fmt: skip

    async def _side(self, text: str | None) -> Side:
        named = await candidates.alone(
            text, with_=self.args.with_, deps=self.args.deps, python=self.args.python,
            note=self.display.note,
        )  # fmt: skip
        extras = list(dict.fromkeys(extra for rung in self._plan.ladder for extra in rung.extras))
        return Side(named.name, named.environment, recipes.with_extras(named.environment, extras))

    async def _prepared(self, sides: Sequence[Side], broker: Broker) -> list[Side]:
        """Install what is needed; of several, one that cannot be measured is passed over."""
        room = asyncio.Semaphore(3)

        async def one(environment: recipes.Environment) -> str:
            async with room:
                self.display.stage(environment.version, "installing")
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
                self.display.note(f"{side.name} is passed over: {why}")
            else:
                usable.append(replace(side, extended=None, lacking=lacking) if lacking else side)
        if not usable:
            raise OutsideError("none of these releases can be measured")
        return usable


def quick() -> Plan:
    """Return what is measured within a minute."""
    rungs = [rung for rung in ladder.LADDER if rung.chain]
    return Plan(rungs, (ladder.PUBLISH, ladder.RECEIVE), many=4, one=0, rate=0)
