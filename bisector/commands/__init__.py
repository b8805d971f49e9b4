"""The commands, a module each.  A module is imported only when its command is asked for."""

from __future__ import annotations

import argparse
import importlib
from typing import Protocol, cast

NAMES = (
    "advise",
    "bench",
    "bisect",
    "calibrate",
    "changes",
    "check",
    "clean",
    "layers",
    "lifetimes",
    "probe",
    "report",
    "speed",
    "update",
    "worker",
)  # fmt: skip
GO_ON = ("advise", "bench", "bisect", "calibrate", "lifetimes")
"""Those that keep what they know and, stopped, go on when they are run again; `changes --all`, too.
"""


class Command(Protocol):
    """What a command's module holds."""

    def parser(self) -> argparse.ArgumentParser:
        """Return its options."""

    async def run(self, args: argparse.Namespace) -> int:
        """Do it; returns the exit code."""


def load(name: str) -> Command:
    """Return a command by its name."""
    return cast(Command, importlib.import_module(f"bisector.commands.{name}"))


def goes_on(name: str, args: argparse.Namespace) -> bool:
    """Say whether a command, run again after it was stopped, goes on where it was."""
    return name in GO_ON or (name == "changes" and args.all)
