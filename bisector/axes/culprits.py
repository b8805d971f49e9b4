"""A culprit's releases, from its version before a flip to that after it, in exact environments."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from packaging.version import Version

from bisector.axes.axis import Axis
from bisector.environments import releases
from bisector.environments.recipes import Difference, Environment, exactly
from bisector.environments.releases import PACKAGE, Release, known
from bisector.errors import UserError


def of_culprits(
    culprits: Sequence[Difference], before: Environment, after: Environment
) -> list[Axis]:
    """Walk each culprit's releases, the other culprits being as after the flip, all else as before.

    Left out are those that are there on one side only, and those whose versions are not on the
    index.

    Args:
        before: the environment on one side of the flip, which is whole.
        after: that on the other side, likewise.
    """
    old, new = before.pins(), after.pins()
    found = []
    for name, first, last in culprits:
        if first is None or last is None or first == last:
            continue
        others = {n for n, _, _ in culprits if n != name}
        pins = {n: pin for n, pin in old.items() if n not in others}
        pins |= {n: pin for n, pin in new.items() if n in others}
        # It may also have gone back to an older version.
        start, end = sorted((first, last), key=Version)
        try:
            chosen = releases.select(known(name, start, end), start, end)
        except UserError:
            continue
        held = f"{pins[PACKAGE]} and all else" if PACKAGE in pins else "all else"
        found.append(Axis(name, chosen, _moving(name, pins, before), held))
    return found


def _moving(
    name: str, pins: dict[str, str], before: Environment
) -> Callable[[Release], Environment]:
    def environment(moved: Release) -> Environment:
        moving = {**pins, name: f"{name}=={moved.version}"}
        return exactly(moving, before.python, name)

    return environment
