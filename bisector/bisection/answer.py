"""What a bisection found: the flips, and what each release on the axis counts as."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest
from typing import TYPE_CHECKING

from bisector.axes.axis import Axis
from bisector.environments.releases import Release
from bisector.environments.uploads import Upload
from bisector.questions.behaviour import Observation
from bisector.questions.ending import Rules
from bisector.questions.programs import Program
from bisector.search import exact
from bisector.search.exact import Verdict

if TYPE_CHECKING:
    from bisector.search import noisy

DISPUTED = 5
"""After that many observations a release that is even between its answers counts as bad."""


@dataclass(frozen=True)
class Flip:
    """Where behaviour changes: the two nearest tested releases with different verdicts."""

    before: str
    after: str
    from_: Verdict
    to: Verdict
    first_stable: str | None
    """First stable release on the far side; None when there is none yet."""
    skipped: tuple[str, ...]
    """Untestable releases in between: the change may be in any of them, too."""
    since: str
    """Where the stretch of `from_` begins, as far as it was tested."""


@dataclass(frozen=True)
class Circumstances:
    """What an answer holds for, beside the releases."""

    deps: str
    """Dependency rule."""
    python: str
    """The interpreter asked for."""
    rabbitmq: str
    """RabbitMQ's version."""
    rabbitmq_source: str
    """Where it came from, in words."""


@dataclass
class Answer:
    """All that a bisection found out."""

    program: Program
    axis: Axis
    observations: dict[str, list[Observation]]
    """Of each release probed, oldest first."""
    history: list[Verdict | None]
    circumstances: Circumstances
    rules: Rules
    started: datetime
    seconds: float = 0.0
    timing: dict[str, float] = field(default_factory=dict)
    """Seconds by stage, summed over what ran side by side."""
    made: int = 0
    """Probes made for it; the others were known from the journal."""
    may_be_wrong: bool = False
    """Whether single observations were not taken for the truth (`--flaky`)."""
    flaky: noisy.Answer | None = None
    """How sure it is then; None: not sure enough."""
    endless: bool = False
    """Whether the program never ends, and is told apart by whether it falls silent."""

    @property
    def releases(self) -> Sequence[Release]:
        """All releases on the axis, probed or not."""
        return self.axis.releases

    @property
    def probed(self) -> list[str]:
        """Those that were probed, in order."""
        return [r.version for r in self.releases if r.version in self.observations]

    @property
    def python(self) -> str:
        """The interpreter's full version, as the probes saw it."""
        seen = [o.python for found in self.observations.values() for o in found if o.python]
        return seen[-1] if seen else self.circumstances.python

    @property
    def flips(self) -> list[Flip]:
        """All flips found, oldest release first."""
        if self.uncertain:
            return []
        versions = [release.version for release in self.releases]
        found: list[Flip] = []
        since = next(iter(exact.tested(self.history)), 0)
        flips = exact.flips(self.history)
        for flip, following in zip_longest(flips, flips[1:]):
            from_, to = self.history[flip.before], self.history[flip.after]
            assert from_ is not None
            assert to is not None
            until = following.after if following else len(versions)
            stable = first_stable(self.releases, self.history, flip.after, until)
            found.append(
                Flip(
                    versions[flip.before],
                    versions[flip.after],
                    from_,
                    to,
                    versions[stable] if stable is not None else None,
                    tuple(versions[i] for i in flip.between),
                    versions[since],
                )
            )
            since = flip.after
        return found

    @property
    def uncertain(self) -> bool:
        """Whether the answers of a flaky program do not add up to a flip with enough certainty."""
        return self.may_be_wrong and (self.flaky is None or self.flaky.flip is None)

    def upload(self, flip: Flip) -> Upload | None:
        """The upload at which it flips, where days were walked."""
        named = next((r for r in self.releases if r.version == flip.after), None)
        return named if isinstance(named, Upload) else None

    def verdict(self, version: str) -> Verdict:
        """Return what a release that was probed counts as."""
        verdict = self.history[[r.version for r in self.releases].index(version)]
        return verdict or self.observations[version][-1].verdict

    def last(self, version: str) -> Observation:
        """Return the newest observation of a release that has the verdict it was given.

        One that was not called early, if there is any.
        """
        seen = self.observations[version]
        agreeing = [o for o in seen if o.verdict is self.verdict(version)] or seen
        return ([o for o in agreeing if not o.early] or agreeing)[-1]


def first_stable(
    releases: Sequence[Release], history: Sequence[Verdict | None], after: int, until: int
) -> int | None:
    """Index of the first stable release on the far side of a flip, tested or yet to be.

    Args:
        after: the first release with the new verdict.
        until: the first one that has changed back.
    """
    verdict = history[after]
    stretch = (i for i in range(after, until) if releases[i].stable)
    return next((i for i in stretch if history[i] in (verdict, None)), None)


def settle(observations: Sequence[Observation]) -> Verdict | None:
    """Return the verdict that most observations of a release gave; None while they are even."""
    counts = Counter(o.verdict for o in observations).most_common(2)
    if not counts:
        return None
    if len(counts) > 1 and counts[0][1] == counts[1][1]:
        return Verdict.BAD if len(observations) >= DISPUTED else None
    return counts[0][0]
