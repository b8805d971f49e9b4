"""Which pairs work: one program along two axes at once."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from bisector.axes.crossed import Row, columns
from bisector.bisection.answer import settle
from bisector.bisection.journal import Journal
from bisector.bisection.loop import AGREEING
from bisector.environments import building
from bisector.environments.building import UninstallableError
from bisector.environments.recipes import Environment
from bisector.environments.releases import Release
from bisector.places.display import Display
from bisector.questions.behaviour import Observation
from bisector.questions.ending import Rules
from bisector.questions.programs import Program
from bisector.search import grid
from bisector.search.exact import Verdict
from bisector.search.grid import Cell, Plan
from bisector.tasks import together

WORDS = {Verdict.BAD: "bad", Verdict.GOOD: "good", Verdict.SKIP: "cannot be tested",
         None: "not known"}  # fmt: skip
BUILDS = 2
"""How many environments are built at a time: that computes."""

Ask = Callable[..., Awaitable[Observation]]
"""How a row's cells are answered: as `Place.answer`."""


@dataclass
class Pairs:
    """A map of pairs: a row for each point of one axis, the other one across."""

    program: Program
    down: str
    """What the rows are, as a person calls it: RabbitMQ, aio-pika."""
    rows: Sequence[Row]
    known: dict[Cell, Verdict] = field(default_factory=dict)
    probes: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.columns: Sequence[Release] = columns(self.rows)
        self.plan = Plan.of(len(self.rows), len(self.columns))

    @property
    def across(self) -> str:
        """What the columns are."""
        return self.rows[0].across.package

    @property
    def held(self) -> str:
        """What is the same in all cells, in words."""
        return self.rows[0].across.held if len({row.across.held for row in self.rows}) == 1 else ""

    @property
    def cells(self) -> int:
        """How many there are."""
        return self.plan.rows * self.plan.columns

    def folded(self) -> list[tuple[range, list[Verdict | None]]]:
        """Return the rows, neighbours with the same answers as one."""
        full = grid.filled(self.plan, self.known)
        rows = [tuple(full.get((r, c)) for c in range(self.plan.columns))
                for r in range(self.plan.rows)]  # fmt: skip
        found, first = [], 0
        for row, same in groupby(rows):
            last = first + len(list(same)) - 1
            found.append((range(first, last + 1), [*row]))
            first = last + 1
        return found

    def name(self, span: range) -> str:
        """Return what rows that lie side by side are called."""
        return _span(self.down, self.rows[span[0]].point, self.rows[span[-1]].point)

    def stretches(self) -> list[tuple[str, int]]:
        """Return neighbouring columns with the same answers in all rows as one, and its first."""
        table = zip(*(row for _, row in self.folded()), strict=True)
        found, first = [], 0
        for _, same in groupby(table):
            last = first + len(list(same)) - 1
            found.append((self._versions(first, last), first))
            first = last + 1
        return found

    def sentences(self) -> list[str]:
        """Name every border in words, rows with the same answers in one."""
        return [f"{self.name(span)}: {self._across(row)}." for span, row in self.folded()]

    def _across(self, row: Sequence[Verdict | None]) -> str:
        spans, first = defaultdict[Verdict | None, list[str]](list), 0
        for verdict, same in groupby(row):
            last = first + len(list(same)) - 1
            spans[verdict].append(self._versions(first, last))
            first = last + 1
        told = {verdict: f"{WORDS[verdict]} with {self.across} {', '.join(spans[verdict])}"
                for verdict in WORDS if verdict in spans}  # fmt: skip
        answers = {verdict for verdict in told if verdict is not Verdict.SKIP}
        if len(answers) == 1:
            (only,) = answers
            told[only] = f"{WORDS[only]} with all of {self.across}"
            if Verdict.SKIP in told:
                told[only] += " that can be tested"
        return "; ".join(told.values())

    def _versions(self, first: int, last: int) -> str:
        return _span("", self.columns[first].version, self.columns[last].version)

    def unseen(self) -> str:
        """Say what was not looked at."""
        if len(self.known) == self.cells:
            return f"{self.cells} cells, all probed"
        down, across = self.plan.every
        narrow = [f"{across} of {self.across}"] if across > 1 else []
        narrow += [f"{down} of {self.down}"] if down > 1 else []
        return (
            f"{self.cells} cells, {len(self.known)} probed; an island narrower than"
            f" {' or '.join(narrow)} can have been missed"
        )


