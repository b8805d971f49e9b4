"""Compares two installed sides beside one broker: starts them, looks for so long, says what is."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bisector.changes import priority, sources, traces
from bisector.changes.comparison import Compared, Comparison, Plan
from bisector.changes.findings import Finding
from bisector.changes.grammar import Dimension
from bisector.changes.result import of_import
from bisector.changes.runs import Runner, UnimportableError, runner
from bisector.environments.recipes import Environment
from bisector.environments.releases import PACKAGE
from bisector.errors import OutsideError
from bisector.rabbitmq.broker import Broker
from bisector.tasks import together

JOBS = 12
"""Situations at a time on each side: they wait more than they work."""


class NeitherImportsError(OutsideError):
    """There is nothing to compare."""


@dataclass(frozen=True)
class Side:
    """One of the two, as it is called, and where it is installed."""

    name: str
    environment: Environment


@dataclass
class Looked:
    """What was found; and what ended it, if it was ended before its time."""

    findings: Sequence[Finding]
    compared: Compared
    stopped: asyncio.CancelledError | None = None
    cut: bool = False
    """Whether the plan's limit ended it: what is not `sure` was not seen again."""


async def look(
    old: Side,
    new: Side,
    broker: Broker,
    dimensions: Sequence[Dimension],
    plan: Plan,
    note: Callable[[str], None],
    jobs: int = JOBS,
) -> Looked:
    """Run the comparison; Ctrl-C ends it with what was found so far.

    Raises:
        NeitherImportsError: neither side imports.
        OutsideError: it cannot be made: RabbitMQ does not stay up.
    """
    changed = _changed(old, new)
    async with contextlib.AsyncExitStack() as stack:

        async def start(side: Side) -> Runner | str:
            note(f"importing {side.name}")
            reach = changed is not None  # on both sides, so that both are as slow
            made = runner(side.name, side.environment, broker, jobs, reach=reach)
            try:
                return await stack.enter_async_context(made)
            except UnimportableError as error:
                return traces.normal(str(error))

        one, other = await together([start(old), start(new)])
        if isinstance(one, str) and isinstance(other, str):
            raise NeitherImportsError(
                f"neither {old.name} nor {new.name} imports ({one}): choose other dependencies,"
                " with --deps or --with"
            )
        if isinstance(one, str) or isinstance(other, str):
            why = (each if isinstance(each, str) else None for each in (one, other))
            return Looked([of_import(*why)], Compared())
        words = priority.changed_words(old.environment, new.environment)
        key = priority.order(dimensions, words)
        comparison = Comparison(
            one, other, dimensions, key=key, changed=changed, note=note
        )  # fmt: skip
        try:
            found = await asyncio.wait_for(comparison.run(plan), plan.limit)
            return Looked(found, comparison.compared)
        except asyncio.TimeoutError:
            return Looked(comparison.findings, comparison.compared, cut=True)
        except asyncio.CancelledError as error:
            return Looked(comparison.findings, comparison.compared, error)


def _changed(old: Side, new: Side) -> set[sources.Function] | None:
    """Which functions of the old side differ; None: so do dependencies, and any may."""
    installed = [side.environment.dependencies() for side in (old, new)]
    before, after = ({k: v for k, v in one.items() if k != PACKAGE} for one in installed)
    if before != after:
        return None
    return sources.changed(*(priority.root(side.environment) for side in (old, new)))
