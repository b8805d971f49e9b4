"""What was observed of the releases on an axis, and what each of them counts as."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bisector.axes.axis import Axis
from bisector.bisection.answer import settle
from bisector.bisection.journal import Journal
from bisector.questions.behaviour import Observation
from bisector.questions.ending import ALIVE
from bisector.search.exact import Verdict


class Seen:
    """The observations of one bisection, oldest first; journalled as they come."""

    def __init__(self, axis: Axis, journal: Journal, *, repeat: int, may_be_endless: bool) -> None:
        """Take what is in the journal for known.

        Args:
            repeat: probes of a release that all have to be good for it to be good.
            may_be_endless: whether what is still alive at the deadline may have to be read anew.
        """
        self._axis, self._journal = axis, journal
        self._repeat, self._may_be_endless = repeat, may_be_endless
        self._releases = {release.version: release for release in axis.releases}
        self.of: dict[str, list[Observation]] = {
            version: journal.of(version, axis.environment(release))
            for version, release in self._releases.items()
        }

    def add(self, observation: Observation) -> None:
        """Keep what a probe saw."""
        release = self._releases[observation.version]
        self._journal.add(observation, self._axis.environment(release))
        self.of[observation.version].append(observation)

    def guess(self, observation: Observation) -> None:
        """Count what a probe seems to see, which still goes on."""
        self.of[observation.version].append(observation)

    def replace(self, guess: Observation, observation: Observation) -> None:
        """Keep what a probe saw in place of what it seemed to see, or that, unless it is void."""
        found = self.of[guess.version]
        others = [o for o in found if o is not guess]
        self.of[guess.version] = others
        if observation is not guess or len(others) < len(found):
            self.add(observation)

    def forget(self, void: Callable[[Observation], bool]) -> None:
        """Take back what counts no more."""
        self._journal.forget()
        for version, release in self._releases.items():
            kept = [o for o in self.of[version] if not void(o)]
            self.of[version] = kept
            for observation in kept:
                self._journal.add(observation, self._axis.environment(release))

    def history(self) -> list[Verdict | None]:
        """The verdicts so far, in the axis's order."""
        return [self.verdict(version) for version in self._releases]

    def verdict(self, version: str) -> Verdict | None:
        """What a release counts as; None while that is not known."""
        seen = self.read(version)
        if self._repeat == 1:
            return settle(seen)
        if any(o.verdict is Verdict.BAD for o in seen):
            return Verdict.BAD
        good = sum(o.verdict is Verdict.GOOD for o in seen)
        if good >= self._repeat:
            return Verdict.GOOD
        return Verdict.SKIP if seen and not good else None

    def agreeing(self, version: str) -> int:
        """How often a release gave the verdict that it counts as."""
        verdict = self.verdict(version)
        return sum(o.verdict is verdict for o in self.read(version))

    def early(self, version: str) -> bool:
        """Whether all that speaks for a release's verdict are hangs called early."""
        verdict = self.verdict(version)
        found = [o.early for o in self.read(version) if o.verdict is verdict]
        return bool(found) and all(found)

    @property
    def endless(self) -> bool:
        """Whether the program never ends, and is told apart by whether it falls silent.

        So it is where at one end of what was tested it still speaks at the deadline, and at the
        other does not.
        """
        if not self._may_be_endless:
            return False
        tested = [
            seen for seen in self.of.values() if any(o.verdict is not Verdict.SKIP for o in seen)
        ]
        if not tested:
            return False
        ends = [tested[0][-1], tested[-1][-1]]
        return (
            all(end.verdict is Verdict.BAD for end in ends)
            and any(end.outcome == ALIVE for end in ends)
            and any(end.outcome != ALIVE for end in ends)
        )

    def read(self, version: str) -> list[Observation]:
        """What was seen of a release, as it counts."""
        seen = self.of[version]
        if not any(o.outcome == ALIVE for o in seen):
            return seen  # nothing else is read otherwise, and this is asked for often
        return [self.as_it_counts(o) for o in seen]

    def as_it_counts(self, observation: Observation) -> Observation:
        """An observation with the verdict that it stands for."""
        alive = observation.outcome == ALIVE and self.endless
        return replace(observation, verdict=Verdict.GOOD) if alive else observation
