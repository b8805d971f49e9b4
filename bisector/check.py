"""Compares a candidate with a baseline: what they do first, then what that costs."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from statistics import median

from bisector import gate, process, programs
from bisector.acceptance import Accepted, judge_accepted
from bisector.bisect import Display
from bisector.blame import differences
from bisector.broker import Broker
from bisector.candidates import Named
from bisector.errors import OutsideError
from bisector.installer import UninstallableError, install
from bisector.probe import ATTEMPTS, Observation, Rules, observe, surroundings
from bisector.programs import Program
from bisector.redaction import redact
from bisector.search import Verdict
from bisector.tasks import together
from bisector.verdicts import Behaviour, Check, Judgement, Side, Speed

ROUND_SECONDS = 60.0
"""A round takes 2 s; only a release that blocks its event loop takes so long."""
KEPT = 256 * 1024
VOID = 128
"""How a round ends that RabbitMQ did not answer."""
BENCHMARKS = (
    "publish: time per message",
    "publish: CPU time per message",
    "publish: latency",
    "publisher object: time per message",
    "publisher object: CPU time per message",
    "receive: time per message",
    "receive: CPU time per message",
    "open: time",
    "close: time",
    "import: CPU time",
    "peak memory",
)
"""What `benchmarks.rounds` measures."""
UNITS = {"peak memory": "B"}
"""Of benchmarks that do not count seconds."""
NO_SPEED = "Speed was not measured: behaviour decides first."
QUICK = (
    "--quick measures `broker.publish`, import and memory only, and each in fewer rounds: publisher"
    " objects, receiving, opening and closing are not measured, and smaller changes are not seen."
)


@dataclass
class Rounds:
    """What the rounds measured so far."""

    ratios: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    """By benchmark: (baseline, candidate) of each round, as multiples of plain aio-pika."""
    values: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    """Likewise, in seconds or bytes."""
    failed: dict[str, str] = field(default_factory=dict)
    """Benchmarks that a side hung in, or raised in, with what happened; it then counts as having
    taken the deadline for every message."""
    count: int = 0
    void: int = 0

    def add(self, baseline: Round, candidate: Round) -> None:
        """Add a round; a benchmark has to be there on both sides."""
        self.count += 1
        for side, measured in (("baseline", baseline), ("candidate", candidate)):
            self.failed |= {name: f"{side}: {why}" for name, why in measured.failed.items()}
        for name in baseline.values.keys() & candidate.values.keys():
            (old, old_ratio), (new, new_ratio) = baseline.values[name], candidate.values[name]
            self.values[name].append((old, new))
            self.ratios[name].append((old_ratio, new_ratio))

    def judged(self, looks: int) -> list[Speed]:
        """Judge every benchmark; `looks` times may the run do that."""
        tests = len(self.ratios) * looks
        return [self._speed(name, tests) for name in sorted(self.ratios)]

    def _speed(self, name: str, tests: int) -> Speed:
        found = gate.judge(self.ratios[name], tests)
        old, new = (median(side) for side in zip(*self.values[name], strict=True))
        if name in self.failed:
            reason = self.failed[name]
        elif found.judgement is Judgement.CANNOT_TELL:
            spread = f"rounds differ by {100 * found.spread:.1f} %"
            reason = f"{_percent(found.high)} is not excluded: {spread}"
        elif found.judgement is Judgement.WORSE:
            reason = f"{_percent(found.change)}, at least {_percent(found.low)}"
        else:
            reason = f"{_percent(found.change)}, at most {_percent(found.high)}"
        return Speed(
            name, UNITS.get(name, "s"), old, new, found.change, found.low, found.high,
            found.smallest, self.count, found.judgement, reason,
        )  # fmt: skip


@dataclass(frozen=True)
class Round:
    """What one process of one side measured."""

    values: dict[str, tuple[float, float]]
    """By benchmark: (seconds or bytes, multiple of plain aio-pika)."""
    failed: dict[str, str]


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
        rounds: Rounds | None = None,
    ) -> Check:
        """Compare.

        Args:
            accepted: changes that are known.
            speed: whether to go on to what it costs.
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
        if found.regressions():
            found = replace(found, gives_up=[NO_SPEED])
        elif speed:
            rounds = Rounds() if rounds is None else rounds
            speeds = await self.speeds(rounds)
            found = replace(
                found, speeds=speeds, rounds=rounds.count, void_rounds=rounds.void,
                gives_up=[QUICK] if self._quick else [],
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
        for attempt in range(2):
            baseline, candidate = await together(
                self._probe(side, program) for side in (self.baseline, self.candidate)
            )
            if "unimportable" in baseline.outcome:
                raise OutsideError(
                    f"the baseline {self.baseline.name} cannot run, it {baseline.reason}:"
                    " choose another with --baseline, or other dependencies with --deps"
                )
            judgement, reason = compare(baseline, candidate)
            if attempt and judgement is not Judgement.WORSE:
                judgement = Judgement.CANNOT_TELL
                reason = f"worse once, but not again: {reason}"
            if judgement is not Judgement.WORSE:
                break  # what is worse has to be so twice
        return Behaviour(
            program.name, program.report, program.expected, baseline, candidate, judgement, reason
        )

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
        looks = gate.QUICK_LOOKS if self._quick else gate.LOOKS
        speeds: list[Speed] = []
        while rounds.count < looks[-1]:
            open_ = sum(s.judgement is Judgement.CANNOT_TELL for s in speeds)
            left = f", {open_} of {len(speeds)} benchmarks open" if speeds else ""
            self._display.known(f"round {rounds.count + 1} of at most {looks[-1]}{left}")
            rounds.add(*await self.round(rounds))
            if rounds.count in looks:
                speeds = rounds.judged(len(looks))
                if all(s.judgement is not Judgement.CANNOT_TELL for s in speeds):
                    break
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
            measured = [await self._measure(side, lease.server.variables) for side in sides]
            trouble = await lease.trouble()
            if trouble is None and all(measured):
                first, second = filter(None, measured)
                return (second, first) if rounds.count % 2 else (first, second)
            rounds.void += 1
            self._display.note(f"a round is void: {trouble or 'RabbitMQ did not answer'}")
        raise OutsideError(
            f"{ATTEMPTS} rounds one after the other were void"
            f" ({trouble or 'RabbitMQ did not answer'}): see that RabbitMQ stays up"
        )

    async def _measure(self, side: Named, variables: Mapping[str, str]) -> Round | None:
        """Run one process; None: RabbitMQ did not answer it."""
        command: list[str | Path] = [side.environment.interpreter, "-m", "benchmarks.rounds"]
        command += ["--quick"] if self._quick else []
        environ = {**surroundings(side.environment), **variables}
        async with process.start(command, environ, kept=KEPT) as running:
            code = await running.wait(ROUND_SECONDS)
            output = running.output.strip()
        if code == VOID:
            return None
        try:
            told = json.loads(output.splitlines()[-1])
            return Round({k: (v[0], v[1]) for k, v in told["values"].items()}, told["failed"])
        except (ValueError, LookupError, TypeError):
            how = f"no answer within {ROUND_SECONDS:g} s" if code is None else f"exit code {code}"
            last = output.splitlines()[-1:] or ["it wrote nothing"]
            raise OutsideError(
                f"{side.name} cannot be measured: {how}, {last[0]}", output
            ) from None

    def _side(self, named: Named) -> Side:
        environment = named.environment
        dependencies = environment.dependencies()
        return Side(
            redact(named.name), dependencies["faststream"], environment.python_version, dependencies
        )


def _percent(part: float) -> str:
    return f"{100 * part:+.1f} %"


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
