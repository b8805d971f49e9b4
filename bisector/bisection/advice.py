"""What about my release: what is bad in it, what helps there, and where to go.

Every scenario is asked of the release twice, with the dependencies of its day and with today's.
What is told to those who are hit is in benchmarks/workarounds/, a folder for each scenario; to
upgrade, to hold a dependency and to install as of a day are tried here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from bisector.axes import axis as axes
from bisector.axes.days import of_days
from bisector.axes.releases import of_package, package_environment
from bisector.bisection import histories
from bisector.bisection.histories import History, Target
from bisector.bisection.inquiry import Finding, Inquiry, Manner
from bisector.bisection.journal import JOURNAL
from bisector.environments import releases
from bisector.environments.recipes import RELEASE_DAY, TODAY, Environment, as_of
from bisector.environments.releases import PACKAGE, Release
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
    HELPS: "messages published, or worked on, as advised arrive exactly once, and all else goes on",
    NO_HELP: "it goes on hanging, or failing; nothing else is lost",
    WORSE: "something is lost that the fault leaves intact: receiving, publishing while a sibling"
    " is open, a message, or a connection that stays after closing",
    NOT_TRIED: "this release, or this RabbitMQ, has not what it takes",
    NOT_NEEDED: "without the advice nothing is wrong either",
}
IMPORTS = "import-clean"
"""The scenario that is asked first: where it fails, no other can be asked."""


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
class Looked:
    """What a release does in one scenario."""

    program: Program
    day: Observation
    """With the dependencies of its day, or those that are pinned."""
    today: Observation

    @property
    def bad(self) -> Observation | None:
        """Where it is bad, if anywhere; of its day before today's."""
        return next((o for o in (self.day, self.today) if o.verdict is Verdict.BAD), None)

    @property
    def deps(self) -> str:
        """With which dependencies it is bad, or was asked first."""
        return TODAY if self.bad is self.today else RELEASE_DAY

    @property
    def only_today(self) -> bool:
        """Whether it is what was uploaded since."""
        return self.deps == TODAY and self.day.verdict is Verdict.GOOD


@dataclass(frozen=True)
class Cause:
    """What was uploaded when a fresh install went bad."""

    upload: str
    """In words."""
    source: str
    """Where that is known from, in words."""


@dataclass(frozen=True)
class Fault:
    """A scenario that is bad in the release, and what is known of that."""

    looked: Looked
    history: History | None
    """None: bad only with today's dependencies, or with what is pinned."""
    cause: Cause | None
    """Where it is bad only today, if that was found."""
    tried: Sequence[Tried]

    @property
    def everywhere(self) -> bool:
        """Whether no release is known to be good."""
        return self.history is not None and Verdict.GOOD not in self.history.verdicts.values()

    @property
    def of_rabbitmq(self) -> bool:
        """Whether the report is one about RabbitMQ itself."""
        return bool(self.looked.program.report and "rabbitmq/" in self.looked.program.report)


@dataclass(frozen=True)
class Going:
    """Where to go, and what that release does with the dependencies that it gets today."""

    target: Target
    today: Mapping[str, Observation]


@dataclass(frozen=True)
class Advice:
    """All that was found out for those who have one release."""

    release: Release
    pinned: tuple[str, ...]
    """What a requirements file holds beside FastStream: `aio-pika==9.4.1`."""
    looked: Sequence[Looked]
    faults: Sequence[Fault]
    goings: Sequence[Going]
    costs_known: bool
    newest: str
    """The newest stable release that was looked at."""
    rabbitmq: str
    rabbitmq_source: str
    started: datetime
    seconds: float

    @property
    def hang(self) -> Looked:
        """What it does after a sibling was closed."""
        return next(x for x in self.looked if x.program.name == programs.SIBLING_CLOSE)

    @property
    def tried(self) -> Sequence[Tried]:
        """What is told to those who hang after a sibling was closed."""
        for fault in self.faults:
            if fault.looked.program.name == programs.SIBLING_CLOSE:
                return fault.tried
        answer = NOT_NEEDED if self.hang.day.verdict is Verdict.GOOD else NOT_TRIED
        told = programs.workarounds(programs.SIBLING_CLOSE)
        return [Tried(p.name, p.title, answer, self.hang.day.reason) for p in told]


