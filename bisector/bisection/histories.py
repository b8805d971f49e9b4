"""What each release does in a scenario, as was found out before, and what follows for one of them.

Read from results/map.json, or from a bisection made just now.  Nothing is asked here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.version import Version

from bisector import ROOT
from bisector.bisection import specifiers
from bisector.bisection.blame import Blame
from bisector.bisection.inquiry import Finding
from bisector.environments.recipes import RELEASE_DAY
from bisector.environments.releases import Release
from bisector.environments.uploads import Upload
from bisector.search.exact import Verdict

RESULTS = ROOT / "results"
MAP, STEPS, LIFETIMES = (RESULTS / f"{name}.json" for name in ("map", "steps", "lifetimes"))


@dataclass(frozen=True)
class Change:
    """A flip, and whose fault it is."""

    before: str
    after: str
    to: Verdict
    first_stable: str | None
    fault: str
    """A sentence; empty where nobody looked."""
    held: tuple[str, ...] = ()
    """The versions of the one dependency that flips it alone, before and after: `name==version`."""


@dataclass(frozen=True)
class History:
    """What is known of one scenario."""

    scenario: str
    source: str
    """Where that comes from, in words."""
    verdicts: Mapping[str, Verdict]
    """Of each release that was tested, or lies between two that are tested and agree."""
    changes: Sequence[Change]

    def since(self, version: str) -> Change | None:
        """The last change before a release, or with it."""
        found = [c for c in self.changes if Version(c.after) <= Version(version)]
        return found[-1] if found else None

    def until(self, version: str) -> Change | None:
        """The first change after a release."""
        return next((c for c in self.changes if Version(c.after) > Version(version)), None)

    def bad_between(self, first: str, last: str) -> list[str]:
        """The releases between two that are bad, these two left out."""
        low, high = Version(first), Version(last)
        bad = [v for v, verdict in self.verdicts.items() if verdict is Verdict.BAD]
        return sorted((v for v in bad if low < Version(v) < high), key=Version)


def read_map(python: str, path: Path = MAP) -> dict[str, History]:
    """Read what is known of all releases, by scenario; nothing where it is of other environments.

    Args:
        python: the interpreter asked about, as `3.11`.
    """
    try:
        told: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        found = [_of_document(each, path.name) for each in told if _comparable(each, python)]
    except (OSError, ValueError, LookupError, TypeError):
        return {}  # it is measured then
    return {history.scenario: history for history in found}


def _comparable(told: Mapping[str, Any], python: str) -> bool:
    version: str = told["python"]
    return told["deps"] == RELEASE_DAY and version.split(".")[:2] == python.split(".")[:2]


def _of_document(told: Mapping[str, Any], name: str) -> History:
    source = f"results/{name}, RabbitMQ {told['rabbitmq']}"
    verdicts = {row["version"]: Verdict(row["verdict"]) for row in told["releases"]}
    changes = [_change(flip, flip.get("blame")) for flip in told["flips"]]
    return History(told["scenario"], source, verdicts, changes)


def _change(flip: Mapping[str, Any], blame: Mapping[str, Any] | None) -> Change:
    blame = blame or {"sentence": "", "dependency": None, "culprits": []}
    culprits = [c for c in blame["culprits"] if c["name"] == blame["dependency"]]
    held = [f"{c['name']}=={c[side]}" for c in culprits for side in ("before", "after") if c[side]]
    to = Verdict(flip["to"])
    return Change(
        flip["before"], flip["after"], to, flip["first_stable"], blame["sentence"], tuple(held)
    )


def of_finding(finding: Finding, rabbitmq: str) -> History:
    """Take over what a bisection made just now has found."""
    answer = finding.answer
    known = zip(answer.releases, specifiers.fill(answer.history), strict=True)
    verdicts = {release.version: verdict for release, verdict in known if verdict}
    changes = []
    for flip in answer.flips:
        blame = finding.blames.get(flip)
        changes.append(
            Change(
                flip.before, flip.after, flip.to, flip.first_stable,
                blame.sentence if blame else "", _held(blame),
            )
        )  # fmt: skip
    return History(answer.program.name, f"bisected, RabbitMQ {rabbitmq}", verdicts, changes)


def _held(blame: Blame | None) -> tuple[str, ...]:
    if blame is None or blame.dependency is None:
        return ()
    ((name, old, new),) = blame.culprits
    return tuple(f"{name}=={version}" for version in (old, new) if version)


@dataclass(frozen=True)
class Cost:
    """A confirmed step of a cost."""

    benchmark: str
    after: str
    change: float
    """As a part: 0.1 is 10 % more."""


def read_costs(path: Path = STEPS) -> list[Cost] | None:
    """Read the steps that were confirmed; None where no costs were searched."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))["steps"]
        return [
            Cost(step["benchmark"], step["after"], step["change"])
            for step in told
            if step["confirmed"]
        ]
    except (OSError, ValueError, LookupError, TypeError):
        return None


