"""Concludes from rounds what each rung costs, and what differs between releases."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from bisector.check import rule
from bisector.check.result import Judgement
from bisector.environments.recipes import Environment
from bisector.layers import ladder
from bisector.layers.estimates import Steady, quantiles
from bisector.layers.ladder import Rung
from bisector.layers.result import Change, Cost, Ladder, Load, Measured
from bisector.layers.rounds import COSTS, Place, Rounds, Side

LEAST = 2
"""So many rounds have to have a figure for it to count."""


@dataclass(frozen=True)
class Conclusion:
    """What rounds come to."""

    ladders: Sequence[Ladder]
    changes: Sequence[Change]
    compared: int


class Concluding:
    """From the rounds taken so far."""

    def __init__(
        self, rounds: Rounds, modules: Mapping[Place, Mapping[str, float]] | None = None
    ) -> None:
        self._rounds, self._modules = rounds, modules or {}
        self._steady = {
            (direction, what): Steady(rounds.turns(direction, what))
            for direction in rounds.plan.directions
            for what in COSTS
        }

    def conclude(self) -> Conclusion:
        """Return the ladders, and the changes from each release to the next."""
        ladders = [self._ladder(side) for side in self._rounds.sides]
        return Conclusion(ladders, *self._changes())

    # --- one release -----------------------------------------------------------------------------

    def _ladder(self, side: Side) -> Ladder:
        own = side.environment.dependencies()
        extra = side.extended.dependencies() if side.extended else {}
        return Ladder(
            side.name, own.get("faststream", side.environment.version), own,
            {name: version for name, version in extra.items() if own.get(name) != version},
            [
                self._measured(side, direction, rung)
                for direction in self._rounds.plan.directions
                for rung in ladder.of(direction, self._rounds.plan.ladder)
            ],
            self._rounds.is_out(side.name),
        )  # fmt: skip

    def _measured(self, side: Side, direction: str, rung: Rung) -> Measured:
        process = side.extended_name if rung.extras else side.name
        below = ladder.below(rung, direction, self._rounds.plan.ladder)
        place = (process, direction, rung.name)
        rounds = self._rounds
        if rung.extras and not side.extended:
            return Measured(direction, rung, below, why=side.lacking, missing=True)
        if missing := rounds.left_out.get(place, ""):
            return Measured(direction, rung, below, why=missing, missing=True)
        if why := rounds.is_out(process) or rounds.has_failed(place):
            return Measured(direction, rung, below, why=why)
        return Measured(
            direction, rung, below,
            self._cost(place, "time", below), self._cost(place, "cpu", below),
            quantiles(rounds.latencies.get(place, [])), self._load(place),
            self._modules.get(place, {}),
        )  # fmt: skip

    def _cost(self, place: Place, what: str, below: str) -> Cost | None:
        process, direction, name = place
        steady = self._steady[direction, what]
        value = steady.value(process, name)
        if value is None or len(steady.levels(process, name)) < LEAST:
            return None
        plain = next(rung.plain for rung in self._rounds.plan.ladder if rung.name == name)
        if not below:
            return Cost(value, plain=value.value)
        beside = steady.value(process, plain)
        return Cost(
            value,
            steady.added(process, name, below),
            steady.added(process, name, plain),
            steady.ratio(process, name, below),
            steady.ratio(process, name, plain),
            beside.value if beside else math.nan,
        )

    def _load(self, place: Place) -> Load | None:
        found = self._rounds.loads.get(place, [])
        if not found:
            return None
        return Load(
            self._rounds.plan.rate,
            fmean(one["sent"] for one in found),
            fmean(one["kept"] for one in found),
            quantiles([one["latencies"] for one in found]),
        )

    # --- from release to release -----------------------------------------------------------------

    def _changes(self) -> tuple[list[Change], int]:
        """Compare each release with the next, by CPU time, so surely that all of it is sure."""
        pairs = {}
        for before, after in itertools.pairwise(self._rounds.sides):
            for direction in self._rounds.plan.directions:
                steady = self._steady[direction, "cpu"]
                for rung in ladder.of(direction, self._rounds.plan.ladder):
                    if not rung.chain:
                        continue
                    old, new = (
                        steady.levels(side.extended_name if rung.extras else side.name, rung.name)
                        for side in (before, after)
                    )
                    both = [(old[n], new[n]) for n in old.keys() & new.keys()]
                    if len(both) > LEAST:
                        pairs[before, after, direction, rung] = both
        found = []
        for (before, after, direction, rung), levels in pairs.items():
            if change := changed(levels, 2 * len(pairs)):
                found.append(Change(before.name, after.name, direction, rung, *change))
        return found, len(pairs)


def changed(levels: Sequence[tuple[float, float]], tests: int) -> tuple[float, float, float] | None:
    """A change by the rule of the check, in either direction; None: none is confirmed.

    Args:
        levels: logarithms of both, round by round.
        tests: how many tests there are in all.
    """
    values = [(math.exp(old), math.exp(new)) for old, new in levels]
    more = rule.judge(values, tests)
    if more.judgement is Judgement.WORSE:
        return more.change, more.low, more.high
    less = rule.judge([(new, old) for old, new in values], tests)
    if less.judgement is Judgement.WORSE:
        change, high, low = (1 / (1 + part) - 1 for part in (less.change, less.low, less.high))
        return change, low, high
    return None


def environments(side: Side) -> list[Environment]:
    """Return what a side needs to be installed."""
    return [side.environment, *([side.extended] if side.extended else [])]
