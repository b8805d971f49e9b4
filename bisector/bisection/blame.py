"""Whose fault a flip is: the smallest set of changes between two environments that flips it.

Every change is one distribution in another version, the walked package's own code among them.  A
cross is an exact environment: what no resolver would allow can still be run, and mostly runs.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from bisector.bisection.crosses import Cross, Crossing, Looked, Side
from bisector.environments.recipes import Difference, Environment, graph, reach
from bisector.environments.releases import PACKAGE
from bisector.questions.behaviour import UNIMPORTABLE, Observation
from bisector.search import minimal
from bisector.search.exact import Verdict
from bisector.search.minimal import Found, Outcome
from bisector.tasks import stop

if TYPE_CHECKING:
    from bisector.axes.axis import Axis
    from bisector.bisection.answer import Answer

CODE, DEPENDENCY = "own code", "dependency"
EITHER, TOGETHER, WELDED = "either alone", "both together", "welded"
NEAREST = ("aio-pika", "aiormq", "pamqp", "fast-depends")
"""What FastStream's behaviour depends on most: suspected first, which changes no answer."""
MOST = 80
"""Crosses that are tried for one flip, at most."""


class Observe(Protocol):
    """Probes an environment under a name, in a fresh process."""

    async def __call__(
        self, name: str, environment: Environment, *, alone: bool = False
    ) -> Observation:
        """With `alone`, while nothing else is probed."""


@dataclass(frozen=True)
class Walk:
    """A culprit's own releases, walked from one side of the flip to the other."""

    axis: Axis
    answer: Answer | None = None
    """None: there is nothing between the two, so nothing to ask."""

    @property
    def edges(self) -> list[tuple[str, str]]:
        """The releases beside each change: before, after."""
        if self.answer is None:
            return [(self.axis.releases[0].version, self.axis.releases[-1].version)]
        return [(flip.before, flip.after) for flip in self.answer.flips]


@dataclass(frozen=True)
class Blame:
    """Whose fault a flip is, and how that was seen."""

    guilty: str
    """`own code`, `dependency`, `either alone`, `both together` or `welded`."""
    sentence: str
    differences: tuple[Difference, ...]
    """The dependencies that differ, guilty or not."""
    culprits: tuple[Difference, ...] = ()
    """A set of changes that flips the verdict; the walked package itself may be one of them."""
    minimal: bool = True
    """Whether none of them could be left out: each was taken out, and it did not flip."""
    welded: tuple[Difference, ...] = ()
    """Those of them that only run together."""
    crosses: tuple[tuple[str, Observation], ...] = ()
    """What was probed, in words, and what it did."""
    probes: int = 0
    """How many probes that took."""
    seconds: float = 0.0
    """How long, without the culprits' own releases."""
    walks: tuple[Walk, ...] = field(default=(), compare=False)
    """Along the culprits' own releases."""

    @property
    def dependency(self) -> str | None:
        """The dependency that flips it alone, where one does."""
        alone = self.guilty == DEPENDENCY and len(self.culprits) == 1
        return self.culprits[0][0] if alone else None


async def blame(
    package: str,
    before: Side,
    after: Side,
    from_: Verdict,
    observe: Observe,
    *,
    suspect: str = PACKAGE,
    jobs: int,
    prove: bool = False,
    most: int = MOST,
) -> Blame:
    """Find the changes that flip it, by crossing the two sides of a flip.

    Args:
        package: the one that was walked: the most suspected change, where it is one.
        from_: the verdict of the side before.
        suspect: the most suspected one otherwise.
        jobs: how many crosses are probed side by side.
        prove: whether what the answer rests on is probed again alone, since probes may disturb
            each other.
        most: how many crosses are probed at most.
    """
    crossing = Crossing(package, before, after)
    trial = _Trial(crossing, (package, suspect), before, after, from_, observe, jobs, most)
    found = await trial.search()
    if prove and jobs > 1 and not await trial.proven(found):
        found = await trial.search_alone()
    changed = crossing.changed
    guilty = _guilty(package, found)
    rest = trial.outcome(frozenset(changed) - {package})
    if guilty == CODE and rest is Outcome.FLIPPED:
        guilty = EITHER
    return Blame(
        guilty,
        _sentence(crossing, found, guilty, trial.seen),
        tuple(d for name, d in sorted(changed.items()) if name != package),
        tuple(changed[name] for name in found.members),
        found.certified,
        tuple(changed[name] for name in found.welded),
        trial.told(),
        trial.made,
    )


