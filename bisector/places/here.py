"""This machine: programs probed side by side as far as they can be kept apart, or one alone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace

from bisector.environments.recipes import Environment
from bisector.errors import OutsideError
from bisector.isolation.leftovers import other_arguments
from bisector.isolation.sandbox import Arrangement, listens, namespaces
from bisector.places.place import Stage
from bisector.questions import astray
from bisector.questions.astray import AstrayError
from bisector.questions.behaviour import TAKEN, Early, Observation, observe
from bisector.questions.ending import BUSY, Rules
from bisector.questions.programs import Program
from bisector.rabbitmq.broker import Broker
from bisector.search.exact import Verdict


class OnThisMachine:
    """What all places have in common whose environments are here."""

    @property
    def local(self) -> bool:
        """Whether its environments are this machine's."""
        return True

    def has(self, environment: Environment) -> bool:
        """Whether an environment is built."""
        return environment.stamp() is not None


class Here(OnThisMachine):
    """Probes programs on this machine, beside one broker."""

    def __init__(
        self,
        broker: Broker,
        jobs: int,
        note: Callable[[str], None],
        *,
        insist: bool = False,
        turns: Turns | None = None,
    ) -> None:
        """Take how many to probe side by side.

        Args:
            note: is told what a person should know.
            insist: the user wants so many, also where they cannot be kept apart.
            turns: what lets them in, where others probe on this machine, too.
        """
        self._broker, self._jobs, self._insist, self._tell = broker, jobs, insist, note
        self._said: set[str] = set()
        self._turns = turns or Turns(jobs)
        self._settled: dict[Program, Arrangement] = {}
        self._left: set[tuple[str, str]] = set()

    @property
    def jobs(self) -> int:
        """How many programs are probed side by side."""
        return self._jobs

    def one_at_a_time(self, why: str, *, always: bool = False) -> None:
        """Go on with one program at a time.

        Args:
            why: the line that says so.
            always: also where the user insists on more.
        """
        if self._jobs > 1 and (always or not self._insist):
            self._jobs = 1
            self._note(f"{why}: one at a time")

    async def settle(self, program: Program) -> None:
        """Find out how far a program can be kept apart, before the first probe of it."""
        if program.builtin or program in self._settled:
            return
        assert program.files is not None
        ports = program.needs.ports()
        if program.files.names is None:
            self.one_at_a_time(
                f"the folder of {program.name} holds too much to be copied for each probe, and what"
                " is known of it from earlier runs is not believed"
            )
        if not self._broker.isolates:
            self.one_at_a_time(f"all probes share one virtual host ({self._broker.source})")
        if not self._broker.private:
            if ports:
                raise OutsideError("--at puts a RabbitMQ of our own there: unset AMQP_URL for that")
            self._settled[program] = Arrangement()
            return
        inside = await asyncio.to_thread(namespaces)
        self._settled[program] = Arrangement(inside, ports)
        if ports and not inside:
            self._at_this_machine(ports)

    async def answer(
        self,
        version: str,
        environment: Environment,
        program: Program,
        rules: Rules,
        stage: Stage = lambda _text: None,
        *,
        alone: bool = False,
        early: Early | None = None,
    ) -> Observation:
        """Probe a program in an environment; with `alone`, while nothing else is probed.

        What others may have caused is void, and asked again alone.  What hangs early makes room
        for the next: it only waits.

        Raises:
            OutsideError: trouble that says nothing about the release.
        """
        await self.settle(program)
        while True:
            arrangement = self._settled.get(program, Arrangement())
            by_itself = alone or self._jobs == 1  # others that share the turns need not be
            async with self._turns.alone() if by_itself else self._turns.beside() as turn:
                if self._jobs == 1 and not by_itself:  # that was found out while it waited
                    continue

                async def hangs(seen: Observation, turn: Turn = turn) -> None:
                    assert early is not None
                    await turn.leave()
                    await early(seen)

                try:
                    seen = await observe(
                        version, environment, program, self._broker, rules, stage, arrangement,
                        hangs if early and not by_itself else None,
                    )  # fmt: skip
                except AstrayError as error:
                    self._search_elsewhere(program, arrangement, error)
                    continue
            if self._needs_the_network(program, arrangement, seen):
                continue
            if not by_itself and _disturbed(seen, arrangement):
                alone = True
                continue
            self._look_at_leftovers(seen)
            for extra in environment.lacking():
                self._note(
                    f"there are releases without the extra {extra!r}: installed without it",
                )
            return replace(seen, alone=by_itself)

    def _search_elsewhere(self, program: Program, used: Arrangement, error: AstrayError) -> None:
        """Put RabbitMQ where the program was refused, if that can be done.

        Raises:
            AstrayError: it cannot.
        """
        now, place = self._settled[program], error.place
        if used != now:
            return  # another probe has found out already
        if not self._broker.private or place.port is None:
            raise error
        if place.here and place.port not in now.ports and not listens(place.port):
            self._note(f"{program.name} dials {place}, where nobody listens: RabbitMQ is put there")
            self._settled[program] = replace(now, ports=(*now.ports, place.port))
            if not now.namespace:
                self._at_this_machine([place.port])
            return
        if now.namespace:
            self._leave_namespace(program, f"{program.name} looks for {place}")
            return
        raise error

    def _needs_the_network(self, program: Program, used: Arrangement, seen: Observation) -> bool:
        if not used.namespace or seen.verdict is Verdict.GOOD:
            return False
        there = [place for place in astray.refused_at(seen.output) if place.here]
        wants = astray.beyond(seen.output) or next(
            (str(place) for place in there if place.port and listens(place.port)), None
        )
        if wants is None:
            return False
        self._leave_namespace(program, f"{program.name} wants the network ({wants})")
        return True

    def _leave_namespace(self, program: Program, why: str) -> None:
        now = self._settled[program]
        if now.namespace:
            self._note(f"{why}: it gets the network of this machine, not one of its own")
            self._settled[program] = replace(now, namespace=False)
            if now.ports:
                self._at_this_machine(now.ports)

    def _at_this_machine(self, ports: Sequence[int]) -> None:
        dialled = "port " + " and ".join(map(str, ports))
        self.one_at_a_time(f"the program dials {dialled} of this machine itself", always=True)

    def _look_at_leftovers(self, seen: Observation) -> None:
        """See what a probe left on a RabbitMQ that is not ours.

        Raises:
            OutsideError: what an earlier one left there made this one fail.
        """
        if self._broker.isolates:
            return
        told = [*seen.evidence.get("complaints", []), seen.output]
        if met := sorted(other_arguments(told) & self._left):
            raise OutsideError(
                f"{' '.join(met[0])} was left on your RabbitMQ by an earlier probe and stands in"
                " the way of this one: delete it and let the program delete what it declares, or"
                " unset AMQP_URL, so that each probe gets a virtual host of its own"
            )
        left = {tuple(text.split(" ", 1)) for text in seen.evidence.get("left_behind", [])}
        self._left |= {(kind, name) for kind, name in left}
        for kind, name in sorted(left):
            self._note(f"{kind} {name} is left on your RabbitMQ: other probes will meet it")

    def _note(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._tell(text)


class Turn:
    """Somebody's time inside."""

    def __init__(self, leave: Callable[[], Awaitable[None]]) -> None:
        self._leave: Callable[[], Awaitable[None]] | None = leave

    async def leave(self) -> None:
        """Make room for others, if that has not been done."""
        if self._leave:
            leave, self._leave = self._leave, None
            await leave()


class Turns:
    """Lets so many in side by side, or one alone."""

    def __init__(self, most: int) -> None:
        self._most, self._inside, self._waiting = most, 0, 0
        self._changed = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def beside(self) -> AsyncIterator[Turn]:
        """Come in while others are, unless somebody wants to be alone."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._inside < self._most and not self._waiting)
            self._inside += 1
        turn = Turn(self._one_leaves)
        try:
            yield turn
        finally:
            await turn.leave()

    @contextlib.asynccontextmanager
    async def alone(self) -> AsyncIterator[Turn]:
        """Come in when nobody is there, and stay so."""
        async with self._changed:
            self._waiting += 1
            try:
                await self._changed.wait_for(lambda: not self._inside)
                self._inside = self._most
            finally:
                self._waiting -= 1
                self._changed.notify_all()
        turn = Turn(self._all_leave)
        try:
            yield turn
        finally:
            await turn.leave()

    async def _one_leaves(self) -> None:
        await self._left(self._inside - 1)

    async def _all_leave(self) -> None:
        await self._left(0)

    async def _left(self, inside: int) -> None:
        self._inside = inside
        async with self._changed:
            self._changed.notify_all()


def _disturbed(seen: Observation, arrangement: Arrangement) -> bool:
    """Whether others may be why a probe came out as it did."""
    return seen.outcome == BUSY or (seen.outcome == TAKEN and not arrangement.namespace)
