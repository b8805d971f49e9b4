"""What helps a user who is stuck with a release: each piece of advice, tried.

The hang is that of the scenario sibling-close.  What was tried, and how it is judged, is in
benchmarks/workarounds/, one program for each piece of advice; upgrading is tried here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from bisector.axes import axis as axes
from bisector.axes.releases import of_package
from bisector.bisection.answer import Answer
from bisector.bisection.inquiry import Inquiry, Manner
from bisector.bisection.journal import JOURNAL
from bisector.environments import recipes, releases
from bisector.environments.releases import Release, TooShortError
from bisector.errors import OutsideError
from bisector.places.display import Display
from bisector.questions import programs
from bisector.questions.behaviour import Observation, observe
from bisector.questions.ending import Rules
from bisector.questions.programs import Program
from bisector.rabbitmq.broker import Broker
from bisector.search.exact import Verdict
from bisector.tasks import together

HELPS, NO_HELP, WORSE = "helps", "does not help", "makes it worse"
NOT_TRIED, NOT_NEEDED = "could not be tried", "not needed"
MEANING = {
    HELPS: "messages published as advised return and arrive exactly once, and all else goes on",
    NO_HELP: "publishing goes on hanging, or fails; nothing else is lost",
    WORSE: "something is lost that the hang leaves intact: receiving, publishing while the sibling"
    " is open, a message, or a connection that stays after closing",
    NOT_TRIED: "this release, or this RabbitMQ, has not what it takes",
    NOT_NEEDED: "without the advice nothing hangs either",
}


@dataclass(frozen=True)
class Tried:
    """One piece of advice, and what came of it."""

    name: str
    advice: str
    """What is told, in a sentence."""
    answer: str
    """One of the keys of `MEANING`."""
    reason: str
    seconds: float = 0.0
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Advice:
    """What helps in one release."""

    release: str
    program: Program
    hang: Observation
    """The release without any advice."""
    tried: Sequence[Tried]
    deps: str
    rabbitmq: str
    rabbitmq_source: str
    started: datetime
    seconds: float

    def those(self, answer: str) -> list[Tried]:
        """The pieces of advice with that answer."""
        return [tried for tried in self.tried if tried.answer == answer]


class Adviser:
    """Tries advice beside one broker, `jobs` pieces side by side."""

    def __init__(
        self, *, broker: Broker, rabbitmq: str, display: Display, jobs: int, deps: str, python: str
    ) -> None:
        self._broker, self._rabbitmq, self._display = broker, rabbitmq, display
        self._jobs, self._choice = jobs, axes.Choice(deps=deps, python=python)
        self._program = programs.scenario(programs.SIBLING_CLOSE)
        self._rules = Rules(self._program.timeout)

    async def newest_that_hangs(self) -> str:
        """Bisect all releases, or read what earlier bisections left in the journal.

        Raises:
            OutsideError: none hangs.
        """
        answer = await self._bisect(None)
        bad = [r.version for r, v in zip(answer.releases, answer.history, strict=True)
               if v is Verdict.BAD]  # fmt: skip
        if not bad:
            raise OutsideError(
                f"no release was found to hang in {programs.SIBLING_CLOSE}: name the one to try"
            )
        return bad[-1]

    async def advise(self, release: Release) -> Advice:
        """Try all advice on a release.

        Raises:
            OutsideError: the release cannot be tested.
        """
        started = datetime.now(timezone.utc)
        hang = await self._try(release, self._program, release.version)
        if hang.verdict is Verdict.SKIP:
            raise OutsideError(f"{release.version} cannot be tested, name another: {hang.reason}")
        if hang.verdict is Verdict.GOOD:
            tried = [
                Tried(p.name, p.title, NOT_NEEDED, hang.reason) for p in programs.workarounds()
            ]
        else:
            tried = [await self._upgrade(release), *await self._workarounds(release)]
        return Advice(
            release.version,
            self._program,
            hang,
            sorted(tried, key=lambda t: [*MEANING].index(t.answer)),
            self._choice.deps,
            self._rabbitmq,
            self._broker.source,
            started,
            round((datetime.now(timezone.utc) - started).total_seconds(), 1),
        )

    async def _workarounds(self, release: Release) -> list[Tried]:
        room = asyncio.Semaphore(self._jobs)

        async def one(program: Program) -> Tried:
            async with room:
                seen = await self._try(release, program, program.name)
            answer = seen.outcome if seen.outcome in MEANING else NOT_TRIED
            if seen.verdict is Verdict.BAD and answer == NOT_TRIED:
                answer = NO_HELP  # it blocked the event loop
            return Tried(
                program.name, program.title, answer, seen.reason, seen.seconds, seen.evidence
            )

        return await together(one(program) for program in programs.workarounds())

    async def _upgrade(self, release: Release) -> Tried:
        """Try the next stable release; where that one hangs too, bisect those after it."""
        try:
            _, *newer = releases.select(releases.load(), release.version, stable=True)
        except TooShortError:
            return Tried("upgrade", "Upgrade", NOT_TRIED, "there is no newer stable release")
        seen = await self._try(newer[0], self._program, newer[0].version)
        if seen.verdict is not Verdict.GOOD:
            answer = await self._bisect(release.version)
            good = [flip.first_stable for flip in answer.flips if flip.to is Verdict.GOOD]
            version = next(filter(None, good), None)
            if version is None:
                reason = f"no stable release up to {newer[-1].version} was found not to hang"
                return Tried("upgrade", "Upgrade", NO_HELP, reason)
            seen = answer.last(version)
        reason = f"the first stable release found not to hang: {seen.reason}"
        return Tried(
            "upgrade", f"Upgrade to {seen.version}", HELPS, reason, seen.seconds, seen.evidence
        )

    async def _bisect(self, start: str | None) -> Answer:
        choice = replace(self._choice, start=start)
        inquiry = Inquiry(
            self._program, choice, self._rules, Manner(self._jobs), broker=self._broker,
            rabbitmq=self._rabbitmq, journal=JOURNAL, fresh=False, display=self._display,
        )  # fmt: skip
        return (await inquiry.find(of_package(choice))).answer

    async def _try(self, release: Release, program: Program, name: str) -> Observation:
        environment = recipes.of(release, deps=self._choice.deps, python=self._choice.python)
        seen = await observe(
            release.version, environment, program, self._broker, self._rules,
            lambda text: self._display.stage(name, text),
        )  # fmt: skip
        self._display.observed(replace(seen, version=name), remembered=False)
        return seen
