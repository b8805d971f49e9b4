"""Which situations have to be run on the new side: those that call a function that differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from bisector.changes.differences import not_offered
from bisector.changes.grammar import Choice
from bisector.changes.kinds import ALONE
from bisector.changes.situations import Situation
from bisector.changes.sources import Function
from bisector.changes.traces import Trace

SKIPPED = 300
"""How many situations in a row that call nothing that differs end the search for one that does."""


class Need:
    """What is known of the functions that differ, and of who calls them."""

    def __init__(self, functions: Sequence[Function], changed: Collection[Function] | None) -> None:
        """Begin.

        Args:
            functions: of the old side, by the numbers that its traces have.
            changed: those that may behave otherwise on the new one; None: all may.
        """
        self._changed: frozenset[int] | None = None
        if changed is not None:
            numbered = enumerate(functions)
            self._changed = frozenset(n for n, function in numbered if function in changed)
        self._without: set[Choice] = set()

    def known(self, situation: Situation) -> bool:
        """Whether a run on the old side tells if one on the new side is needed.

        It does not of what asks about names before any function is called.
        """
        dimensions = {choice.dimension for choice in situation.choices}
        return self._changed is not None and dimensions.isdisjoint(ALONE)

    def of(self, before: Trace) -> bool:
        """Whether what ran like this on the old side has to be run on the new one."""
        if before.reached is None or not_offered(before.end):  # that may be offered there
            return True
        return self._changed is None or not before.reached.isdisjoint(self._changed)

    def rare_first(self, traces: Mapping[Situation, Trace]) -> list[Situation]:
        """Sort what ran on the old side: what calls functions that differ, and few others call.

        What all call is seen by any of them; what only one calls is seen by no other.
        """
        changed = self._changed or frozenset()
        called = {
            situation: (t.reached or frozenset()) & changed for situation, t in traces.items()
        }
        common = Counter(number for numbers in called.values() for number in numbers)

        def rarest(situation: Situation) -> int:
            return min((common[number] for number in called[situation]), default=len(traces))

        return sorted(traces, key=rarest)

    def has_none(self, situation: Situation) -> None:
        """Remember that it calls nothing that differs."""
        if len(situation.choices) == 1:
            self._without |= situation.choices

    def none(self, situation: Situation) -> bool:
        """Whether each of its choices calls nothing that differs."""
        return situation.choices <= self._without

    def worth(self, situations: Iterable[Situation]) -> Iterator[Situation]:
        """Yield those of which some choice calls something that differs."""
        skipped = 0
        for situation in situations:
            skipped = skipped + 1 if self.none(situation) else 0
            if skipped > SKIPPED:
                return
            if not skipped:
                yield situation
