"""`nox -s changes -- --all`: what changed from each release to the next."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
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
    wanted = pairs(releases.load())
    seconds = (args.minutes or MINUTES) * 60 / len(wanted)
    history = History(
        folder / f"{NAME}.json",
        {"deps": args.deps, "python": args.python, "with": list(args.with_)},
    )
    left = history.missing(wanted)
    try:
        with display_for(console) as display:
            async with open_broker(display.note, args.rabbitmq) as (broker, rabbitmq):
                await _compare(args, left, seconds, history, broker, rabbitmq, display)
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


async def _compare(
    args: argparse.Namespace,
    left: Sequence[tuple[str, str]],
    seconds: float,
    history: History,
    broker: Broker,
    rabbitmq: str,
    display: Display,
) -> None:
    """Compare pair after pair; the next one is installed meanwhile."""

    async def prepare(before: str, after: str) -> tuple[Named, Named] | OutsideError:
        named = await sides(
            after, before, with_=args.with_, deps=args.deps, python=args.python, note=display.note
        )
        try:
            await install(*named, broker)
        except OutsideError as error:
            return error
        return named

    ahead: asyncio.Task[tuple[Named, Named] | OutsideError] | None = None
    try:
        for number, (before, after) in enumerate(left):
            ready = await (ahead or prepare(before, after))
            following = left[number + 1 : number + 2]
            ahead = asyncio.ensure_future(prepare(*following[0])) if following else None
            row = await _pair(ready, Plan(seconds, args.seed), broker, rabbitmq, display)
            history.add({"before": before, "after": after, **row})
            what = row.get("why") or row["answer"]
            display.note(f"{number + 1} of {len(left)}: {before} -> {after}: {what}")
    finally:
        if ahead is not None:
            ahead.cancel()
            with contextlib.suppress(asyncio.CancelledError, OutsideError):
                await ahead


async def _pair(
    ready: tuple[Named, Named] | OutsideError,
    plan: Plan,
    broker: Broker,
    rabbitmq: str,
    display: Display,
) -> dict[str, Any]:
    """Compare one pair; what cannot be compared is a row, too, and says why."""
    dependencies: Sequence[recipes.Difference] = ()
    why, looked = None, None
    if isinstance(ready, OutsideError):
        why = str(ready)
    else:
        old, new = (Side(n.name, n.environment) for n in ready)
        try:
            looked = await look(old, new, broker, DIMENSIONS, plan, display.known)
        except NeitherImportsError as error:
            why = str(error)
        dependencies = recipes.differences(
            old.environment.dependencies(), new.environment.dependencies()
        )
    if looked is None:
        empty = telling.to_json(Changes("", "", [], Compared(), (), (), rabbitmq, dependencies))
        return {**_part(empty), "why": why}
    if looked.stopped:
        raise looked.stopped
    found = Changes(
        old.name, new.name, looked.findings, looked.compared, DIMENSIONS, (), rabbitmq,
        dependencies,
    )  # fmt: skip
    return _part(telling.to_json(found))


def _part(told: dict[str, Any]) -> dict[str, Any]:
    """Without what is the same for all pairs, or too long to be kept of all."""
    compared = {k: told["compared"][k] for k in ("situations", "runs", "seconds", "complete")}
    kept = ("answer", "findings", "rabbitmq", "dependencies")
    return {**{name: told[name] for name in kept}, "compared": compared}


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
