"""Compares two releases by situations, until the time is up: what differs, and why."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from bisector.changes import findings, planning, showing
from bisector.changes.differences import Difference, differences, not_offered
from bisector.changes.findings import Finding
from bisector.changes.grammar import Choice, Dimension
from bisector.changes.kinds import ALONE, HUBS, KIN
from bisector.changes.need import Need
from bisector.changes.runs import SECONDS, Runner
from bisector.changes.shrinking import shrink
from bisector.changes.situations import Situation
from bisector.changes.sources import Function
from bisector.changes.traces import Trace
from bisector.tasks import together

Run = Callable[[Situation], Awaitable[tuple[Trace, Trace] | None]]
"""Runs a situation on both sides; None: it was not needed on the new one."""
SURVEY = 0.25
"""The part of the time in which situations are run on the old side alone, to see what they call."""
WORTH_A_SURVEY = 15.0
"""Seconds: in less time it is better to begin."""
RESERVE = 0.3
"""The part of the time that is kept for shrinking and for writing programs."""

TELL = 3.0
"""Seconds between two words on how it gets on."""
PATIENCE = 15.0
"""Seconds that what hangs is given once more: a busy machine is slow, too."""


@dataclass(frozen=True)
class Plan:
    """How long is looked, and how."""

    seconds: float
    seed: int = 1
    """Of what is drawn at random."""
    jobs: int = 24
    """Situations under way at a time."""
    only_worse: bool = False
    """Whether only what is worse is seen again for itself, and shown by a program."""
    brief: bool = False
    """Whether it ends once all was run that calls a function that differs."""
    limit: float | None = None
    """Seconds after which it ends, whatever is under way; None: what is under way is waited for."""


@dataclass
class Compared:
    """What was looked at."""

    situations: int = 0
    """Run on both sides."""
    alike: int = 0
    """Run on the old side alone: they call no function that differs."""
    runs: int = 0
    choices: set[Choice] = field(default_factory=set)
    """That were run, and that at least one of the sides offers."""
    not_offered: set[Choice] = field(default_factory=set)
    """By neither side."""
    masked: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(source, name, field) of what was not the same in two runs of one side: in how many."""
    seconds: float = 0.0
    complete: bool = True
    """Whether every choice was run at least by itself."""


