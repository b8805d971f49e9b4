"""Two axes at once: a row for each point of the one, in which the other one is walked."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from bisector.axes.axis import Axis, Choice
from bisector.axes.brokers import RABBITMQ
from bisector.axes.days import DAYS
from bisector.axes.interpreters import PYTHON, PYTHONS
from bisector.environments.releases import PACKAGE, Release, known
from bisector.errors import UserError

_TITLES = {RABBITMQ: "RabbitMQ", PYTHON: "Python"}


@dataclass(frozen=True)
class Named:
    """An axis as it was typed: `aio-pika`, or `aio-pika>=9.4,<10` for some of its points."""

    name: str
    only: SpecifierSet

    @classmethod
    def read(cls, text: str) -> Named:
        """Read it.

        Raises:
            UserError: it is no name, with or without versions.
        """
        found = re.fullmatch(r"([A-Za-z0-9][\w.-]*?)\s*([<>=!~].*)?", text.strip())
        try:
            only = SpecifierSet(found[2] or "", prereleases=True) if found else None
        except InvalidSpecifier:
            only = None
        if found is None or only is None:
            raise UserError(f"--along {text}: it takes a name, or a name and versions: aio-pika>=9")
        return cls(canonicalize_name(found[1]), only)

    @property
    def title(self) -> str:
        """What a person calls it."""
        return _TITLES.get(self.name, self.name)


@dataclass(frozen=True)
class Row:
    """A point of the axis that goes down, and what is walked across in it."""

    point: str
    across: Axis
    choice: Choice


def order(one: Named, other: Named) -> tuple[Named, Named]:
    """Tell which of two axes goes down, and which across: what has few points goes down.

    Raises:
        UserError: they are the same one.
    """
    if one.name == other.name:
        raise UserError(f"--along {one.name} twice: name another axis beside it")
    ranks = {RABBITMQ: 0, PYTHON: 1, PACKAGE: 3, DAYS: 4}
    down, across = sorted((other, one), key=lambda named: ranks.get(named.name, 2))
    return down, across


def points(down: Named, choice: Choice, rabbitmqs: Sequence[str] = ()) -> list[str]:
    """Return the points that rows are made of, oldest first.

    Args:
        rabbitmqs: the versions of RabbitMQ that can be had.

    Raises:
        UserError: there are none, or the index does not know the package.
    """
    if down.name == RABBITMQ:
        there = list(rabbitmqs)
    elif down.name == PYTHON:
        there = list(PYTHONS)
    else:
        there = [
            release.version
            for release in known(down.name)
            if release.yanked is None and (release.stable or not choice.stable)
        ]
    found = [point for point in there if down.only.contains(point)]
    if not found:
        raise UserError(
            f"--along {down.name}{down.only}: none of {', '.join(there[:1] + there[-1:])} is that"
        )
    return found


async def rows(
    down: Named,
    across: Named,
    choice: Choice,
    found: Sequence[str],
    walk: Callable[[Choice], Awaitable[Axis]],
) -> list[Row]:
    """Return a row for each point.

    Args:
        found: the points of the axis that goes down.
        walk: gives the axis that goes across, with what a choice holds.
    """
    made = []
    for point in found:
        held = _held(down.name, point, choice)
        axis = await walk(held)
        chosen = [
            r for r in axis.releases if not str(across.only) or across.only.contains(r.version)
        ]
        made.append(Row(point, replace(axis, releases=chosen), held))
    if not columns(made):
        raise UserError(f"--along {across.name}{across.only}: there is no such point")
    return made


def columns(found: Sequence[Row]) -> list[Release]:
    """Return the points across: those of all rows, where they are not the same in each."""
    lines = [row.across.releases for row in found]
    if all([r.version for r in line] == [r.version for r in lines[0]] for line in lines):
        return list(lines[0])
    every = {release.version: release for line in lines for release in line}
    return sorted(every.values(), key=lambda release: release.uploaded)


def _held(down: str, point: str, choice: Choice) -> Choice:
    if down == RABBITMQ:
        return choice
    if down == PYTHON:
        return replace(choice, python=point)
    return replace(choice, with_=(*choice.with_, f"{down}=={point}"))
