"""Which pairs work: one program along two axes at once, one of which is RabbitMQ's versions."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from bisector.axes.axis import Axis
from bisector.bisection.answer import settle
from bisector.bisection.journal import Journal
from bisector.bisection.loop import AGREEING
from bisector.environments import building
from bisector.environments.releases import Release
from bisector.places.beside import Beside
from bisector.places.display import Display
from bisector.questions.behaviour import Observation
from bisector.questions.ending import Rules
from bisector.questions.programs import Program
from bisector.search import grid
from bisector.search.exact import Verdict
from bisector.search.grid import Cell, Plan
from bisector.tasks import together

WORDS = {Verdict.GOOD: "good", Verdict.BAD: "bad", Verdict.SKIP: "cannot be tested",
         None: "not known"}  # fmt: skip
BUILDS = 2
"""How many environments are built at a time: that computes."""


@dataclass
class Pairs:
    """A map of pairs: RabbitMQ's versions down, another axis across."""

    program: Program
    rabbitmqs: Sequence[str]
    axis: Axis
    plan: Plan
    known: dict[Cell, Verdict] = field(default_factory=dict)
    probes: int = 0
    seconds: float = 0.0

    @property
    def cells(self) -> int:
        """How many there are."""
        return self.plan.rows * self.plan.columns

    def sentences(self) -> list[str]:
        """Name every border in words, rows with the same answers in one."""
        full = grid.filled(self.plan, self.known)
        rows = [tuple(full.get((r, c)) for c in range(self.plan.columns))
                for r in range(self.plan.rows)]  # fmt: skip
        told, first = [], 0
        for row, same in groupby(rows):
            last = first + len(list(same)) - 1
            name = _span("RabbitMQ", self.rabbitmqs[first], self.rabbitmqs[last])
            told.append(f"{name}: {self._across(row)}.")
            first = last + 1
        return told

    def _across(self, row: Sequence[Verdict | None]) -> str:
        parts, first = [], 0
        for verdict, same in groupby(row):
            last = first + len(list(same)) - 1
            versions = [self.axis.releases[i].version for i in (first, last)]
            parts.append(f"{WORDS[verdict]} with {_span(self.axis.package, *versions)}")
            first = last + 1
        if len(parts) == 1:
            return f"{parts[0].split(' with ')[0]} with all of {self.axis.package}"
        return "; ".join(parts)

    def unseen(self) -> str:
        """Say what was not looked at."""
        rows, columns = self.plan.every
        if len(self.known) == self.cells:
            return f"{self.cells} cells, all probed"
        return (
            f"{self.cells} cells, {len(self.known)} probed; an island narrower than"
            f" {max(rows, columns)} of {self.axis.package} can have been missed"
        )


class Search:
    """Asks for cells until the map is known."""

    def __init__(
        self,
        found: Pairs,
        journals: Sequence[Journal],
        place: Beside,
        rules: Rules,
        display: Display,
    ) -> None:
        """Take what the journals, one for each RabbitMQ, know already."""
        self._found, self._journals, self._place = found, journals, place
        self._rules, self._display = rules, display
        self._seen: dict[Cell, list[Observation]] = {}
        self._turns = asyncio.Semaphore(place.jobs)
        self._builds = asyncio.Semaphore(BUILDS)
        for row, journal in enumerate(journals):
            for column, release in enumerate(found.axis.releases):
                if seen := journal.of(release.version, found.axis.environment(release)):
                    self._seen[row, column] = seen

    async def run(self, *, whole: bool = False) -> None:
        """Probe until the borders are found, and the cells beside them have agreed.

        A program's own are asked again with nothing else running: probes may disturb each other.

        Args:
            whole: probe every cell.
        """
        began, plan = time.monotonic(), self._found.plan
        while True:
            self._found.known = {
                cell: verdict for cell, seen in self._seen.items() if (verdict := settle(seen))
            }
            self._found.seconds = round(time.monotonic() - began, 2)
            self._display.known(self._found.unseen())
            wanted = (
                [(r, c) for r in range(plan.rows) for c in range(plan.columns)
                 if (r, c) not in self._found.known]
                if whole else grid.next_to_probe(plan, self._found.known)
            )  # fmt: skip
            alone = not wanted and not self._found.program.builtin
            wanted = wanted or self._unconfirmed()
            if not wanted:
                return
            wanted.sort(key=lambda cell: (cell[1], cell[0]))
            columns = groupby(wanted, key=lambda cell: cell[1])
            work = [self._column(column, [*cells], alone=alone) for column, cells in columns]
            await together(work)

    def _unconfirmed(self) -> list[Cell]:
        """The cells beside a border that were asked only once."""
        known = self._found.known
        return [
            (r, c) for (r, c), verdict in known.items()
            if len(self._seen[r, c]) < AGREEING
            and any(known.get(other, verdict) is not verdict
                    for other in ((r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)))
        ]  # fmt: skip

    async def _column(self, column: int, cells: Sequence[Cell], *, alone: bool) -> None:
        """Build an environment, then ask for its cells: so nobody waits for it in a turn."""
        environment = self._found.axis.environment(self._found.axis.releases[column])
        async with self._builds:
            with contextlib.suppress(building.UninstallableError):  # each of the cells says so
                await building.install(environment)
        await together(self._probe(cell, alone=alone) for cell in cells)

    async def _probe(self, cell: Cell, *, alone: bool) -> None:
        row, column = cell
        release: Release = self._found.axis.releases[column]
        rabbitmq = self._found.rabbitmqs[row]
        name = f"{release.version} on RabbitMQ {rabbitmq}"
        environment = self._found.axis.environment(release)
        async with self._turns:
            seen = await self._place.beside(
                rabbitmq, release.version, environment, self._found.program, self._rules,
                lambda text: self._display.stage(name, text), alone=alone,
            )  # fmt: skip
        self._found.probes += 1
        self._journals[row].add(seen, environment)
        self._seen.setdefault(cell, []).append(seen)
        self._display.observed(replace(seen, version=name), remembered=False)


def _span(what: str, first: str, last: str) -> str:
    return f"{what} {first}" if first == last else f"{what} {first} to {last}"
