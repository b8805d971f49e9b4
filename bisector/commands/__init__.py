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


class Command(Protocol):
    """What a command's module holds."""

    def parser(self) -> argparse.ArgumentParser:
        """Return its options."""

    async def run(self, args: argparse.Namespace) -> int:
        """Do it; returns the exit code."""


def load(name: str) -> Command:
    """Return a command by its name."""
    return cast(Command, importlib.import_module(f"bisector.commands.{name}"))
