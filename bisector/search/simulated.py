"""Histories of costs that are known, to see what the search for steps makes of them.  Pure, no I/O.

A history is a level for each point, as a logarithm.  Figures of it are taken as the search asks for
them, with noise of heavy tails and an offset of its own for each round.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bisector.search.rounds import Answer, conclude, next_round
from bisector.search.steps import FREEDOM, Aim, Round, believe

OFFSET = 0.1
"""Standard deviation of what a round's figures have in common."""
LONG = 40
"""Points over which a drift goes on."""


@dataclass(frozen=True)
class History:
    """What is true of it."""

    levels: NDArray[np.float64]
    steps: tuple[int, ...]
    """The first point after each step."""
    testable: tuple[bool, ...]


@dataclass(frozen=True)
class Found:
    """What the search made of it."""

    answer: Answer
    figures: int

    @property
    def steps(self) -> tuple[int, ...]:
        """The first point after each step that it placed."""
        return tuple(step.after for step in self.answer.steps)


Shape = Callable[[int, float, random.Random], History]


def nothing(points: int, _change: float, _chance: random.Random) -> History:
    """No step at all."""
    return _history(points, {})


def one(points: int, change: float, chance: random.Random) -> History:
    """A step anywhere."""
    return _history(points, {chance.randrange(1, points): change})


def undone(points: int, change: float, chance: random.Random) -> History:
    """A step that is taken back after three points or more."""
    first = chance.randrange(1, points - 3)
    last = min(first + chance.randrange(3, LONG), points - 1)
    return _history(points, {first: change, last: -change})


def newest(points: int, change: float, _chance: random.Random) -> History:
    """A step at the last point."""
    return _history(points, {points - 1: change})


def second(points: int, change: float, _chance: random.Random) -> History:
    """A step at the second point."""
    return _history(points, {1: change})


def untestable(points: int, change: float, chance: random.Random) -> History:
    """A step in the middle of points that cannot be tested, or beside them."""
    step = chance.randrange(5, points - 5)
    gap = range(step - chance.randrange(4), step + chance.randrange(4))
    testable = tuple(i not in gap for i in range(points))
    seen = next(i for i in range(step, points) if testable[i])
    return History(_history(points, {step: change}).levels, (seen,), testable)


def drift(points: int, change: float, chance: random.Random) -> History:
    """Many small changes, and no step."""
    first = chance.randrange(1, points - LONG)
    made = _history(points, {first + i: change / LONG for i in range(LONG)})
    return History(made.levels, (), made.testable)


SHAPES: dict[str, Shape] = {
    "nothing": nothing,
    "one": one,
    "undone": undone,
    "newest": newest,
    "second": second,
    "untestable": untestable,
    "drift": drift,
}


def search(
    history: History,
    aim: Aim,
    seed: int,
    *,
    width: int = 8,
    noise: float = 0.017,
    most: int = 1000,
) -> Found:
    """Let the search ask until it wants to know no more, or has `most` figures.

    Args:
        noise: standard deviation of a figure's noise within its round.
    """
    chance = np.random.default_rng(seed)
    scale = noise * math.sqrt((FREEDOM - 2) / FREEDOM)
    rounds: list[Round] = []
    figures = 0
    while figures < most:
        wanted = next_round(believe(history.testable, rounds, aim), width, aim)
        if not wanted:
            break
        left = scale * chance.standard_t(FREEDOM, len(wanted))
        logs = history.levels[wanted] + chance.normal(0, OFFSET) + left
        rounds.append(Round(tuple(wanted), tuple(logs.tolist())))
        figures += len(wanted)
    return Found(conclude(believe(history.testable, rounds, aim), aim), figures)


def _history(points: int, changes: dict[int, float]) -> History:
    jumps = np.zeros(points)
    for place, change in changes.items():
        jumps[place] = change
    return History(np.cumsum(jumps), tuple(sorted(changes)), (True,) * points)
