"""Finds the release where behaviour flips: releases -> environments -> probe -> search -> report.

Runs in the tool's own environment and never imports the package under test.
"""

import shlex
from pathlib import Path

NAME = "faststream-bisector"
ROOT = Path(__file__).resolve().parent.parent
"""Where noxfile.py, benchmarks/ and results/ are: a checkout, or what the wheel brings."""
INSTALLED = (ROOT.parent / "launcher.py").is_file()
"""Whether this is the wheel: what it makes is then kept where the system keeps a user's data."""

if INSTALLED:
    import platformdirs

    CACHE, DATA = platformdirs.user_cache_path(NAME), platformdirs.user_data_path(NAME)
else:
    CACHE = DATA = ROOT


def command_line(session: str, *words: str) -> str:
    """Return what to type for a command."""
    called = [NAME, session] if INSTALLED else ["nox", "-s", session, *(["--"] if words else [])]
    return " ".join([*map(_quoted, called), *map(shlex.quote, words)])


def _quoted(word: str) -> str:
    return f'"{word}"' if "(" in word else word
