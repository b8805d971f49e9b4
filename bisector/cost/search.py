"""Searches an axis for steps of some costs: takes rounds, and tests what they suggest."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from bisector.axes.axis import Axis
from bisector.bisection.answer import Circumstances
from bisector.cost import trial
from bisector.cost.ledger import Ledger, Taken, Trial
from bisector.cost.result import Costs, Looked, Step, Unplaced
from bisector.cost.subject import Subject
from bisector.environments.recipes import Difference, Environment, differences
from bisector.errors import UnsureError
from bisector.places.display import Display
from bisector.questions.cost import Benchmark
from bisector.search import rounds as choosing
from bisector.search import steps as searching
from bisector.search.steps import Aim, Belief
from bisector.tasks import together

WIDTH = 8
"""Figures of a round; it has to be over within a minute."""
SEARCHING = 0.75
"""What part of the time may be searched in; the rest is for putting candidates to the test."""
FAILURES = 2
"""A release that hangs or raises in a benchmark so often is not measured in it any more."""
TRIALS = 2
"""How often a place is put to the test: rounds that did not confirm it count for the search."""
EARLY = 3
"""After so many rounds it is clear how much these rounds tell."""
PLACING = 400.0
"""A step that is as large as a figure's noise takes about so many figures to be placed (300
to 550, simulated), in inverse proportion to its square; to look at all releases takes others."""
HOPELESS = 0.5


@dataclass(frozen=True)
class Wish:
    """What is looked for, and for how long."""

    least: float = 0.05
    """The smallest step worth finding, as a part."""
    confidence: float = 0.99
    minutes: float = 20.0
    all_or_nothing: bool = True
    """Whether to give up early, rather than tell what little can be seen."""

    @property
    def aim(self) -> Aim:
        """The same for the search."""
        return Aim(math.log1p(self.least), self.confidence)


class Search:
    """Along one axis."""

    def __init__(
        self,
        axis: Axis,
        subject: Subject,
        ledger: Ledger,
        wish: Wish,
        display: Display,
        *,
        clock: Callable[[], float] = time.monotonic,
        chance: random.Random | None = None,
    ) -> None:
        """Begin one.

        Args:
            clock: says how late it is, in seconds.
            chance: who is first in a round.
        """
        self.axis, self.subject, self.ledger, self.wish = axis, subject, ledger, wish
        self._display = display
        self._aim = wish.aim
        self.environments = [axis.environment(release) for release in axis.releases]
        self._index = {
            (release.version, environment.digest): i
            for i, (release, environment) in enumerate(
                zip(axis.releases, self.environments, strict=True)
            )
        }
        self._prepared: set[int] = set()
        self._unusable: dict[int, str] = {}
        self._finished: set[str] = set()
        self._started, self._clock, self._began = datetime.now(timezone.utc), clock, clock()
        self._taken = 0
        self._rounds: Counter[str] = Counter()
        self._pace = math.inf
        """Seconds a figure takes, in the round in which it took least."""
        self._chance = chance or random.Random()

    def environment(self, version: str) -> Environment:
        """What a release of the axis is measured in."""
        return self.environments[[r.version for r in self.axis.releases].index(version)]

    def differences(self, before: str, after: str) -> list[Difference]:
        """The dependencies that differ between two releases that were measured."""
        held = (self.environment(version).dependencies() for version in (before, after))
        return [each for each in differences(*held) if each[0] != self.axis.package]

    def note(self, text: str) -> None:
        """Tell whoever watches."""
        self._display.stage("measuring", text)

    async def find(self) -> None:
        """Search until all is placed and tested, or the time is up.

        Raises:
            UnsureError: what is looked for is too small to be seen here in the time given.
            OutsideError: it cannot be measured.
        """
        while self._left() > 0:
            beliefs = {b.name: self.believe(b) for b in self.subject.benchmarks}
            self._tell(beliefs)
            if found := self._candidate(beliefs):
                await self._try(*found)
                continue
            wants = self._wants(beliefs) if self._left() > 1 - SEARCHING else {}
            if not wants:
                return
            points = max(wants, key=lambda points: (len(wants[points]), -self._had(wants[points])))
            await self._round(points, wants[points])
            self._look_ahead()

    def _had(self, wanted: Sequence[Benchmark]) -> int:
        """How many rounds one of these benchmarks had: whoever had fewest is next."""
        return min(self._rounds[benchmark.name] for benchmark in wanted)

    @property
    def seconds(self) -> float:
        """Since the first question."""
        return self._clock() - self._began

    def _left(self) -> float:
        """What part of the time is left."""
        return 1 - self.seconds / (60 * self.wish.minutes)

    # --- what is known ---------------------------------------------------------------------------

    def believe(self, benchmark: Benchmark) -> Belief:
        """Return what the rounds make of one benchmark."""
        untestable = self.untestable(benchmark)
        testable = [i not in untestable for i in range(len(self.environments))]
        found = []
        for taken in self.ledger.rounds:
            figures = [
                (self._index[one.version, one.environment], one.figures.values[benchmark.name])
                for one in taken
                if (one.version, one.environment) in self._index
                and benchmark.name in one.figures.values
            ]
            if len(figures) > 1:
                points, values = zip(*figures, strict=True)
                found.append(searching.Round(points, tuple(map(math.log, values))))
        return searching.believe(testable, found, self._aim)

    def untestable(self, benchmark: Benchmark) -> dict[int, str]:
        """Why points of the axis are not measured."""
        failed: dict[int, list[str]] = {}
        for taken in self.ledger.rounds:
            for one in taken:
                i = self._index.get((one.version, one.environment))
                if i is not None and benchmark.name in one.figures.failed:
                    failed.setdefault(i, []).append(one.figures.failed[benchmark.name])
        often = {i: reasons[-1] for i, reasons in failed.items() if len(reasons) >= FAILURES}
        return often | self._unusable

    def tested(self, benchmark: Benchmark) -> list[Trial]:
        """The candidates along this axis that were put to the test."""
        return [
            one
            for one in self.ledger.tested
            if one.benchmark == benchmark.name
            and (one.before, one.environments[0]) in self._index
            and (one.after, one.environments[1]) in self._index
        ]

    def _open(self, benchmark: Benchmark, belief: Belief) -> list[choosing.Step]:
        """Steps that the search has placed, and that were not put to the test often enough."""
        known: dict[tuple[str, str], list[bool]] = {}
        for one in self.tested(benchmark):
            known.setdefault((one.before, one.after), []).append(one.confirmed)
        found = []
        for step in choosing.conclude(belief, self._aim).steps:
            trials = known.get((self._name(step.before), self._name(step.after)), [])
            if not any(trials) and len(trials) < TRIALS:
                found.append(step)
        return found

    def _name(self, index: int) -> str:
        return self.axis.releases[index].version

    # --- what is done ----------------------------------------------------------------------------

    def _wants(self, beliefs: dict[str, Belief]) -> dict[tuple[int, ...], list[Benchmark]]:
        """Which benchmarks want which points to be measured next."""
        wants: dict[tuple[int, ...], list[Benchmark]] = {}
        for benchmark in self.subject.benchmarks:
            points = tuple(choosing.next_round(beliefs[benchmark.name], WIDTH, self._aim))
            if points:
                wants.setdefault(points, []).append(benchmark)
                self._finished.discard(benchmark.name)
            else:
                self._finished.add(benchmark.name)
        return wants

    def _candidate(
        self, beliefs: dict[str, Belief]
    ) -> tuple[choosing.Step, list[Benchmark]] | None:
        """A step to put to the test, and the benchmarks that have it; None: there is none yet.

        That is once the search has nothing more to ask, or no time left to ask it.
        """
        late = self._left() <= 1 - SEARCHING
        found: dict[tuple[int, int, bool], tuple[choosing.Step, list[Benchmark]]] = {}
        for benchmark in self.subject.benchmarks:
            belief = beliefs[benchmark.name]
            steps = self._open(benchmark, belief)
            if not steps or not (late or not choosing.next_round(belief, WIDTH, self._aim)):
                continue
            for step in steps:
                key = (step.before, step.after, step.change > 0)
                found.setdefault(key, (step, []))[1].append(benchmark)
        return max(found.values(), key=lambda one: len(one[1])) if found else None

    async def _try(self, step: choosing.Step, wanted: list[Benchmark]) -> None:
        before, after = step.before, step.after
        names = ", ".join(benchmark.name for benchmark in wanted)
        self._display.note(f"{names}: comparing {self._name(before)} and {self._name(after)} anew")
        if not await self._prepare([before, after]):
            return

        async def take(order: Sequence[int]) -> list[Taken]:
            return await self._measure(order, wanted)

        sides = (before, after)
        for one in await trial.run(
            sides, (self._name(before), self._name(after)), wanted, take,
            more=step.change > 0, before=len(self.ledger.tested), confidence=self.wish.confidence,
            environments=(self.environments[before].digest, self.environments[after].digest),
        ):  # fmt: skip
            self.ledger.add_tested(one)
            judged = "confirmed" if one.confirmed else "withdrawn"
            self._display.note(
                f"{one.benchmark}: {one.before} to {one.after} {100 * one.change:+.1f} %"
                f" ({100 * one.low:.1f} to {100 * one.high:.1f} %), {judged}"
            )

    async def _round(self, points: Sequence[int], wanted: Sequence[Benchmark]) -> None:
        if await self._prepare(points):
            order = [*points]
            self._chance.shuffle(order)  # whoever comes first has it no easier than the others
            await self._measure(order, wanted)

    async def _measure(self, order: Sequence[int], wanted: Sequence[Benchmark]) -> list[Taken]:
        self._taken += 1
        self._rounds.update(benchmark.name for benchmark in wanted)
        began = self._clock()
        names = ", ".join(self._name(i) for i in sorted(order))
        self._display.stage("measuring", f"round {len(self.ledger.rounds) + 1}: {names}")
        figures = await self.subject.round([self.environments[i] for i in order], wanted)
        taken = [
            Taken(self._name(i), self.environments[i].digest, found)
            for i, found in zip(order, figures, strict=True)
        ]
        self.ledger.add_round(tuple(taken), seconds := self._clock() - began)
        self._pace = min(self._pace, seconds / len(order))
        return taken

    async def _prepare(self, points: Sequence[int]) -> bool:
        """Install what is needed; False where one of the releases turns out to be untestable."""
        missing = sorted({*points} - self._prepared)
        room = asyncio.Semaphore(3)

        async def one(i: int) -> str | None:
            async with room:
                return await self.subject.rounds.prepare(self.environments[i])

        if any(not self.environments[i].stamp() for i in missing):
            self._display.stage("measuring", f"installing {', '.join(map(self._name, missing))}")
        reasons = await together(map(one, missing))
        self._prepared.update(missing)
        broken = {i: why for i, why in zip(missing, reasons, strict=True) if why}
        for i, why in broken.items():
            self._display.note(f"{self._name(i)} is passed over: {why}")
        self._unusable |= broken
        return not broken

    def _look_ahead(self) -> None:
        """Say early what cannot be seen in the time given.

        Raises:
            UnsureError: none of what is looked for can; or not even a large step.
        """
        if self._taken != EARLY or not self.wish.all_or_nothing:
            return
        seconds = self._pace * len(self.subject.benchmarks) ** 0.5
        told = {}
        for benchmark in self.subject.benchmarks:
            belief = self.believe(benchmark)
            room = SEARCHING * 60 * self.wish.minutes / seconds - len(belief.line) / self._aim.gap
            seen = belief.noise * math.sqrt(PLACING / room) if room > 0 else math.inf
            told[benchmark.name] = math.expm1(seen), belief.noise
        name, (seen, noise) = min(told.items(), key=lambda one: one[1])
        spread = f"figures of one release differ by {noise:.1%} within a round"
        if seen > HOPELESS:
            raise UnsureError(
                f"nothing can be told of {name} in {self.wish.minutes:g} minutes here ({spread}):"
                " let nothing else run on this machine, or give more time with --most"
            )
        if seen > self.wish.least:
            minutes = math.ceil(self.wish.minutes * (seen / self.wish.least) ** 2)
            raise UnsureError(
                f"steps of {self.wish.least:.1%} of {name} cannot be seen in"
                f" {self.wish.minutes:g} minutes here ({spread}), those of {seen:.1%} can:"
                f" --least {math.ceil(1000 * seen) / 10:g}%, or --most {minutes}"
            )

    def _tell(self, beliefs: dict[str, Belief]) -> None:
        parts = []
        for benchmark in self.subject.benchmarks:
            likely = [e for e in beliefs[benchmark.name].effects if e.exists >= 0.5]
            for effect in likely[:2]:
                belief, k = beliefs[benchmark.name], int(effect.places.argmax())
                where = f"{self._name(belief.points[k])} and {self._name(belief.points[k + 1])}"
                size = 100 * math.expm1(effect.change)
                chance = effect.exists * float(effect.places[k])
                parts.append(
                    f"{benchmark.name} {size:+.0f} % between {where} (probability {chance:.2f})"
                )
        told = "; ".join(parts[:3]) or "no step seen yet"
        seen = max(len(belief.points) for belief in beliefs.values())
        self._display.known(
            f"{len(self.ledger.rounds)} rounds, {seen} of {len(self.environments)} measured: {told}"
        )

    # --- the answer ------------------------------------------------------------------------------

    def answer(self, where: Circumstances) -> Costs:
        """Put together what was found."""
        looked: list[Looked] = []
        steps: list[Step] = []
        withdrawn: list[Trial] = []
        unplaced: list[Unplaced] = []
        for benchmark in self.subject.benchmarks:
            belief = self.believe(benchmark)
            found = choosing.conclude(belief, self._aim)
            change, spread = belief.ends
            doubt = trial.certain(self.wish.confidence) * spread
            looked.append(
                Looked(
                    benchmark, math.expm1(belief.noise), math.expm1(change),
                    _part(change - doubt), _part(change + doubt), found.unseen,
                    sum(belief.counts.values()), benchmark.name in self._finished,
                )
            )  # fmt: skip
            tested = self.tested(benchmark)
            held = {(one.before, one.after): one for one in tested if one.confirmed}
            failed = {
                (one.before, one.after): one
                for one in tested
                if (one.before, one.after) not in held
            }
            withdrawn += failed.values()
            order = sorted(
                held.values(), key=lambda one: self._index[one.after, one.environments[1]]
            )
            steps += [Step(one, self._first_stable(one)) for one in order]
            unplaced += [
                Unplaced(
                    benchmark.name, self._name(rest.first), self._name(rest.last),
                    math.expm1(rest.change), rest.drift,
                )
                for rest in found.rests
            ]  # fmt: skip
            unplaced += [
                Unplaced(
                    benchmark.name, self._name(step.before), self._name(step.after),
                    math.expm1(step.change), drift=False,
                )
                for step in self._open(benchmark, belief)
                if (self._name(step.before), self._name(step.after)) not in failed
            ]  # fmt: skip
        reasons = {
            self._name(i): why
            for benchmark in self.subject.benchmarks
            for i, why in sorted(self.untestable(benchmark).items())
        }
        installed = next((e for e in self.environments if e.stamp()), None)
        return Costs(
            self.subject.name, self.axis, where,
            installed.python_version if installed else where.python,
            self.wish.least, self.wish.confidence, self.wish.minutes,
            looked, steps, withdrawn, unplaced, reasons, self._started,
            round(self.seconds, 1), len(self.ledger.rounds),
            self.subject.void, round(self.ledger.seconds, 1), self.subject.higher_is_better,
            self.subject.rounds.machines,
        )  # fmt: skip

    def _first_stable(self, tested: Trial) -> str | None:
        after = self._index[tested.after, tested.environments[1]]
        return next((r.version for r in self.axis.releases[after:] if r.stable), None)


def _part(log: float) -> float:
    return math.expm1(min(log, 700.0))