class Comparison:
    """Two sides, and what is known of how they differ."""

    def __init__(
        self,
        old: Runner,
        new: Runner,
        dimensions: Sequence[Dimension],
        *,
        key: planning.Key | None = None,
        changed: Collection[Function] | None = None,
        note: Callable[[str], None] = lambda _text: None,
    ) -> None:
        """Prepare.

        Args:
            key: by which choices are sorted, so that what tells most comes first.
            changed: functions of the old side that may behave otherwise on the new one, where the
                old runner sees which are called; None: all may.
            note: is told how it gets on.
        """
        self._sides, self._key = (old, new), key
        self._dimensions, self._note = dimensions, note
        self._locks: dict[tuple[str, ...], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._known: dict[Situation, asyncio.Future[list[Difference]]] = {}
        self._need = Need(old.functions, changed)
        self._before: dict[Situation, Trace] = {}
        self.compared = Compared()
        self.found: list[Finding] = []
        self._started = time.monotonic()
        self._told = self._started

    @property
    def findings(self) -> list[Finding]:
        """What is known so far, most telling first."""
        return findings.merged(self.found)

    async def run(self, plan: Plan) -> list[Finding]:
        """Compare for so long; returns findings, with programs."""
        self._started = time.monotonic()
        try:
            return await self._run(plan)
        finally:
            self.compared.seconds = round(time.monotonic() - self._started, 1)

    async def _run(self, plan: Plan) -> list[Finding]:
        stop = self._started + plan.seconds * (1 - RESERVE)
        jobs, seed = plan.jobs, plan.seed
        singles = planning.singles(self._dimensions, self._key)
        if singles:  # what always differs is known before the rest
            await self._one(singles[0], self._needed)
        if plan.seconds >= WORTH_A_SURVEY:
            await self._survey(singles[1:], jobs, self._started + plan.seconds * SURVEY)
        first = self._need.rare_first(self._before)
        rest = [s for s in singles[1:] if s not in self._before]
        self.compared.complete = await self._all(iter([*first, *rest]), jobs, stop)
        known = self.compared.not_offered | {
            c for f in self.found if f.kind == "gone" for c in f.choices
        }
        social = [d for d in self._dimensions if d.name not in ALONE]
        key = _in_order(first) if first else self._key
        crossed = planning.crossed(social, HUBS, known, key)
        together_ = planning.together(social, known, seed, KIN, key)
        await self._all(self._need.worth(planning.in_turns(crossed, together_)), jobs, stop)
        if not plan.brief:
            again = [s for s in singles if self._need.none(s)]
            await self._all(iter(again), jobs, stop, self._both)
        found = self.findings
        self._note(f"{self.compared.situations} situations, {len(found)} findings: programs")
        asked = [f for f in found if f.difference.worse or not plan.only_worse]
        end = self._started + plan.seconds
        await together(showing.show(f, self._sides, self._both, end) for f in asked)
        return [f for f in found if f.sure or f not in asked]

    async def _survey(self, situations: Iterable[Situation], jobs: int, stop: float) -> None:
        """Run on the old side alone what that tells of, to know what to run first on the new."""
        told = (s for s in situations if self._need.known(s))

        async def work() -> None:
            for situation in told:
                self.compared.runs += 1
                self._before[situation] = await self._sides[0].trace(situation.text)
                if time.monotonic() > stop:
                    return

        await together(work() for _ in range(jobs))

    async def _all(
        self,
        situations: Iterator[Situation],
        jobs: int,
        stop: float,
        run: Run | None = None,
    ) -> bool:
        """Run situations until none is left (True) or the time is up."""
        left = True

        async def work() -> None:
            nonlocal left
            while time.monotonic() < stop:
                situation = next(situations, None)
                if situation is None:
                    return
                await self._one(situation, run or self._needed)
            left = False

        await together(work() for _ in range(jobs))
        return left

    async def _one(
        self,
        situation: Situation,
        run: Run,
    ) -> None:
        """Run a situation, and see to what differs."""
        pair = await run(situation)
        if pair is None:
            self.compared.alike += 1
            self.compared.choices |= situation.choices
            self._need.has_none(situation)
            return
        known = asyncio.get_running_loop().create_future()
        known.set_result(differences(*pair))
        self._known.setdefault(situation, known)
        self.compared.situations += 1
        self._tell()
        if all(not_offered(side.end) for side in pair):
            if len(situation.choices) == 1:
                self.compared.not_offered |= situation.choices
            return
        self.compared.choices |= situation.choices
        open_ = self._unexplained(situation, differences(*pair))
        if not open_:
            return
        again = await self._both(situation)
        steady = {*differences(*again)}
        masked = {
            d.place for one, two in zip(pair, again, strict=True) for d in differences(one, two)
        }
        for place in masked:
            self.compared.masked[place] += 1
        by_signature: dict[tuple[str, ...], Difference] = {}
        for difference in open_:
            if difference in steady and difference.place not in masked:
                by_signature.setdefault(difference.signature, difference)
        await together(self._explain(situation, d) for d in by_signature.values())

    def _tell(self) -> None:
        """Say how it gets on, now and then."""
        now = time.monotonic()
        if now > self._told + TELL:
            self._told = now
            self._note(f"{self.compared.situations} situations, {len(self.found)} differences")

    def _unexplained(self, situation: Situation, found: Iterable[Difference]) -> list[Difference]:
        """Count what known findings explain; returns the rest."""
        rest, counted = [], set()
        for difference in found:
            for finding in self.found:
                if finding.explains(difference, situation.choices):
                    if id(finding) not in counted:
                        finding.situations += 1
                        counted.add(id(finding))
                    break
            else:
                rest.append(difference)
        return rest

    async def _explain(self, situation: Situation, difference: Difference) -> None:
        """Find the fewest choices that show a difference."""
        async with self._locks[difference.signature]:
            if not self._unexplained(situation, [difference]):
                return

            async def shows(choices: list[Choice]) -> bool:
                smaller = Situation.of(choices)
                if smaller == situation:
                    return True
                told = await self._once(smaller)
                return any(d.signature == difference.signature for d in told)

            kept = await shrink(sorted(situation.choices, key=lambda c: c.id), shows)
            smallest = Situation.of(kept)
            shown = difference
            if difference.kind == "hangs":
                told = [await self._differing(smallest, PATIENCE)]
                if not any(d.signature == difference.signature for d in told[0]):
                    self.compared.masked[difference.place] += 1
                    return
            if smallest != situation:  # which was run twice
                told = [await self._once(smallest), await self._differing(smallest)]
                same = [[d for d in row if d.signature == difference.signature] for row in told]
                if not all(same):
                    self.compared.masked[difference.place] += 1
                    return
                shown = same[0][0]
            self.found.append(Finding(shown, smallest.choices))

    async def _once(self, situation: Situation) -> list[Difference]:
        """What a situation that others are shrunk to shows; asked once for all of them."""
        if situation not in self._known:
            self._known[situation] = asyncio.ensure_future(self._differing(situation))
        return await self._known[situation]

    async def _needed(self, situation: Situation) -> tuple[Trace, Trace] | None:
        """Run it on the new side only if it calls a function that differs; None: it does not."""
        if not self._need.known(situation):
            return await self._both(situation)
        text = situation.text
        before = self._before.get(situation)
        if before is None:
            self.compared.runs += 1
            before = await self._sides[0].trace(text)
        if not self._need.of(before):
            return None
        self.compared.runs += 1
        return before, await self._sides[1].trace(text)

    async def _differing(self, situation: Situation, seconds: float = SECONDS) -> list[Difference]:
        return differences(*await self._both(situation, seconds))

    async def _both(self, situation: Situation, seconds: float = SECONDS) -> tuple[Trace, Trace]:
        text = situation.text
        self.compared.runs += 2
        old, new = await together(side.trace(text, seconds) for side in self._sides)
        return old, new


def _in_order(singles: Sequence[Situation]) -> planning.Key:
    """Sort choices as they stand here, what is not here last."""
    places = {choice: n for n, single in enumerate(singles) for choice in single.choices}
    return lambda some: min(places.get(choice, len(places)) for choice in some)