class _Trial:
    """Probes crosses, several side by side, until the search has no more to ask."""

    def __init__(
        self,
        crossing: Crossing,
        suspects: tuple[str, ...],
        before: Side,
        after: Side,
        from_: Verdict,
        observe: Observe,
        jobs: int,
        most: int,
    ) -> None:
        self.crossing, self._observe, self._jobs, self._most = crossing, observe, jobs, most
        self._looked_for = Looked(after if from_ is Verdict.GOOD else before, from_)
        needs = graph(after.environment)
        reached = {name: reach(needs, name) for name in crossing.changed}
        self._order = sorted(
            crossing.changed,
            # What stands between FastStream and RabbitMQ, and then what brings the fewest others.
            key=lambda n: (n not in suspects, n not in NEAREST, len(reached[n]), n),
        )
        self._kin = [frozenset(reached[n] & crossing.changed.keys()) for n in self._order]
        self.seen: dict[Cross, Observation] = {}
        self.made = 0
        """Probes made, those of before that are remembered included."""

    def outcome(self, cross: Cross) -> Outcome | None:
        """What a cross that was tried says."""
        seen = self.seen.get(cross)
        return self._looked_for.outcome(seen) if seen else None

    async def search(self) -> Found[str]:
        """Search on from what is known."""
        running: dict[Cross, asyncio.Task[None]] = {}
        try:
            while True:
                known = {c: self._looked_for.outcome(seen) for c, seen in self.seen.items()}
                now = minimal.search(self._order, known, self._kin)
                wanted = now.sets if isinstance(now, minimal.Wanted) else ()
                await stop([task for cross, task in running.items() if cross not in wanted])
                running = {cross: task for cross, task in running.items() if cross in wanted}
                if not isinstance(now, minimal.Wanted):
                    return now
                for cross in wanted:
                    if (
                        cross not in running
                        and len(running) < self._jobs
                        and self.made < self._most
                    ):
                        running[cross] = asyncio.create_task(self._try(cross))
                        self.made += 1
                if not running:
                    return minimal.smallest(self._order, known)
                done, _ = await asyncio.wait(
                    [*running.values()], return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    task.result()  # trouble ends the search
                running = {cross: task for cross, task in running.items() if not task.done()}
        finally:
            await stop([*running.values()])

    def told(self) -> tuple[tuple[str, Observation], ...]:
        """What was probed, in words: the two plain crosses first, then by size."""
        suspect = frozenset(self._order[:1])
        first = [frozenset(self._order) - suspect, suspect]

        def place(cross: Cross) -> tuple[int, int, list[int]]:
            at = first.index(cross) if cross in first else len(first)
            return at, len(cross), sorted(map(self._order.index, cross))

        return tuple((self.crossing.name(c), self.seen[c]) for c in sorted(self.seen, key=place))

    async def proven(self, found: Found[str]) -> bool:
        """Whether what an answer rests on comes out the same with nothing else running."""
        members = frozenset(found.members)
        for cross in [members, *(members - {member} for member in found.members)]:
            seen = self.seen.get(cross)
            if seen is not None and not seen.alone:
                before = self._looked_for.outcome(seen)
                await self._try(cross, alone=True)
                self.made += 1
                if self.outcome(cross) is not before:
                    return False
        return True

    async def search_alone(self) -> Found[str]:
        """Search from the beginning, one cross at a time, since they disturbed each other."""
        self.seen = {cross: seen for cross, seen in self.seen.items() if seen.alone}
        self._jobs = 1
        return await self.search()

    async def _try(self, cross: Cross, *, alone: bool = False) -> None:
        name, environment = self.crossing.name(cross), self.crossing.environment(cross)
        seen = await self._observe(name, environment, alone=alone or self._jobs == 1)
        self.seen[cross] = self._looked_for.counted(seen)


def _guilty(package: str, found: Found[str]) -> str:
    if found.welded:
        return WELDED
    if package not in found.members:
        return DEPENDENCY
    return CODE if len(found.members) == 1 else TOGETHER


def _sentence(
    crossing: Crossing, found: Found[str], guilty: str, seen: Mapping[Cross, Observation]
) -> str:
    package, others = crossing.package, [n for n in found.members if n != crossing.package]
    named = " and ".join(crossing.called(name) for name in others)
    if not found.certified:
        several = f"{package}'s own code and {named}" if len(others) < len(found.members) else named
        return f"It is among these, the smallest set so far, after {len(seen)} crosses: {several}."
    if guilty == WELDED:
        return _welded(crossing, found, seen)
    if guilty == CODE:
        if not seen:
            return f"It is {package}'s own code: both releases have the same dependencies."
        rest = seen.get(frozenset(crossing.changed) - {package})
        alone = rest is None or rest.verdict is Verdict.SKIP
        nothing = "with the dependencies of before it flips, too" if alone else (
            "the dependencies change nothing"
        )  # fmt: skip
        return f"It is {package}'s own code: {nothing}."
    if guilty == EITHER:
        return f"It is both: {package}'s own code and its dependencies, either of them alone."
    if guilty == TOGETHER:
        return f"It is {package}'s own code together with {named}: no part of that does it."
    acquitted = f": {package} is not guilty" if crossing.code else ""
    if len(others) == 1:
        what = "a dependency, " if crossing.code else ""
        return f"It is {what}{named}{acquitted}."
    what = "dependencies, " if crossing.code else ""
    return f"It is {what}{named} together, none of them alone{acquitted}."


def _welded(crossing: Crossing, found: Found[str], seen: Mapping[Cross, Observation]) -> str:
    """Say which changes move as one, and why none of them could be had without the others."""
    members = frozenset(found.members)
    head = found.members[0]
    own = head == crossing.package
    without = seen.get(members - {*found.members[1:]})
    fails = "import" if without and _does_not_import(without) else "run"
    rest = " and ".join(crossing.called(name) for name in found.members[1:])
    first = f"{head}'s own code" if own else crossing.called(head)
    whose = crossing.after.version if own else crossing.called(head)
    text = f"It is {first}, together with {rest}, without which {whose} does not {fails}"
    left = len(crossing.changed) - len(members)
    others = {1: "; the other change is acquitted"}.get(left, f"; the {left} others are acquitted")
    innocent = crossing.code and crossing.package not in members
    too = f", {crossing.package}'s own code among them" if innocent and left > 1 else ""
    return f"{text}{others + too if left else ''}."


def _does_not_import(seen: Observation) -> bool:
    return seen.outcome == UNIMPORTABLE or bool(re.search(r"Import|ModuleNotFound", seen.reason))
