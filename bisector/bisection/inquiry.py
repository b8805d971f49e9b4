"""A whole inquiry: which release flips it, whose fault that is, and which commit."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bisector.axes import commits
from bisector.axes.axis import Axis, Choice
from bisector.axes.brokers import RABBITMQ
from bisector.axes.commits import Commit
from bisector.axes.culprits import of_culprits
from bisector.bisection import blame as blaming
from bisector.bisection.answer import Answer, Circumstances, Flip
from bisector.bisection.blame import Blame, Walk
from bisector.bisection.crosses import Side
from bisector.bisection.journal import Journal, Question
from bisector.bisection.loop import AGREEING, Bisection
from bisector.environments import building
from bisector.environments.releases import PACKAGE
from bisector.places.beside import Beside
from bisector.places.display import Display
from bisector.places.here import Here
from bisector.places.place import Place
from bisector.places.resolving import Resolving
from bisector.questions.ending import Rules
from bisector.questions.programs import Program
from bisector.rabbitmq.broker import Broker
from bisector.rabbitmq.fleet import Fleet

REPEATS = 30
"""How often a cross is probed at most, where it fails only sometimes."""


@dataclass(frozen=True)
class Manner:
    """How the search is done."""

    jobs: int
    insist: bool = False
    """Whether the user wants so many jobs, also where probes cannot be kept apart."""
    whole_map: bool = False
    repeat: int = 1
    flaky: bool = False
    confidence: float = 0.99
    most: int = 500
    """Probes that a flaky search may make."""
    confirm: int = AGREEING
    """Fresh processes that have to agree on each side of a flip."""
    suspects: tuple[str, ...] = ()
    """Releases to be tried first, since they are believed to be where it flips."""


@dataclass
class Finding:
    """An answer, and what was found out about its flips afterwards."""

    answer: Answer
    blames: dict[Flip, Blame] = field(default_factory=dict)
    commits: dict[Flip, Answer] = field(default_factory=dict)
    """The bisection of the commits inside a flip."""
    lines: dict[Flip, list[Commit]] = field(default_factory=dict)
    """All commits inside a flip, oldest first."""


class Inquiry:
    """Asks about one program, beside one broker."""

    def __init__(
        self,
        program: Program,
        choice: Choice,
        rules: Rules,
        manner: Manner,
        *,
        broker: Broker,
        rabbitmq: str,
        fleet: Fleet | None = None,
        place: Place | None = None,
        source: str = "",
        journal: Path,
        known: Sequence[Path] = (),
        fresh: bool,
        display: Display,
    ) -> None:
        """Take all that does not change from one bisection of the inquiry to the next.

        Args:
            fleet: where RabbitMQ itself is walked: takes the broker's place.
            place: where cells are answered, if not on this machine.
            source: where the RabbitMQ there come from, in words.
            known: journals of other runs.
        """
        self._program, self._choice, self._rules, self._manner = program, choice, rules, manner
        self._broker, self._rabbitmq, self._display = broker, rabbitmq, display
        self._journal, self._known, self._fresh = journal, known, fresh
        self._forgotten: list[Question] = []
        self._source = source or (fleet.source if fleet else broker.source)
        self._place: Place = place or (
            Beside(fleet, manner.jobs, display.note, insist=manner.insist)
            if fleet
            else Here(broker, manner.jobs, display.note, insist=manner.insist)
        )

    async def find(self, axis: Axis) -> Finding:
        """Find the flips along an axis."""
        bisection = self._bisection(axis, self._manner)
        flaky = None
        if self._manner.flaky:
            flaky = await bisection.find_flaky(self._manner.confidence, self._manner.most)
        else:
            await bisection.find_flips(whole_map=self._manner.whole_map)
        where = self._circumstances()
        return Finding(bisection.answer(where, may_be_wrong=self._manner.flaky, flaky=flaky))

    async def blame(self, finding: Finding, flip: Flip) -> Blame:
        """Find out whose fault a flip is; a guilty dependency's own releases are bisected, too."""
        answer, axis = finding.answer, finding.answer.axis
        if axis.package == RABBITMQ:
            culprit = (RABBITMQ, flip.before, flip.after)
            found = Blame(blaming.CODE, "It is RabbitMQ: nothing else differs.", (), (culprit,))
            finding.blames[flip] = found
            return found
        began = time.monotonic()
        before, after = await self._side(answer, flip.before), await self._side(answer, flip.after)
        bisection = self._bisection(axis, replace(self._manner, repeat=self._repeats(answer)))
        upload = answer.upload(flip)
        found = await blaming.blame(
            axis.package,
            before,
            after,
            flip.from_,
            bisection.observe,
            suspect=upload.name if upload else PACKAGE,
            # More would only keep the likeliest waiting: crosses are built first, which computes.
            jobs=min(self._place.jobs, max(os.cpu_count() or 1, 2)),
            prove=bisection.to_be_proven,
        )
        found = replace(found, seconds=round(time.monotonic() - began, 2))
        finding.blames[flip] = found  # what was found is told, whatever comes after it
        if axis.package not in {name for name, _, _ in found.culprits}:
            lines = of_culprits(found.culprits, before.environment, after.environment)
            walks = [await self._walk(line) for line in lines]
            # One that is welded to another mostly does not run without it, on its way either.
            told = [walk for walk in walks if walk.edges or not found.welded]
            finding.blames[flip] = found = replace(found, walks=tuple(told))
        return found

    async def _side(self, answer: Answer, version: str) -> Side:
        release = next(r for r in answer.releases if r.version == version)
        environment = answer.axis.environment(release)
        if answer.axis.resolve is not None:
            environment = await answer.axis.resolve(environment)
        await building.install(environment)
        return Side(version, environment, answer.observations[version])

    async def _walk(self, axis: Axis) -> Walk:
        if len(axis.releases) == 2:
            return Walk(axis)
        walked = self._bisection(axis, replace(self._manner, whole_map=False))
        await walked.find_flips()
        return Walk(axis, walked.answer(self._circumstances()))

    def _repeats(self, answer: Answer) -> int:
        """How often a cross is probed: bad once is bad, and one that fails sometimes has to show.

        With `--flaky` so often that it would have failed by then, with the certainty asked for.
        """
        flaky = answer.flaky
        if flaky is None:
            return self._manner.repeat
        rate = max(t.bad / max(t.bad + t.good, 1) for t in (flaky.before, flaky.after))
        if not 0 < rate < 1:
            return 1
        return min(math.ceil(math.log(1 - self._manner.confidence) / math.log(1 - rate)), REPEATS)

    async def find_commit(self, finding: Finding, flip: Flip, clone: Path) -> Answer:
        """Go on inside a flip, from release to commit.

        Args:
            clone: of the guilty package: where a dependency was found guilty, of that.
        """
        axis = finding.answer.axis
        blame = finding.blames.get(flip)
        before, after = flip.before, flip.after
        if blame and blame.walks and blame.walks[0].edges:
            axis = blame.walks[0].axis
            before, after = blame.walks[0].edges[0]
        release = next(r for r in axis.releases if r.version == after)
        line = commits.between(clone, before, after)
        walked = commits.axis(clone, line, axis.package, axis.environment(release))
        bisection = self._bisection(walked, replace(self._manner, whole_map=False))
        await bisection.find_flips()
        found = bisection.answer(self._circumstances())
        finding.commits[flip], finding.lines[flip] = found, line
        return found

    def _bisection(self, axis: Axis, manner: Manner) -> Bisection:
        program, rabbitmq = self._program, f"{self._rabbitmq}, {self._source}"
        question = Question.of(
            axis.package, program.as_typed, program.digest, self._choice, rabbitmq,
            self._rules.to_json(),
        )  # fmt: skip
        journal = Journal(question, self._journal, self._display.note, self._known)
        if self._fresh and question not in self._forgotten:
            self._forgotten.append(question)
            journal.forget()
        return Bisection(
            self._program,
            axis,
            broker=self._broker,
            place=Resolving(self._place, axis.resolve) if axis.resolve else self._place,
            journal=journal,
            display=self._display,
            rules=self._rules,
            repeat=manner.repeat,
            confirm=manner.confirm,
            suspects=manner.suspects,
        )

    def _circumstances(self) -> Circumstances:
        return Circumstances(self._choice.deps, self._choice.python, self._rabbitmq, self._source)
