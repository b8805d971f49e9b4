"""`nox -s changes -- --all`: what changed from each release to the next."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bisector import ROOT
from bisector.changes.comparison import Compared, Plan
from bisector.changes.history import History, pairs
from bisector.changes.kinds import DIMENSIONS
from bisector.changes.looking import NeitherImportsError, Side, look
from bisector.changes.result import Changes
from bisector.check.candidates import Named, sides
from bisector.commands import options
from bisector.environments import building, recipes, releases
from bisector.environments.building import UninstallableError
from bisector.errors import FOUND, OutsideError, UserError
from bisector.places.display import Display
from bisector.rabbitmq.broker import Broker, open_broker
from bisector.tasks import together
from bisector.telling import changes as telling
from bisector.telling import changes_page
from bisector.telling.terminal import display_for

MINUTES = 55.0
"""For all pairs together."""
LANES = 2
"""Pairs under way at a time: where one waits, the other works."""
JOBS = 8
"""Situations at a time on each side of a pair."""
SHARE = 1.5
"""Of the time that is there for a pair it may take so much: many pairs take less."""
LEAST, MOST = 12.0, 150.0
"""Seconds for a pair."""
LATE = 1.6
"""Of a pair's time, after which it ends whatever is under way."""
RESULTS = ROOT / "results"
NAME = "changes"
APART = ("app", "json", "markdown")
"""Options that are for two sides only."""


async def run(args: argparse.Namespace) -> int:
    """Compare what is missing, and write the page."""
    for name, value in (("two sides", args.old), *((f"--{n}", getattr(args, n)) for n in APART)):
        if value is not None:
            shown = "--for" if name == "--app" else name
            raise UserError(f"--all compares all releases by itself: {shown} does not go with it")
    folder = Path(args.out) if args.out else RESULTS
    options.check_folder("--out", str(folder))
    console = options.console_with({})
    history = History(
        folder / f"{NAME}.json",
        {"deps": args.deps, "python": args.python, "with": list(args.with_)},
    )
    left = history.missing(pairs(releases.load()))
    try:
        with display_for(console) as display:
            async with open_broker(display.note, args.rabbitmq) as (broker, rabbitmq):
                walk = _Walk(args, history, broker, rabbitmq, display)
                await walk.compare(left, (args.minutes or MINUTES) * 60)
    finally:  # what was found by then is told
        if history.rows:
            changes_page.write(history.document(), folder / f"{NAME}.md")
    found = sum(len(row["findings"]) for row in history.rows.values())
    console.print(
        f"{len(history.rows)} pairs of releases, {found} differences: {NAME}.json, {NAME}.md and"
        f" programs in {folder.name}/",
        markup=False, soft_wrap=True,
    )  # fmt: skip
    return FOUND


class _Walk:
    """Goes through pairs, several at a time."""

    def __init__(
        self,
        args: argparse.Namespace,
        history: History,
        broker: Broker,
        rabbitmq: str,
        display: Display,
    ) -> None:
        self._args, self._history = args, history
        self._broker, self._rabbitmq, self._display = broker, rabbitmq, display

    async def compare(self, left: Sequence[tuple[str, str]], seconds: float) -> None:
        """Compare all of them, in about so much time; keep each as it is done."""
        end = time.monotonic() + seconds
        waiting = [*left]
        done = 0

        async def lane() -> None:
            nonlocal done
            while waiting:
                share = LANES * (end - time.monotonic()) / len(waiting)
                before, after = waiting.pop(0)
                row = await self._pair(before, after, min(max(SHARE * share, LEAST), MOST))
                self._history.add({"before": before, "after": after, **row})
                what = row.get("why") or row["answer"]
                done += 1
                self._display.note(f"{done} of {len(left)}: {before} -> {after}: {what}")

        await together(lane() for _ in range(LANES))

    async def _pair(self, before: str, after: str, seconds: float) -> dict[str, Any]:
        """Compare one pair; what cannot be compared is a row, too, and says why."""
        args, plan = self._args, Plan(
            seconds, self._args.seed, 2 * JOBS, brief=True, limit=LATE * seconds
        )  # fmt: skip
        old, new = await sides(
            after, before, with_=args.with_, deps=args.deps, python=args.python,
            note=self._display.note,
        )  # fmt: skip
        why, looked = None, None
        dependencies: Sequence[recipes.Difference] = ()
        try:
            for side in (old, new):
                await building.install(side.environment)
            looked = await look(
                Side(old.name, old.environment), Side(new.name, new.environment), self._broker,
                DIMENSIONS, plan, lambda text: self._display.known(f"{after}: {text}"), JOBS,
            )  # fmt: skip
            dependencies = recipes.differences(
                old.environment.dependencies(), new.environment.dependencies()
            )
        except UninstallableError as error:
            why = f"one of the two cannot be installed: {error}"
        except NeitherImportsError as error:
            why = str(error)
        if looked is None:
            nothing = Changes(before, after, [], Compared(), (), (), self._rabbitmq, dependencies)
            return {**telling.to_history(nothing), "why": why}
        if looked.stopped:
            raise looked.stopped
        findings = [f for f in looked.findings if f.sure or not looked.cut]
        found = Changes(
            old.name, new.name, findings, looked.compared, DIMENSIONS, (), self._rabbitmq,
            dependencies,
        )  # fmt: skip
        telling.write_programs(found, self._history.programs(after))
        return telling.to_history(found)


async def install(old: Named, new: Named, broker: Broker) -> None:
    """Build both environments while RabbitMQ boots.

    Raises:
        OutsideError: one of them cannot be had.
    """

    async def one(named: Named) -> None:
        try:
            await building.install(named.environment)
        except UninstallableError as error:
            raise OutsideError(f"{named.name} cannot be installed: {error}") from error

    async def boot() -> None:
        await broker.lease()

    await together([*(one(named) for named in dict.fromkeys((old, new))), boot()])
