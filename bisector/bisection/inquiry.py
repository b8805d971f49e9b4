"""A whole inquiry: which release flips it, whose fault that is, and which commit."""

from __future__ import annotations

import contextlib
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path

from packaging.version import Version

from bisector.axes import commits
from bisector.axes.axis import Axis, Choice
from bisector.axes.commits import Commit
from bisector.axes.dependencies import of_dependency
from bisector.bisection import blame as blaming
from bisector.bisection.answer import Answer, Circumstances, Flip
from bisector.bisection.blame import Blame
from bisector.bisection.journal import Journal, Question
from bisector.bisection.loop import Bisection
from bisector.environments import building, recipes
from bisector.environments.releases import PACKAGE, TooShortError
from bisector.places.display import Display
from bisector.places.here import Here
from bisector.questions.ending import Rules
from bisector.questions.programs import Program
from bisector.rabbitmq.broker import Broker


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
        journal: Path,
        fresh: bool,
        display: Display,
    ) -> None:
        """Take all that does not change from one bisection of the inquiry to the next."""
        self._program, self._choice, self._rules, self._manner = program, choice, rules, manner
        self._broker, self._rabbitmq, self._display = broker, rabbitmq, display
        self._journal, self._fresh = journal, fresh
        self._forgotten: list[Question] = []
        self._place = Here(broker, manner.jobs, display.note, insist=manner.insist)

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
        axis = finding.answer.axis
        envs = {r.version: axis.environment(r) for r in axis.releases
                if r.version in (flip.before, flip.after)}  # fmt: skip
        for environment in envs.values():
            await building.install(environment)
        bisection = self._bisection(axis, self._manner)
        found = await blaming.blame(
            axis.package,
            (flip.before, envs[flip.before]),
            (flip.after, envs[flip.after]),
            flip.from_,
            bisection.observe,
        )
        if found.dependency and axis.package == PACKAGE:
            changed = {name: (old, new) for name, old, new in found.differences}
            # The release may also have gone back to an older version.
            old, new = sorted(filter(None, changed[found.dependency]), key=Version)
            choice = replace(
                self._choice,
                with_=(f"{PACKAGE}=={flip.before}", *self._choice.with_),
                start=old,
                end=new,
            )
            with contextlib.suppress(TooShortError):  # neighbours: there is nothing between
                inner = await of_dependency(found.dependency, choice)
                walked = self._bisection(inner, replace(self._manner, whole_map=False))
                await walked.find_flips()
                found = replace(found, inner=walked.answer(self._circumstances()))
        finding.blames[flip] = found
        return found

    async def find_commit(self, finding: Finding, flip: Flip, clone: Path) -> Answer:
        """Go on inside a flip, from release to commit.

        Args:
            clone: of the guilty package: where a dependency was found guilty, of that.
        """
        axis, inside = finding.answer.axis, flip
        blame = finding.blames.get(flip)
        if blame and blame.inner and blame.inner.flips:
            axis, inside = blame.inner.axis, blame.inner.flips[0]
        release = next(r for r in axis.releases if r.version == inside.after)
        line = commits.between(clone, inside.before, inside.after)
        walked = commits.axis(clone, line, axis.package, axis.environment(release))
        bisection = self._bisection(walked, replace(self._manner, whole_map=False))
        await bisection.find_flips()
        found = bisection.answer(self._circumstances())
        finding.commits[flip], finding.lines[flip] = found, line
        return found

    def _bisection(self, axis: Axis, manner: Manner) -> Bisection:
        choice = self._choice
        question = Question(
            axis.package,
            self._program.as_typed,
            self._program.digest or f"unknown {uuid.uuid4()}",
            choice.python,
            recipes.rule(choice.deps),
            f"{self._rabbitmq}, {self._broker.source}",
            self._rules.to_json(),
        )
        journal = Journal(question, self._journal, self._display.note)
        if self._fresh and question not in self._forgotten:
            self._forgotten.append(question)
            journal.forget()
        return Bisection(
            self._program,
            axis,
            broker=self._broker,
            place=self._place,
            journal=journal,
            display=self._display,
            rules=self._rules,
            repeat=manner.repeat,
        )

    def _circumstances(self) -> Circumstances:
        return Circumstances(
            self._choice.deps, self._choice.python, self._rabbitmq, self._broker.source
        )