def read_deaths(path: Path = LIFETIMES) -> dict[str, str]:
    """Read with which upload fresh installs of a release stopped importing, in words."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))["releases"]
        return {
            row["version"]: Upload.from_json(row["upload"]).words for row in told if row["upload"]
        }
    except (OSError, ValueError, LookupError, TypeError):
        return {}


@dataclass(frozen=True)
class Target:
    """A release to go to."""

    version: str
    why: tuple[str, ...]
    """What makes it one."""
    mends: tuple[str, ...]
    """The scenarios that are bad in the release at hand, and not there."""
    keeps: tuple[str, ...]
    """Those that are bad in both."""
    breaks: tuple[str, ...]
    """Those that are bad only there."""
    on_the_way: tuple[tuple[str, str, str], ...]
    """What is broken and mended again in between: scenario, first and last release that is bad."""
    costs: tuple[Cost, ...]


NOTHING_BAD, BETTER, NEWEST = "nearest with nothing bad", "nearest patch that is better", "newest"


def targets(
    version: str,
    here: Mapping[str, Verdict],
    known: Sequence[Release],
    histories: Iterable[History],
    costs: Iterable[Cost] = (),
) -> list[Target]:
    """Choose where to go from a release: stable, newer, and every scenario known to be what it is.

    Args:
        here: what the release at hand does, by scenario.
        known: all releases, in order.
    """
    by_name = {history.scenario: history for history in histories}
    bad_here = {name for name in by_name if here.get(name) is Verdict.BAD}
    bad: dict[str, set[str]] = {}
    for release in known:
        if (
            release.stable
            and release.yanked is None
            and Version(release.version) > Version(version)
        ):
            seen = {name: h.verdicts.get(release.version) for name, h in by_name.items()}
            if {*seen.values()} <= {Verdict.GOOD, Verdict.BAD}:
                bad[release.version] = {n for n, v in seen.items() if v is Verdict.BAD}
    series = Version(version).release[:2]
    same = [v for v in bad if Version(v).release[:2] == series]
    chosen = {
        BETTER: next((v for v in same if bad[v] < bad_here), None),
        NOTHING_BAD: next((v for v in bad if not bad[v]), None),
        NEWEST: next(reversed(bad), None),
    }
    found = []
    for there in sorted({v for v in chosen.values() if v}, key=Version):
        way = [(name, h.bad_between(version, there)) for name, h in sorted(by_name.items())]
        found.append(
            Target(
                there,
                tuple(why for why, v in chosen.items() if v == there),
                tuple(sorted(bad_here - bad[there])),
                tuple(sorted(bad_here & bad[there])),
                tuple(sorted(bad[there] - bad_here)),
                tuple((n, b[0], b[-1]) for n, b in way if b and n not in bad_here | bad[there]),
                tuple(c for c in costs if Version(version) < Version(c.after) <= Version(there)),
            )
        )
    return found
