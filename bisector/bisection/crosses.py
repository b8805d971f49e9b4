"""Crosses of the two sides of a flip: what each holds, its name, and what its end counts as."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from bisector.environments.recipes import Difference, Environment, differences, exactly
from bisector.questions.behaviour import UNIMPORTABLE, Observation
from bisector.search.exact import Verdict
from bisector.search.minimal import Outcome

ANOTHER_FAILURE = "another failure"
"""The outcome of a cross that fails, but not as what is looked for."""
Cross = frozenset[str]
"""The distributions that are as after the flip; all others are as before it."""

_STRUCTURAL = ("Import", "ModuleNotFound", "Attribute", "Type", "Name", "Syntax")
"""Exceptions whose text says which of many failures of their kind it is."""


@dataclass(frozen=True)
class Side:
    """One side of a flip."""

    version: str
    environment: Environment
    """It is whole."""
    seen: Sequence[Observation]
    """What was observed there."""


class Looked:
    """What is looked for: the two verdicts, and the failure that the bad one is."""

    def __init__(self, bad: Side, from_: Verdict) -> None:
        self._from = from_
        self._failures = {signature(o) for o in bad.seen if o.verdict is Verdict.BAD}

    def counted(self, seen: Observation) -> Observation:
        """Return an observation as it counts: another failure, or not to import, is no verdict."""
        same = not self._failures or signature(seen) in self._failures
        if seen.verdict is Verdict.BAD and not same:
            reason = f"{ANOTHER_FAILURE}: {seen.reason}"
            return replace(seen, verdict=Verdict.SKIP, outcome=ANOTHER_FAILURE, reason=reason)
        return seen

    def outcome(self, counted: Observation) -> Outcome:
        """Return what a cross says."""
        if counted.verdict is Verdict.SKIP:
            return Outcome.UNRESOLVED
        return Outcome.SAME if counted.verdict is self._from else Outcome.FLIPPED


def signature(seen: Observation) -> tuple[str, str]:
    """Return what tells one kind of failure from another; numbers and names made up do not."""
    found = re.match(r"(?:[\w.]+\.)?(\w+?)(Error|Exception)\b:?\s*(.*)", seen.reason)
    if seen.outcome == UNIMPORTABLE:
        return seen.outcome, _plain(seen.reason)
    if found is None:
        return seen.outcome, ""
    text = _plain(found[3]) if found[1] in _STRUCTURAL else ""
    return seen.outcome, f"{found[1]}{found[2]} {text}".strip()


def _plain(text: str) -> str:
    return re.sub(r"\d+|0x[0-9a-f]+|/\S+", "#", text)


class Crossing:
    """Puts crosses together, and names them."""

    def __init__(self, package: str, before: Side, after: Side) -> None:
        """Take what was walked, and the two sides; their environments are whole."""
        self.package, self.before, self.after = package, before, after
        self._old, self._new = before.environment.pins(), after.environment.pins()
        self.changed = _changed(self._old, self._new, before, after)
        self.code = package in self.changed
        """Whether the walked package is one of what changed."""

    def environment(self, cross: Cross) -> Environment:
        """Describe what holds these changes, and none of the others."""
        kept = {n: pin for n, pin in self._old.items() if n not in cross}
        moved = {n: pin for n, pin in self._new.items() if n in cross}
        return exactly(kept | moved, self.before.environment.python, self.package)

    def name(self, cross: Cross) -> str:
        """Say in words what such an environment holds."""
        old, new = self.before.version, self.after.version
        others = cross - {self.package}
        rest = self.changed.keys() - cross
        if not self.code:
            few = cross if len(cross) <= len(rest) else None
            return f"{old} with {self.list(few)}" if few else f"{new} with {self.kept(rest)}"
        if self.package not in cross:
            if len(others) == len(self.changed) - 1:
                return f"{self.package} {old} with the dependencies of {new}"
            return f"{self.package} {old} with {self.list(others)}"
        if not others:
            return f"{self.package} {new} with the dependencies of {old}"
        if len(others) <= len(rest):
            return f"{self.package} {new} with those of {old} but {self.list(others)}"
        return f"{self.package} {new} with {self.kept(rest)}"

    def list(self, names: Collection[str]) -> str:
        """Name dependencies in their later versions."""
        return ", ".join(self.called(name) for name in sorted(names))

    def kept(self, names: Collection[str]) -> str:
        """Name dependencies in their earlier versions."""
        olds = ((name, self.changed[name][1]) for name in sorted(names))
        return ", ".join(f"{name} {old}" if old else f"no {name}" for name, old in olds)

    def called(self, name: str) -> str:
        """Name one change by what it brings."""
        _, _, new = self.changed[name]
        return f"{name} {new}" if new else f"{name} taken out"


def _changed(
    old: Mapping[str, str], new: Mapping[str, str], before: Side, after: Side
) -> dict[str, Difference]:
    versions = (before.environment.dependencies(), after.environment.dependencies())
    found = {each[0]: each for each in differences(*versions)}
    for name in old.keys() & new.keys():
        if old[name] != new[name]:  # two builds of one version
            found.setdefault(name, (name, before.version, after.version))
    return found