class Search:
    """Asks for cells until the map is known."""

    def __init__(
        self,
        found: Pairs,
        journals: Sequence[Journal],
        asks: Sequence[Ask],
        jobs: Callable[[], int],
        rules: Rules,
        display: Display,
        *,
        local: bool = True,
    ) -> None:
        """Take what the journals know already.

        Args:
            journals: one for each row.
            asks: how its cells are answered, for each row.
            jobs: says how many are probed side by side at most.
            local: whether environments are built on this machine.
        """
        self._found, self._journals, self._asks, self._jobs = found, journals, asks, jobs
        self._rules, self._display, self._local = rules, display, local
        self._seen: dict[Cell, list[Observation]] = {}
        self._turns = asyncio.Semaphore(jobs())
        self._builds = asyncio.Semaphore(BUILDS)
        for row, journal in enumerate(journals):
            for column, release in enumerate(found.columns):
                environment = found.rows[row].across.environment(release)
                if seen := journal.of(release.version, environment):
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
            # Cells of one environment follow each other.
            found = [(self._environment(cell), cell) for cell in wanted]
            found.sort(key=lambda pair: (pair[1][1], pair[0].digest))
            groups = groupby(found, key=lambda pair: pair[0])
            await together(
                self._cells(environment, [cell for _, cell in cells], alone=alone)
                for environment, cells in groups
            )

    def _unconfirmed(self) -> list[Cell]:
        """The cells beside a border that were asked only once."""
        known = self._found.known
        return [
            (r, c) for (r, c), verdict in known.items()
            if len(self._seen[r, c]) < AGREEING
            and any(known.get(other, verdict) is not verdict
                    for other in ((r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)))
        ]  # fmt: skip

    def _environment(self, cell: Cell) -> Environment:
        row, column = cell
        return self._found.rows[row].across.environment(self._found.columns[column])

    async def _cells(self, environment: Environment, cells: Sequence[Cell], *, alone: bool) -> None:
        """Build an environment, then ask for its cells: so nobody waits for it in a turn."""
        exact, resolve = environment, self._found.rows[cells[0][0]].across.resolve
        async with self._builds:
            with contextlib.suppress(UninstallableError):  # each of the cells says so
                exact = await resolve(environment) if resolve else environment
                if self._local:
                    await building.install(exact)
        # Whichever RabbitMQ is beside a program that needs none, one answer stands for all.
        groups = [[cell] for cell in cells] if self._found.program.broker else [list(cells)]
        await together(self._probe(group, environment, exact, alone=alone) for group in groups)

    async def _probe(
        self, cells: Sequence[Cell], environment: Environment, exact: Environment, *, alone: bool
    ) -> None:
        """Answer cells that are the same but for a RabbitMQ that is not used."""
        row, column = cells[0]
        version = self._found.columns[column].version
        name = f"{version} on {self._found.down} {self._found.rows[row].point}"
        async with self._turns:
            seen = await self._asks[row](
                version, exact, self._found.program, self._rules,
                lambda text: self._display.stage(name, text), alone=alone or self._jobs() == 1,
            )  # fmt: skip
        self._found.probes += 1
        for cell in cells:
            self._journals[cell[0]].add(seen, environment)
            self._seen.setdefault(cell, []).append(seen)
        self._display.observed(replace(seen, version=name), remembered=False)


def _span(what: str, first: str, last: str) -> str:
    span = first if first == last else f"{first} to {last}"
    return f"{what} {span}".strip()
