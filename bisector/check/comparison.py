"""Compares a candidate with a baseline: what they do first, then what that costs."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from math import inf, nan
from pathlib import Path
from statistics import median

from bisector.check import rule, situations
from bisector.check.acceptance import Accepted, judge_accepted
from bisector.check.candidates import Named
from bisector.check.result import Behaviour, Check, Judgement, Side, Speed, percent
from bisector.environments.building import UninstallableError, install, surroundings
from bisector.environments.recipes import differences
from bisector.errors import OutsideError
from bisector.places.display import Display
from bisector.processes import process
from bisector.processes.redaction import redact
from bisector.questions import programs
from bisector.questions.behaviour import ATTEMPTS, Observation, observe
from bisector.questions.ending import Rules
from bisector.questions.programs import Program
from bisector.rabbitmq import BrokerError, Server
from bisector.rabbitmq.broker import Broker
from bisector.search.exact import Verdict
from bisector.tasks import together

ROUND_SECONDS = 60.0
"""A round takes 2 s; only a release that blocks its event loop takes so long."""
KEPT = 256 * 1024
VOID = 128
"""How a round ends that RabbitMQ did not answer."""
QUICK_BENCHMARKS = (
    "publish: time per message",
    "publish: CPU time per message",
    "publish: latency",
    "import: CPU time",
    "peak memory",
)
BENCHMARKS = (
    *QUICK_BENCHMARKS,
    "publisher object: time per message",
    "publisher object: CPU time per message",
    "receive: time per message",
    "receive: CPU time per message",
    "open: time",
    "close: time",
)
"""What `benchmarks.rounds` measures."""
UNITS = {"peak memory": "B"}
"""Of benchmarks that do not count seconds."""
NO_SITUATIONS = "Generated situations were not looked at: scenarios decide first."
NO_SPEED = "Speed was not measured: behaviour decides first."
QUICK = (
    "--quick measures `broker.publish`, import and memory only, and takes no more rounds where"
    " something is open: publisher objects, receiving, opening and closing are not measured, and"
    " small changes are not seen."
)
CLIENT = ("aio-pika", "aiormq", "pamqp")
OTHER_CLIENT = (
    "The two sides differ in {}: they are compared by their own figures, not as multiples of plain"
    " aio-pika, which cost more on one side than on the other."
)


@dataclass(frozen=True)
class Round:
    """What one process of one side measured."""

    values: dict[str, tuple[float, float]]
    """By benchmark: (seconds or bytes, multiple of plain aio-pika)."""
    failed: dict[str, str]
    """Benchmarks that hung, raised, or were not come to; with what happened."""


@dataclass
class Rounds:
    """What the rounds measured so far."""

    same_client: bool = True
    """Whether both sides have the same aio-pika and what is below it, to be measured against."""
    ratios: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    """By benchmark: (baseline, candidate) of each round, as multiples of plain aio-pika."""
    values: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    """Likewise, in seconds or bytes."""
    failures: dict[str, list[list[str]]] = field(default_factory=lambda: defaultdict(_two_lists))
    """By benchmark: what happened in the rounds that failed, of the baseline and the candidate."""
    count: int = 0
    void: int = 0

    def add(self, baseline: Round, candidate: Round) -> None:
        """Add a round; a benchmark that failed on one side counts for neither."""
        self.count += 1
        for place, measured in enumerate((baseline, candidate)):
            for name, why in measured.failed.items():
                self.failures[name][place].append(why)
        for name in baseline.values.keys() & candidate.values.keys():
            (old, old_ratio), (new, new_ratio) = baseline.values[name], candidate.values[name]
            self.values[name].append((old, new))
            self.ratios[name].append((old_ratio, new_ratio))

    def judged(self, looks: int) -> list[Speed]:
        """Judge every benchmark; `looks` times may the run do that."""
        names = sorted({*self.values, *self.failures})
        return [self._speed(name, len(names) * looks) for name in names]

    def _speed(self, name: str, tests: int) -> Speed:
        pairs = self.values[name]
        old, new = (median(side) for side in zip(*pairs, strict=True)) if pairs else (nan, nan)
        if told := self._failed(name):
            found, (judgement, reason) = _NO_FIGURES, told
        else:
            found = rule.judge(self.ratios[name] if self.same_client else pairs, tests)
            judgement, reason = found.judgement, _reason(found)
        return Speed(
            name, UNITS.get(name, "s"), old, new, found.change, found.low, found.high,
            found.smallest, self.count, judgement, reason,
        )  # fmt: skip

    def _failed(self, name: str) -> tuple[Judgement, str] | None:
        """Judge a benchmark that failed; None: it did not."""
        baseline, candidate = self.failures.get(name, _two_lists())
        side, found = ("the candidate", candidate) if candidate else ("the baseline", baseline)
        if not found:
            return None
        reason = f"{side} failed in {len(found)} of {self.count} rounds: {found[-1]}"
        if len(candidate) > 1 and not baseline:  # like a scenario, twice
            return Judgement.WORSE, reason
        return Judgement.CANNOT_TELL, reason


_NO_FIGURES = rule.Estimate(nan, -inf, inf, inf, nan, Judgement.CANNOT_TELL)


def _two_lists() -> list[list[str]]:
    return [[], []]


def _reason(found: rule.Estimate) -> str:
    if found.judgement is Judgement.CANNOT_TELL:
        spread = f"rounds differ by {100 * found.spread:.1f} %"
        return f"{percent(found.high)} is not excluded: {spread}"
    if found.judgement is Judgement.WORSE:
        return f"{percent(found.change)}, at least {percent(found.low)}"
    return f"{percent(found.change)}, at most {percent(found.high)}"


class Checker:
    """Compares two sides beside one broker."""

    def __init__(
        self,
        baseline: Named,
        candidate: Named,
        *,
        broker: Broker,
        rabbitmq: str,
        display: Display,
        jobs: int,
        quick: bool = False,
    ) -> None:
        self.baseline, self.candidate = baseline, candidate
        self._broker, self._rabbitmq, self._display = broker, rabbitmq, display
        self._slots, self._quick = asyncio.Semaphore(jobs), quick

    async def check(
        self,
        accepted: Sequence[Accepted] = (),
        *,
        speed: bool = True,
        generated: bool = True,
        rounds: Rounds | None = None,
    ) -> Check:
        """Compare.

        Args:
            accepted: changes that are known.
            speed: whether to go on to what it costs.
            generated: whether generated situations are looked at, too.
            rounds: is filled with what was measured.

        Raises:
            OutsideError: it could not be measured, which says nothing about the candidate.
        """
        started, clock = datetime.now(timezone.utc), time.monotonic()
        await self.install()
        behaviours = await self.behaviours()
        found = Check(
            self._side(self.baseline), self._side(self.candidate), behaviours, [],
            differences(
                self.baseline.environment.dependencies(), self.candidate.environment.dependencies()
            ),
            [], self._rabbitmq, self._broker.source, started, 0.0, 0, 0,
        )  # fmt: skip
        found = replace(found, accepted=judge_accepted(accepted, found))
        if not generated:
            found = replace(found, gives_up=[situations.NONE])
        elif found.regressions():
            found = replace(found, gives_up=[NO_SITUATIONS])
        else:
            seen = await situations.compare(
                self.baseline, self.candidate, self._broker, self._display.known, quick=self._quick
            )
            gives_up = [situations.QUICK] if self._quick else []
            found = replace(found, situations=seen, gives_up=gives_up)
            found = replace(found, accepted=judge_accepted(accepted, found))
        if found.regressions():
            found = replace(found, gives_up=[*found.gives_up, NO_SPEED])
        elif speed:
            rounds = Rounds() if rounds is None else rounds
            other = [name for name, *_ in found.differences if name in CLIENT]
            rounds.same_client = not other
            speeds = await self.speeds(rounds)
            found = replace(
                found, speeds=speeds, rounds=rounds.count, void_rounds=rounds.void,
                gives_up=[
                    *found.gives_up,
                    *([QUICK] if self._quick else []),
                    *([OTHER_CLIENT.format(" and ".join(other))] if other else []),
                ],
            )  # fmt: skip
        return replace(
            found,
            accepted=judge_accepted(accepted, found),
            seconds=round(time.monotonic() - clock, 1),
        )

    async def install(self) -> None:
        """Build both environments, while RabbitMQ boots.

        Raises:
            OutsideError: one of them cannot be had.
        """

        async def one(role: str, named: Named) -> None:
            self._display.stage(named.name, "installing")
            try:
                await install(named.environment)
            except UninstallableError as error:
                raise OutsideError(
                    f"the {role} {named.name} cannot be installed: {error}", str(error)
                ) from error

        async def boot() -> None:
            await self._broker.lease()

        await together([one("baseline", self.baseline), one("candidate", self.candidate), boot()])

    async def behaviours(self) -> list[Behaviour]:
        """Probe every scenario on both sides.

        Raises:
            OutsideError: the baseline does not even import.
        """
        scenarios = map(programs.scenario, programs.names())
        return await together(self._behaviour(program) for program in scenarios)

    async def _behaviour(self, program: Program) -> Behaviour:
        baseline, candidate = await self._both(program)
        if "unimportable" in baseline.outcome:
            raise OutsideError(
                f"the baseline {self.baseline.name} cannot run, it {baseline.reason}:"
                " choose another with --baseline, or other dependencies with --deps"
            )
        judgement, reason = compare(baseline, candidate)
        if judgement is Judgement.WORSE:  # it has to be so twice
            again, _ = compare(*await self._both(program))
            if again is not Judgement.WORSE:
                judgement, reason = Judgement.CANNOT_TELL, f"once, but not again: {reason}"
        return Behaviour(
            program.name, program.report, program.expected, baseline, candidate, judgement, reason
        )

    async def _both(self, program: Program) -> list[Observation]:
        sides = (self.baseline, self.candidate)
        return await together(self._probe(side, program) for side in sides)

    async def _probe(self, side: Named, program: Program) -> Observation:
        name = f"{side.name} {program.name}"
        async with self._slots:
            seen = await observe(
                side.environment.version, side.environment, program, self._broker,
                Rules(program.timeout), lambda text: self._display.stage(name, text),
            )  # fmt: skip
        self._display.observed(replace(seen, version=name), remembered=False)
        return seen

    async def speeds(self, rounds: Rounds) -> list[Speed]:
        """Take rounds until every benchmark is decided, or the limit is reached."""
        looks = rule.QUICK_LOOKS if self._quick else rule.LOOKS
        speeds: list[Speed] = []

        def judged() -> list[Judgement]:
            return [speed.judgement for speed in speeds]

        for look in rule.walk(looks, judged):
            open_ = judged().count(Judgement.CANNOT_TELL)
            left = f", {open_} of {len(speeds)} benchmarks open" if speeds else ""
            while rounds.count < look:
                self._display.known(f"round {rounds.count + 1} of at most {looks[-1]}{left}")
                rounds.add(*await self.round(rounds))
            speeds = rounds.judged(len(looks))
        return speeds

    async def round(self, rounds: Rounds) -> tuple[Round, Round]:
        """Measure the baseline and the candidate, one after the other, in turns who is first.

        A round that RabbitMQ did not live through is void, and made again.

        Raises:
            OutsideError: they cannot be measured.
        """
        sides = [self.baseline, self.candidate]
        if rounds.count % 2:
            sides.reverse()
        trouble: str | None = ""
        for _ in range(ATTEMPTS):
            lease = await self._broker.lease()
            measured = [await self._measure(side, lease.server) for side in sides]
            trouble = await lease.trouble()
            if trouble is None:
                for error in measured:
                    if isinstance(error, OutsideError):
                        raise error
                if None not in measured:
                    first, second = (m for m in measured if isinstance(m, Round))
                    return (second, first) if rounds.count % 2 else (first, second)
            rounds.void += 1
            self._display.note(f"a round is void: {trouble or 'RabbitMQ did not answer'}")
        raise OutsideError(
            f"{ATTEMPTS} rounds one after the other were void"
            f" ({trouble or 'RabbitMQ did not answer'}): see that RabbitMQ stays up"
        )

    async def _measure(self, side: Named, node: Server) -> Round | OutsideError | None:
        """Run one process; None: RabbitMQ did not answer it; an error: it gave no figures."""
        command: list[str | Path] = [side.environment.interpreter, "-m", "benchmarks.rounds"]
        command += ["--quick"] if self._quick else []
        try:
            async with node.alone() as server:
                environ = {**surroundings(side.environment), **server.variables}
                async with process.start(command, environ, kept=KEPT) as running:
                    code = await running.wait(ROUND_SECONDS)
                    output = running.output.strip()
        except BrokerError:
            return None
        if code == VOID:
            return None
        output = redact(output, server.variables.values())
        try:
            told = json.loads(output.splitlines()[-1])
            values = {name: (v[0], v[1]) for name, v in told["values"].items()}
            names = QUICK_BENCHMARKS if self._quick else BENCHMARKS
            failed = {name: told["broken"] for name in names if name not in values}
            return Round(values, failed | told["failed"])
        except (ValueError, LookupError, TypeError):
            how = f"no answer within {ROUND_SECONDS:g} s" if code is None else f"exit code {code}"
            last = output.splitlines()[-1:] or ["it wrote nothing"]
            return OutsideError(f"{side.name} cannot be measured: {how}, {last[0]}", output)

    def _side(self, named: Named) -> Side:
        environment = named.environment
        dependencies = environment.dependencies()
        return Side(
            redact(named.name), dependencies["faststream"], environment.python_version, dependencies
        )


def compare(baseline: Observation, candidate: Observation) -> tuple[Judgement, str]:
    """Judge one scenario; returns why in a line."""
    if candidate.verdict is Verdict.GOOD:
        return Judgement.NO_WORSE, candidate.reason
    if baseline.verdict is Verdict.GOOD:
        if candidate.outcome == "unimportable" and candidate.verdict is Verdict.SKIP:
            return Judgement.CANNOT_TELL, candidate.reason  # import-clean says it is worse
        return Judgement.WORSE, candidate.reason
    if Verdict.SKIP in (baseline.verdict, candidate.verdict):
        side = "the baseline" if baseline.verdict is Verdict.SKIP else "the candidate"
        skipped = baseline if baseline.verdict is Verdict.SKIP else candidate
        return Judgement.CANNOT_TELL, f"{side} cannot be tested: {skipped.reason}"
    return Judgement.NO_WORSE, f"the baseline is no better: {candidate.reason}"
