"""Is told how it gets on, while questions are asked: what somebody who watches is shown."""

from __future__ import annotations

from typing import Protocol

from bisector.questions.behaviour import Observation


class Display(Protocol):
    """Is told how a bisection gets on."""

    def stage(self, version: str, text: str) -> None:
        """A release is being installed, probed, ..."""

    def observed(self, observation: Observation, *, remembered: bool) -> None:
        """A release has a verdict; `remembered`: from the journal."""

    def known(self, text: str) -> None:
        """What is known so far, in a line."""

    def note(self, text: str) -> None:
        """Something worth a line."""
