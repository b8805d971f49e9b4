"""What a person sees while a command runs: a live table in a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bisector.environments.releases import Release
from bisector.questions.behaviour import Observation
from bisector.search.exact import History
from bisector.telling.strip import STYLES, Strip

EVERY = 10.0
"""Seconds between two lines about the place, where each stays to be read."""


class Lines:
    """One plain line for each thing that happens."""

    def __init__(self, console: Console) -> None:
        self._console, self._started = console, time.monotonic()
        self._known = ""
        self._placed, self._left = self._started, 0

    def __enter__(self) -> Lines:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to put away."""

    def pause(self) -> None:
        """Make room for other output."""

    def resume(self) -> None:
        """Go on."""

    def stage(self, version: str, text: str) -> None:
        """Say nothing: what comes of it gets a line."""

    def observed(self, observation: Observation, *, remembered: bool) -> None:
        """Print a release's verdict."""
        known = " (known from the journal)" if remembered else ""
        self._line(
            f"{observation.version}: {observation.verdict.value}, {observation.reason}{known}"
        )

    def line(self, points: Sequence[Release], verdicts: History) -> None:  # noqa: ARG002
        """Say nothing: it is drawn once, under the answer."""
        self._left = list(verdicts).count(None)

    def place(self, text: str) -> None:
        """Print how the place gets on, and what is left, every now and then."""
        if time.monotonic() - self._placed >= EVERY:
            self._placed = time.monotonic()
            self._line(text + _left(self._left))

    def known(self, text: str) -> None:
        """Print what is known so far, when it is something new."""
        if text != self._known:
            self._known = text
            self._line(text)

    def note(self, text: str) -> None:
        """Print a line."""
        self._line(text)

    def _line(self, text: str) -> None:
        seconds = time.monotonic() - self._started
        self._console.print(f"{seconds:6.1f} s  {text}", markup=False, highlight=False,
                            soft_wrap=True)  # fmt: skip


class Board:
    """The line that is walked, and below it what runs, at what stage; verdicts scroll above."""

    def __init__(self, console: Console) -> None:
        self._console, self._started = console, time.monotonic()
        self._running: dict[str, tuple[str, float]] = {}
        self._known = self._note = self._place = ""
        self._line: tuple[Sequence[str], History] = ((), ())
        self._live = Live(
            console=console, transient=True, refresh_per_second=8, get_renderable=self._draw
        )

    def __enter__(self) -> Board:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def pause(self) -> None:
        """Make room for other output."""
        self._live.stop()

    def resume(self) -> None:
        """Go on."""
        self._running.clear()
        self._known = self._note = ""
        self._line = ((), ())
        self._live.start()

    def stage(self, version: str, text: str) -> None:
        """Show what is done with a release."""
        self._running[version] = (text, time.monotonic())

    def observed(self, observation: Observation, *, remembered: bool) -> None:
        """Put a release's verdict above the table."""
        self._running.pop(observation.version, None)
        line = Text(f"{observation.version:>10}  ")
        line.append(f"{observation.verdict.value:4}", STYLES[observation.verdict])
        line.append(f"  {observation.reason}", "dim")
        if remembered:
            line.append("  (journal)", "dim italic")
        self._console.print(line, no_wrap=True, overflow="ellipsis")

    def line(self, points: Sequence[Release], verdicts: History) -> None:
        """Show the line that is walked, with the verdicts so far."""
        self._line = ([point.version for point in points], verdicts)

    def known(self, text: str) -> None:
        """Show what is known so far."""
        self._known = text

    def place(self, text: str) -> None:
        """Show how the place gets on, and what is left."""
        self._place = text + _left(list(self._line[1]).count(None))

    def note(self, text: str) -> None:
        """Show the latest thing worth a line."""
        self._note = text

    def _draw(self) -> Group:
        now = time.monotonic()
        table = Table.grid(padding=(0, 2))
        for version, (text, since) in self._running.items():
            table.add_row(Text(version, "bold"), text, f"{now - since:.0f} s")
        footer = Text(f"{now - self._started:.0f} s", "bold")
        if self._known:
            footer.append(f"  {self._known}", "cyan")
        if self._place:
            footer.append(f"\n{self._place}", "dim")
        if self._note:
            footer.append(f"\n{self._note}", "dim")
        names, verdicts = self._line
        if not names:
            return Group(table, footer)
        strip = Strip.living(names, verdicts, self._running)
        return Group(*strip.lines(self._console.width), table, footer)


def _left(points: int) -> str:
    """Say how many points of the line that is walked have no verdict yet."""
    return f"; {points} of this line not probed" if points else ""


def console_for(*, stderr: bool = False) -> Console:
    """Return a console; wide lines where there is no terminal to fit them in."""
    console = Console(stderr=stderr, highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = 160
    return console


def display_for(console: Console) -> Lines | Board:
    """Choose the display: live in a terminal, plain lines elsewhere and where NO_COLOR is set."""
    live = console.is_terminal and not console.is_dumb_terminal and not os.environ.get("NO_COLOR")
    return Board(console) if live else Lines(console)
