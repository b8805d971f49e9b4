"""One bisection: releases in, an `Answer` out; observes until the search has no more questions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime, timezone
from itertools import zip_longest
from typing import TYPE_CHECKING, cast

from bisector.axes.axis import Axis
from bisector.bisection.answer import Answer, Circumstances, first_stable
from bisector.bisection.journal import Journal
from bisector.bisection.progress import believed, describe
from bisector.bisection.seen import Seen
from bisector.environments.recipes import Environment
from bisector.environments.releases import Release
from bisector.places.ahead import Ahead
from bisector.places.display import Display
from bisector.places.place import Place
from bisector.questions.behaviour import Observation
from bisector.questions.ending import Rules
from bisector.questions.programs import Program
from bisector.rabbitmq.broker import Broker
from bisector.search import exact
from bisector.search.exact import Verdict
from bisector.tasks import stop, together

if TYPE_CHECKING:
    from bisector.search import noisy

AGREEING = 2
"""How often a release beside a flip must have given its verdict, each time in a fresh process."""
AHEAD = 2
"""How many environments are being built at a time before another one is built on suspicion."""


class Bisection:
    """Observes what the search asks for, several releases at a time."""

    def __init__(
        self,
        program: Program,
        axis: Axis,
        *,
        broker: Broker,
        place: Place,
        journal: Journal,
        display: Display,
        rules: Rules,
        repeat: int = 1,
        confirm: int = AGREEING,
        suspects: Sequence[str] = (),
    ) -> None:
        """Take what is in the journal for known.

        Args:
            repeat: probes of a release that all have to be good for it to be good.
            confirm: how often a release beside a flip must have given its verdict; 0: none is
                named.
            suspects: releases to be tried first.
        """
        order = [release.version for release in axis.releases]
        self._suspects = [order.index(version) for version in suspects if version in order]
        self._repeat, self._confirm = repeat, confirm
        self._program, self._axis, self._releases = program, axis, axis.releases
        self._broker, self._place = broker, place
        self._journal, self._display, self._rules = journal, display, rules
        endless = not program.builtin and rules.alive is None
        self._seen = Seen(axis, journal, repeat=repeat, may_be_endless=endless)
        # A hang may be called early, as long as no longer look says otherwise.
        self._hurry = program.builtin and repeat == 1
        self._looking_on: set[asyncio.Task[None]] = set()
        """Probes that called a hang early, and go on."""
        self._called = asyncio.Event()
        """One has just done so."""
        self._made = 0
        self._ahead = Ahead()
        self.timing: dict[str, float] = {}
        self._started, self._clock = datetime.now(timezone.utc), time.monotonic()

    @property
    def history(self) -> list[Verdict | None]:
        """The verdicts so far."""
        return self._seen.history()

    def answer(
        self,
        circumstances: Circumstances,
        *,
        may_be_wrong: bool = False,
        flaky: noisy.Answer | None = None,
    ) -> Answer:
        """Put together what was found.

        Args:
            may_be_wrong: the search was `find_flaky`.
            flaky: its answer, which decides what a release counts as.
        """
        history = self.history
        if flaky is not None and flaky.flip is not None and flaky.to is not None:
            other = Verdict.GOOD if flaky.to is Verdict.BAD else Verdict.BAD
            for i, verdict in enumerate(history):
                if verdict is not Verdict.SKIP and self._seen.of[self._name(i)]:
                    history[i] = other if i <= flaky.flip.before else flaky.to
        return Answer(
            self._program,
            self._axis,
            self.observations,
            history,
            circumstances,
            self._rules,
            self._started,
            round(time.monotonic() - self._clock, 2),
            {stage: round(seconds, 2) for stage, seconds in self.timing.items()},
            self._made,
            may_be_wrong,
            flaky,
            self._seen.endless,
        )

    @property
    def observations(self) -> dict[str, list[Observation]]:
        """What was seen of each release that was probed."""
        return {version: self._seen.read(version) for version, o in self._seen.of.items() if o}

    async def find_flips(self, *, whole_map: bool = False) -> None:
        """Probe until the flips are found and the releases beside them have agreed twice.

        As soon as one probe answers, the next is chosen; one whose verdict has lost its worth by
        then is stopped.  With `whole_map` every release is probed.
        """
        self._tell_known()
        running: dict[asyncio.Task[None], int] = {}
        told = False
        boot: asyncio.Task[object] | None = None
        try:
            while True:
                self._called.clear()
                history = self.history
                if self._seen.endless and not told:
                    told = True
                    self._display.note(
                        "it never ends; told apart by whether RabbitMQ goes on hearing from it"
                    )
                self._display.line(self._releases, history)
                self._display.known(describe(self._releases, history))
                waiting = [i for task, i in running.items() if task in self._looking_on]
                if not whole_map:
                    useful = {*exact.worth_probing(history), *self._unconfirmed(history, waiting)}
                    useless = [
                        task
                        for task, i in running.items()
                        if i not in useful and task not in self._looking_on
                    ]
                    await stop(useless)
                    running = {task: i for task, i in running.items() if task not in useless}
                busy = [i for task, i in running.items() if task not in self._looking_on]
                chosen = self._next(history, busy, waiting, whole_map=whole_map)
                needed = running if whole_map else busy or (waiting and self._unconfirmed(history))
                if not chosen and not needed:
                    if unproven := self._unproven(history):
                        await self._prove(unproven)
                        continue
                    return
                boot = boot or asyncio.create_task(self._broker.lease())  # while some are built
                for i in chosen:
                    running[asyncio.create_task(self._observe(self._releases[i]))] = i
                if not whole_map and self._axis.resolve is None and self._place.local:
                    self._ahead.build(*self._likely_next(history, [*busy, *chosen]))
                running = await self._wait(running, {boot})
        finally:
            await stop([*running, *([boot] if boot else [])])
            await self._ahead.stop()

    async def _wait(
        self, running: dict[asyncio.Task[None], int], others: set[asyncio.Task[object]]
    ) -> dict[asyncio.Task[None], int]:
        """Wait until there is something new to know; returns what still runs."""
        called = asyncio.create_task(self._called.wait())
        unfinished = {task for task in others if not task.done()}
        try:
            done, _ = await asyncio.wait(
                {*running, *self._ahead.under_way, *unfinished, called},
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            await stop([called])
        for task in done:
            task.result()  # trouble ends the search
        self._looking_on -= done
        return {task: i for task, i in running.items() if not task.done()}

    def _next(
        self,
        history: list[Verdict | None],
        busy: Sequence[int],
        waiting: Sequence[int],
        *,
        whole_map: bool,
    ) -> list[int]:
        room = self._place.jobs - len(busy)
        if whole_map and None in history:
            missing = [i for i, verdict in enumerate(history) if verdict is None]
            return [i for i in missing if i not in busy][:room]
        chosen = exact.next_to_probe(history, self._place.jobs, busy, suspects=self._suspects)
        # Room that is left goes to what the answer will name, should the running probes agree ...
        chosen += [i for i in self._unconfirmed(history, waiting) if i not in {*busy, *chosen}]
        if not chosen and self._needed == self._confirm > 1:
            # ... or to the running ones themselves: it will name two of them.
            chosen = [
                i
                for i in dict.fromkeys(busy)
                if busy.count(i) + self._seen.agreeing(self._name(i)) < self._confirm
                and self._installed(i)
            ]
        return chosen[:room]

    def _likely_next(
        self, history: list[Verdict | None], running: Sequence[int]
    ) -> tuple[list[Environment], int]:
        """The environments that will be asked for next, and how many may be built meanwhile."""
        room = AHEAD - sum(not self._installed(i) for i in running)
        chosen = exact.next_to_probe(history, len(running) + room, running) if room > 0 else []
        return [self._axis.environment(self._releases[i]) for i in chosen], room

    def _installed(self, index: int) -> bool:
        return self._place.has(self._axis.environment(self._releases[index]))

    def _unconfirmed(
        self, history: Sequence[Verdict | None], waiting: Sequence[int] = ()
    ) -> list[int]:
        """The releases that an answer would name, as long as they have been seen only once.

        So are those of which only hangs are known that were called early, unless one of those
        probes goes on: `waiting`.  The first stable release after a flip is named, too: so it is
        not taken on trust.
        """
        agreeing = self._needed
        named: dict[int, int] = {}
        found = exact.changes(history)
        for flip, following in zip_longest(found, found[1:]):
            until = following.after if following else len(history)
            stable = first_stable(self._releases, history, flip.after, until)
            if stable is not None:
                named.setdefault(stable, 1)
            named.update({flip.before: agreeing, flip.after: agreeing})
        # What it says of the others rests on the first one; where it names none, on all of them.
        others = exact.tested(history)
        if not found and exact.worth_probing(history):
            others = []  # it is too early to say
        named = {**dict.fromkeys(others[:1] if found else others, 0), **named}
        left = [
            i
            for i, needed in named.items()
            if self._seen.agreeing(self._name(i)) < needed
            or (i not in waiting and self._seen.early(self._name(i)))
        ]
        # What takes longest goes first, so that nobody has to wait for it in the end.
        return sorted(left, key=self._seconds, reverse=True)

    def _seconds(self, index: int) -> float:
        return max((o.seconds for o in self._seen.of[self._name(index)]), default=0.0)

    @property
    def _needed(self) -> int:
        """How often a release beside a flip is probed side by side with others."""
        # With --repeat it was probed several times already; and the last one may be made alone.
        return 1 if self._repeat > 1 else max(self._confirm - self.to_be_proven, 1)

    @property
    def to_be_proven(self) -> bool:
        """Whether probes may have disturbed each other: scenarios share nothing, programs may."""
        return self._confirm > 0 and not self._program.builtin and self._place.jobs > 1

    def _unproven(self, history: Sequence[Verdict | None]) -> list[int]:
        """The releases that an answer rests on, and that were never probed alone."""
        if not self.to_be_proven:
            return []
        seen = exact.tested(history)
        sides = [i for flip in exact.changes(history) for i in (flip.before, flip.after)]
        named = dict.fromkeys([*sides, *seen[:1], *seen[-1:]])
        return [i for i in named if not any(o.alone for o in self._seen.of[self._name(i)])]

    async def _prove(self, unproven: Sequence[int]) -> None:
        """Probe releases alone; one that comes out otherwise makes void what was seen beside it."""
        for i in unproven:
            release = self._releases[i]
            before = self._seen.verdict(release.version)
            after = await self._probe(release, alone=True)
            if self._seen.as_it_counts(after).verdict is not before:
                self._place.one_at_a_time(
                    f"{release.version} is {after.verdict.value} alone, and was not beside others:"
                    " the probes disturb each other, what was seen side by side is forgotten",
                    always=True,
                )
                self._seen.forget(lambda o: not o.alone)
                return

    def _name(self, index: int) -> str:
        return self._releases[index].version

    async def find_flaky(self, confidence: float, most: int) -> noisy.Answer | None:
        """Probe until one flip, or none, is so probable, or `most` probes were made.

        For reproductions that fail sometimes: a release is probed as often as it takes.
        """
        from bisector.search import noisy  # noqa: PLC0415  # with NumPy, which no other search needs

        self._hurry = False
        self._tell_known()
        while True:
            tallies = [
                noisy.Tally.of(o.verdict for o in self._seen.of[r.version]) for r in self._releases
            ]
            made = sum(map(len, self._seen.of.values()))
            found = noisy.answer(tallies, confidence)
            self._display.line(self._releases, self.history)
            self._display.known(believed(self._releases, noisy.posterior(tallies), probes=made))
            wanted = noisy.next_to_probe(tallies, self._place.jobs)
            if found or made >= most or not wanted:
                return found
            await together([self._boot(), *(self._observe(self._releases[i]) for i in wanted)])

    async def observe(
        self, name: str, environment: Environment, *, alone: bool = False
    ) -> Observation:
        """Probe one environment under a name of its own; journalled like all the others.

        Bad once is bad, where a release is probed several times; a name that was probed before is
        not probed again, unless it has to be alone and was not.
        """
        known = [o for o in self._journal.of(name, environment) if o.alone or not alone]
        remembered = bool(known)

        def stage(text: str) -> None:
            self._display.stage(name, text)

        for _ in range(self._repeat - len(known)):
            if known and known[-1].verdict is not Verdict.GOOD:
                break
            what = self._program, self._rules, stage
            known.append(await self._place.answer(name, environment, *what, alone=alone))
            remembered = False
            self._journal.add(known[-1], environment)
        seen = self._seen.as_it_counts(known[-1])
        self._display.observed(seen, remembered=remembered)
        return seen

    def _tell_known(self) -> None:
        for seen in self.observations.values():
            self._display.observed(seen[-1], remembered=True)

    async def _boot(self) -> None:
        await self._broker.lease()

    async def _observe(self, release: Release) -> None:
        for _ in range(self._repeat):
            if (await self._probe(release)).verdict is not Verdict.GOOD:
                return  # once is enough to be bad

    async def _probe(self, release: Release, *, alone: bool = False) -> Observation:
        since, doing = time.monotonic(), ""

        def stage(text: str) -> None:
            nonlocal since, doing
            now = time.monotonic()
            if doing:
                self.timing[doing] = self.timing.get(doing, 0.0) + now - since
            since, doing = now, text
            self._display.stage(release.version, text)

        guesses: list[Observation] = []

        async def hangs(guess: Observation) -> None:
            if not guesses and self._hurry:
                guesses.append(guess)
                self._made += 1
                self._seen.guess(guess)
                self._display.observed(guess, remembered=False)
                self._looking_on.add(probing)
                self._called.set()

        probing = cast("asyncio.Task[None]", asyncio.current_task())
        environment = self._axis.environment(release)
        stage("installing")
        await self._ahead.wait_for(environment)
        try:
            observation = await self._place.answer(
                release.version, environment, self._program, self._rules, stage, alone=alone,
                early=hangs if self._hurry else None,
            )  # fmt: skip
        except asyncio.CancelledError:
            for guess in guesses:
                self._seen.replace(guess, guess)
            raise
        stage("done")
        early = [o for o in self._seen.of[release.version] if o.early]
        for guess in guesses:
            self._seen.replace(guess, observation)
        if not guesses:
            self._made += 1
            self._seen.add(observation)
        if observation.verdict is Verdict.GOOD and early:
            self._take_back(release.version)
        if not guesses or guesses[0].verdict is not observation.verdict:
            self._display.observed(self._seen.as_it_counts(observation), remembered=False)
        return observation

    def _take_back(self, version: str) -> None:
        """Forget the hangs that were called early, after a longer look at one showed none."""
        self._hurry = False
        self._display.note(f"{version} was only slow: hangs that were called early are forgotten")
        self._seen.forget(lambda o: o.early)
