"""Is told how it gets on, while questions are asked: what somebody who watches is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bisector.environments.releases import Release
from bisector.questions.behaviour import Observation
from bisector.search.exact import History


class Display(Protocol):
    """Is told how a bisection gets on."""

    def stage(self, version: str, text: str) -> None:
        """A release is being installed, probed, ..."""

    def observed(self, observation: Observation, *, remembered: bool) -> None:
        """A release has a verdict; `remembered`: from the journal."""

    def line(self, points: Sequence[Release], verdicts: History) -> None:
        """The line that is walked: its points, and their verdicts so far."""

    def known(self, text: str) -> None:
        """What is known so far, in a line."""

    def note(self, text: str) -> None:
        """Something worth a line."""

    def place(self, text: str) -> None:
        """How the place where it is answered gets on, in a line: told every second or so."""


class Unseen:
    """A display that nobody looks at."""

    def stage(self, version: str, text: str) -> None:
        """Tell nobody."""

    def observed(self, observation: Observation, *, remembered: bool) -> None:
        """Tell nobody."""

    def line(self, points: Sequence[Release], verdicts: History) -> None:
        """Tell nobody."""

    def known(self, text: str) -> None:
        """Tell nobody."""

    def note(self, text: str) -> None:
        """Tell nobody."""

    def place(self, text: str) -> None:
        """Tell nobody."""
