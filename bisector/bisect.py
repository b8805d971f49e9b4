"""One bisection: releases in, an `Answer` out; observes until the search has no more questions."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import pairwise
from typing import Any, Protocol

from bisector import environments, search
from bisector.broker import Broker
from bisector.journal import Journal
from bisector.probe import Observation, observe
from bisector.programs import Program
from bisector.releases import Release
from bisector.search import Verdict

AGREEING = 2
"""How often a release beside a flip must have given its verdict, each time in a fresh process."""
DISPUTED = 5
"""After that many observations a release that answers both ways counts as bad: not reliable."""


class Display(Protocol):
    """Is told how a bisection gets on."""

    def stage(self, version: str, text: str) -> None:
        """A release is being installed, probed, ..."""

    def observed(self, observation: Observation, *, remembered: bool) -> None:
        """A release has a verdict; `remembered`: from the journal."""

    def known(self, text: str) -> None:
        """What is known so far, in a line."""

    def note(self, text: str) -> None:
        """Something worth a line."""


@dataclass(frozen=True)
class Flip:
    """Where behaviour changes: the two nearest tested releases with different verdicts."""

    before: str
    after: str
    from_: Verdict
    to: Verdict
    first_stable: str | None
    """First stable release on the far side; None when there is none yet."""
    skipped: tuple[str, ...]
    """Untestable releases in between: the change may be in any of them, too."""
    since: str
    """Where the stretch of `from_` begins, as far as it was tested."""


@dataclass
class Answer:
    """All that a bisection found out."""

    program: Program
    releases: Sequence[Release]
    observations: dict[str, list[Observation]]
    """Of each release probed, oldest first."""
    history: list[Verdict | None]
    deps: str
    python: str
    rabbitmq: str
    rabbitmq_source: str
    started: datetime
    seconds: float = 0.0
    timing: dict[str, float] = field(default_factory=dict)
    """Seconds by stage, summed over what ran side by side."""

    @property
    def flips(self) -> list[Flip]:
        """All flips found, oldest release first."""
        versions = [release.version for release in self.releases]
        found: list[Flip] = []
        since = next(iter(search.tested(self.history)), 0)
        for flip in search.flips(self.history):
            from_, to = self.history[flip.before], self.history[flip.after]
            assert from_ is not None
            assert to is not None
            stable = first_stable(self.releases, flip.after)
            found.append(
                Flip(
                    versions[flip.before],
                    versions[flip.after],
                    from_,
                    to,
                    versions[stable] if stable is not None else None,
                    tuple(versions[i] for i in flip.between),
                    versions[since],
                )
            )
            since = flip.after
        return found

    def last(self, version: str) -> Observation:
        """Return the newest observation of a release that has the verdict it was given."""
        verdict = self.history[[r.version for r in self.releases].index(version)]
        seen = self.observations[version]
        return next((o for o in reversed(seen) if o.verdict is verdict), seen[-1])


def first_stable(releases: Sequence[Release], start: int) -> int | None:
    """Index of the first stable release from `start` on."""
    return next((i for i in range(start, len(releases)) if releases[i].stable), None)


def settle(observations: Sequence[Observation]) -> Verdict | None:
    """Return the verdict that most observations of a release gave; None while they are even."""
    counts = Counter(o.verdict for o in observations).most_common(2)
    if not counts:
        return None
    if len(counts) > 1 and counts[0][1] == counts[1][1]:
        return Verdict.BAD if len(observations) >= DISPUTED else None
    return counts[0][0]


class Bisection:
    """Observes what the search asks for, several releases at a time."""

    def __init__(  # noqa: PLR0913
        self,
        program: Program,
        releases: Sequence[Release],
        *,
        broker: Broker,
        journal: Journal,
        display: Display,
        jobs: int,
        deps: str,
        python: str,
        timeout: float,
    ) -> None:
        self._program, self._releases = program, releases
        self._broker, self._journal, self._display = broker, journal, display
        self._jobs, self._deps, self._python, self._timeout = jobs, deps, python, timeout
        self._observations = {r.version: journal.of(r.version) for r in releases}
        self.timing: dict[str, float] = {}
        for seen in self._observations.values():
            if seen:
                display.observed(seen[-1], remembered=True)

    @property
    def history(self) -> list[Verdict | None]:
        """The verdicts so far."""
        return [settle(self._observations[r.version]) for r in self._releases]

    @property
    def observations(self) -> dict[str, list[Observation]]:
        """What was seen of each release that was probed."""
        return {version: seen for version, seen in self._observations.items() if seen}

    async def find_flips(self, *, whole_map: bool = False) -> None:
        """Probe until the flips are found and the releases beside them have agreed twice.

        As soon as one probe answers, the next is chosen; one whose verdict has lost its worth by
        then is stopped.  With `whole_map` every release is probed.
        """
        running: dict[int, asyncio.Task[None]] = {}
        # RabbitMQ boots while the first environments are built.
        boot: asyncio.Task[object] | None = None
        try:
            while True:
                history = self.history
                self._display.known(describe(self._releases, history))
                if not whole_map:
                    useful = search.worth_probing(history) | set(self._unconfirmed(history))
                    await _stop([running.pop(i) for i in [*running] if i not in useful])
                for i in self._next(history, running, whole_map=whole_map):
                    running[i] = asyncio.create_task(self._observe(self._releases[i]))
                if not running:
                    return
                boot = boot or asyncio.create_task(self._broker.lease())
                done, _ = await asyncio.wait(
                    {*running.values(), boot} if not boot.done() else running.values(),
                    return_when=asyncio.FIRST_COMPLETED,
                )
                for task in done:
                    task.result()  # trouble ends the search
                running = {i: task for i, task in running.items() if not task.done()}
        finally:
            await _stop([*running.values(), *([boot] if boot else [])])

    def _next(
        self, history: list[Verdict | None], running: Collection[int], *, whole_map: bool
    ) -> list[int]:
        room = self._jobs - len(running)
        if whole_map and None in history:
            missing = [i for i, verdict in enumerate(history) if verdict is None]
            return [i for i in missing if i not in running][:room]
        chosen = search.next_to_probe(history, self._jobs, running)
        # Room that is left goes to what the answer will name, should the running probes agree.
        chosen += [i for i in self._unconfirmed(history) if i not in {*running, *chosen}]
        return chosen[:room]

    def _unconfirmed(self, history: Sequence[Verdict | None]) -> list[int]:
        """The releases that an answer would name, as long as they have been seen only once.

        The first stable release after a flip is named, too: so it is not taken on trust.
        """
        named: list[tuple[int, int]] = []
        for flip in search.changes(history):
            named += [(flip.before, AGREEING), (flip.after, AGREEING)]
            stable = first_stable(self._releases, flip.after)
            named += [(stable, 1)] if stable is not None else []
        return [i for i, needed in dict(reversed(named)).items() if self._agreeing(i) < needed]

    def _agreeing(self, index: int) -> int:
        seen = self._observations[self._releases[index].version]
        verdict = settle(seen)
        return sum(o.verdict is verdict for o in seen)

    async def _observe(self, release: Release) -> None:
        since, doing = time.monotonic(), ""

        def stage(text: str) -> None:
            nonlocal since, doing
            now = time.monotonic()
            if doing:
                self.timing[doing] = self.timing.get(doing, 0.0) + now - since
            since, doing = now, text
            self._display.stage(release.version, text)

        environment = environments.of(release, deps=self._deps, python=self._python)
        observation = await observe(environment, self._program, self._broker, self._timeout, stage)
        stage("done")
        self._journal.add(observation)
        self._observations[release.version].append(observation)
        self._display.observed(observation, remembered=False)


async def _stop(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait for each to have put away what it started."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def describe(releases: Sequence[Release], history: Sequence[Verdict | None]) -> str:
    """Say in a line what a history shows so far."""
    seen = search.tested(history)
    if not seen:
        return f"{len(releases)} releases, {releases[0].version} to {releases[-1].version}"
    changes = [(a, b) for a, b in pairwise(seen) if history[a] != history[b]]
    if not changes:
        verdict = history[seen[0]]
        assert verdict is not None
        return (
            f"{verdict.value} at all {len(seen)} releases tested,"
            f" up to {search.widest_gap(history)} side by side not looked at"
        )
    parts = []
    for a, b in changes:
        left = sum(history[i] is None for i in range(a + 1, b))
        from_, to = history[a], history[b]
        assert from_ is not None
        assert to is not None
        parts.append(
            f"{releases[a].version} {from_.value}, {releases[b].version} {to.value}, "
            + (f"{left} between them left" if left else "neighbours: probing both again")
        )
    return "; ".join(parts)


async def run(  # noqa: PLR0913
    program: Program,
    releases: Sequence[Release],
    *,
    broker: Broker,
    rabbitmq: str,
    journal: Journal,
    display: Display,
    jobs: int,
    deps: str,
    python: str,
    timeout: float,
    whole_map: bool = False,
) -> Answer:
    """Bisect the releases, or with `whole_map` probe them all.

    Raises:
        OutsideError: trouble that stops the search; what was observed is in the journal.
    """
    started, clock = datetime.now(timezone.utc), time.monotonic()
    bisection = Bisection(
        program, releases, broker=broker, journal=journal, display=display,
        jobs=jobs, deps=deps, python=python, timeout=timeout,
    )  # fmt: skip
    await bisection.find_flips(whole_map=whole_map)
    pythons = [o.python for seen in bisection.observations.values() for o in seen if o.python]
    return Answer(
        program,
        releases,
        bisection.observations,
        bisection.history,
        deps,
        pythons[-1] if pythons else python,
        rabbitmq,
        broker.source,
        started,
        round(time.monotonic() - clock, 2),
        {stage: round(seconds, 2) for stage, seconds in bisection.timing.items()},
    )