class Adviser:
    """Asks about a release and tries advice beside one broker, `jobs` programs side by side."""

    def __init__(
        self,
        *,
        broker: Broker,
        rabbitmq: str,
        display: Display,
        jobs: int,
        python: str,
        known: Sequence[Release],
        pinned: tuple[str, ...] = (),
    ) -> None:
        """Take what does not change.

        Args:
            known: all releases of FastStream.
            pinned: dependencies that are held.
        """
        self._broker, self._rabbitmq, self._display = broker, rabbitmq, display
        self._jobs, self._known = jobs, known
        self._choice = axes.Choice(python=python, with_=pinned)
        self._unpinned = replace(self._choice, with_=())
        self._room = asyncio.Semaphore(jobs)
        self._histories, self._costs = histories.read_map(python), histories.read_costs()

    async def newest_that_hangs(self) -> Release:
        """Bisect all releases, or read what earlier bisections left in the journal.

        Raises:
            OutsideError: none hangs.
        """
        answer = (await self._bisect(programs.scenario(programs.SIBLING_CLOSE))).answer
        bad = [r for r, v in zip(answer.releases, answer.history, strict=True)
               if v is Verdict.BAD]  # fmt: skip
        if not bad:
            raise OutsideError(
                f"no release was found to hang in {programs.SIBLING_CLOSE}: name the one to try"
            )
        return bad[-1]

    async def advise(self, release: Release) -> Advice:
        """Ask about a release, try all advice for what is bad in it, and choose where to go.

        Raises:
            OutsideError: the release cannot be tested.
        """
        started = datetime.now(timezone.utc)
        day, today = await together(self._look(release, deps) for deps in (RELEASE_DAY, TODAY))
        looked = [Looked(programs.scenario(n), day[n], today[n]) for n in programs.names()]
        if all(seen.verdict is Verdict.SKIP for seen in [*day.values(), *today.values()]):
            reason = day[IMPORTS].reason
            raise OutsideError(f"{release.version} cannot be tested, name another: {reason}")
        bad = [(each, await self._history(release, each)) for each in looked if each.bad]
        faults = await together(self._fault(release, *each) for each in bad)
        goings = await self._where_to_go(release, looked) if faults else []
        return Advice(
            release,
            self._choice.with_,
            looked,
            faults,
            goings,
            self._costs is not None,
            [r.version for r in self._known if r.stable][-1],
            self._rabbitmq,
            self._broker.source,
            started,
            round((datetime.now(timezone.utc) - started).total_seconds(), 1),
        )

    async def _look(self, release: Release, deps: str) -> dict[str, Observation]:
        """Ask every scenario; none but the first where the release does not import."""
        label = release.version if deps == RELEASE_DAY else f"{release.version} today"
        environment = self._environment(release, deps)
        first = await self._try(environment, programs.scenario(IMPORTS), label)
        others = [name for name in programs.names() if name != IMPORTS]
        if first.verdict is not Verdict.GOOD:
            skipped = replace(first, verdict=Verdict.SKIP)
            return {IMPORTS: first, **dict.fromkeys(others, skipped)}
        seen = await together(
            self._try(environment, programs.scenario(name), label) for name in others
        )
        return {IMPORTS: first, **dict(zip(others, seen, strict=True))}

    async def _fault(self, release: Release, looked: Looked, history: History | None) -> Fault:
        environment = self._environment(release, looked.deps)
        tried = [
            *await self._upgrade(release, looked, history),
            *await self._hold(release, looked, history),
            *await self._let_go(release, looked, history),
            *self._as_of_its_day(release, looked),
            *await together(
                self._follow(environment, program)
                for program in programs.workarounds(looked.program.name)
            ),
        ]
        order = [*MEANING]
        tried.sort(key=lambda t: order.index(t.answer))
        cause = await self._cause(release, looked) if looked.only_today else None
        return Fault(looked, history, cause, tried)

    async def _cause(self, release: Release, looked: Looked) -> Cause | None:
        """Read, or bisect days for, the upload with which a fresh install went bad."""
        if looked.program.name == IMPORTS and not self._choice.with_:
            known = histories.read_deaths().get(release.version)
            if known:
                return Cause(known, f"results/{histories.LIFETIMES.name}")
        own = f"{PACKAGE}=={release.version}"
        choice = replace(self._choice, with_=(own, *self._choice.with_))
        try:
            finding = await self._inquiry(looked.program, choice).find(await of_days(choice))
        except OutsideError as error:  # an index without upload times: all else can be told
            self._display.note(f"which upload did it is left open: {error}")
            return None
        broken = [f for f in finding.answer.flips if f.to is Verdict.BAD]
        upload = finding.answer.upload(broken[-1]) if broken else None
        source = f"bisected along days, RabbitMQ {self._rabbitmq}"
        return Cause(upload.words, source) if upload else None

    async def _history(self, release: Release, looked: Looked) -> History | None:
        """What is known of all releases, unless it is not FastStream's release that is bad."""
        if looked.day.verdict is not Verdict.BAD:
            return None
        name, version = looked.program.name, release.version
        known = self._histories.get(name)
        if known and known.verdicts.get(version) is Verdict.BAD:
            return known
        if self._choice.with_ and known and known.verdicts.get(version) is Verdict.GOOD:
            return None  # it is what is pinned
        finding = await self._bisect(looked.program)
        for flip in finding.answer.flips:
            await self._inquiry(looked.program, self._unpinned).blame(finding, flip)
        self._histories[name] = histories.of_finding(finding, self._rabbitmq)
        return self._histories[name]

    async def _upgrade(
        self, release: Release, looked: Looked, history: History | None
    ) -> list[Tried]:
        """Try the first stable release that is known to be good."""
        if history is None:
            return []
        fixed = history.until(release.version)
        version = fixed.first_stable if fixed else None
        target = next((r for r in self._known if r.version == version), None)
        if target is None:
            last = [r.version for r in self._known if r.stable][-1]
            reason = f"no stable release up to {last} is known to be good"
            return [Tried("upgrade", "Upgrade", NO_HELP, reason)]
        seen = await self._try(self._environment(target, RELEASE_DAY), looked.program, "upgrade")
        answer = HELPS if seen.verdict is Verdict.GOOD else NO_HELP
        reason = f"the first stable release that is good: {seen.reason}"
        return [
            Tried("upgrade", f"Upgrade to {target.version}", answer, reason, seen.seconds,
                  seen.evidence)
        ]  # fmt: skip

    async def _hold(self, release: Release, looked: Looked, history: History | None) -> list[Tried]:
        """Hold a dependency at the version that is good, where it alone is guilty."""
        if history is None:
            return []
        since, until = history.since(release.version), history.until(release.version)
        found = [
            *(since.held[:1] if since and since.to is Verdict.BAD else ()),
            *(until.held[-1:] if until and until.to is Verdict.GOOD else ()),
        ]
        tried = []
        for pin in found:
            name, _ = axes.pin(pin)
            others = self._choice.others(name)
            held = replace(self._choice, with_=(*others, pin))
            seen = await self._try(package_environment(held)(release), looked.program, pin)
            answer = HELPS if seen.verdict is Verdict.GOOD else NO_HELP
            told = f"Keep {PACKAGE} and hold {pin}"
            tried.append(Tried(f"hold-{name}", told, answer, seen.reason, seen.seconds))
        return tried

    async def _let_go(
        self, release: Release, looked: Looked, history: History | None
    ) -> list[Tried]:
        """Where it is what is pinned, try what its day had."""
        if history is not None or looked.deps != RELEASE_DAY:
            return []
        plain = package_environment(self._unpinned)(release)
        seen = await self._try(plain, looked.program, "let-go")
        answer = HELPS if seen.verdict is Verdict.GOOD else NO_HELP
        names = [axes.pin(text)[0] for text in self._choice.with_]
        held = " and ".join(f"{name} {seen.dependencies.get(name, '')}" for name in names)
        told = f"Do not pin it: its day had {held}"
        return [Tried("let-go", told, answer, seen.reason, seen.seconds, seen.evidence)]

    def _as_of_its_day(self, release: Release, looked: Looked) -> list[Tried]:
        """Where it is bad only with today's dependencies, those of its day help, as was seen."""
        if not looked.only_today:
            return []
        told = f"Install as of its day: uv's --exclude-newer {as_of(release.release_day)}"
        return [Tried("as-of-its-day", told, HELPS, looked.day.reason, looked.day.seconds)]

    async def _follow(self, environment: Environment, program: Program) -> Tried:
        seen = await self._try(environment, program, program.name)
        answer = seen.outcome if seen.outcome in MEANING else NOT_TRIED
        if seen.verdict is Verdict.BAD and answer == NOT_TRIED:
            answer = NO_HELP  # it blocked the event loop
        return Tried(program.name, program.title, answer, seen.reason, seen.seconds, seen.evidence)

    async def _where_to_go(self, release: Release, looked: Sequence[Looked]) -> list[Going]:
        """Choose releases by what is known of them, and ask them with today's dependencies."""
        newest = [r for r in self._known if r.stable and not r.yanked][-1]
        known = [*self._histories.values()]
        if not known:  # the newest can be asked, at least
            known = [History(x.program.name, "asked just now", {}, ()) for x in looked]
        if not all(newest.version in h.verdicts for h in known):
            seen = await self._look(newest, RELEASE_DAY)  # it is newer than what is kept
            known = [
                replace(h, verdicts={**h.verdicts, newest.version: seen[h.scenario].verdict})
                for h in known
            ]
        here = {x.program.name: x.day.verdict for x in looked}
        for each in known:  # what only a pin does is no fault of the release
            if each.verdicts.get(release.version) is Verdict.GOOD:
                here[each.scenario] = Verdict.GOOD
        found = histories.targets(release.version, here, self._known, known, self._costs or ())
        by_version = {r.version: r for r in self._known}
        seen_today = await together(self._look(by_version[t.version], TODAY) for t in found)
        return [Going(t, s) for t, s in zip(found, seen_today, strict=True)]

    async def _bisect(self, program: Program) -> Finding:
        axis = replace(of_package(self._unpinned), releases=releases.select(self._known))
        return await self._inquiry(program, self._unpinned).find(axis)

    def _inquiry(self, program: Program, choice: axes.Choice) -> Inquiry:
        return Inquiry(
            program, choice, Rules(program.timeout), Manner(self._jobs),
            broker=self._broker, rabbitmq=self._rabbitmq, journal=JOURNAL, fresh=False,
            display=self._display,
        )  # fmt: skip

    def _environment(self, release: Release, deps: str) -> Environment:
        return package_environment(replace(self._choice, deps=deps))(release)

    async def _try(self, environment: Environment, program: Program, label: str) -> Observation:
        name = label if label == program.name else f"{label} {program.name}"
        async with self._room:
            seen = await observe(
                name, environment, program, self._broker, Rules(program.timeout),
                lambda text: self._display.stage(name, text),
            )  # fmt: skip
        self._display.observed(seen, remembered=False)
        return seen
