"""The command `faststream-bisector` that the wheel installs: hands on to Nox, which does the rest.

Stands outside the project that it starts, beside it, and imports nothing of it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs

NAME = "faststream-bisector"
PROJECT = Path(__file__).with_name("project")
COMMANDS = {
    "bisect": "find the release where behaviour flips",
    "check": "compare a release, a wheel or a checkout with the release before it",
    "changes": "compare two releases by all that they do",
    "worker": "answer for a dask scheduler, on this machine",
    "advise": "what is bad in my release, what helps, and where to go",
    "clean": "show what is kept, by size and age; remove what is named",
    '"release(X)"': "install one release; with a scenario or a program, probe it",
}


def text() -> str:
    """Return the help."""
    width = max(map(len, COMMANDS))
    rows = [f"  {name:{width}}  {does}" for name, does in COMMANDS.items()]
    return "\n".join(
        [
            f"usage: {NAME} COMMAND [OPTION ...]",
            "",
            "Which FastStream release broke or fixed it: bisects releases on a real RabbitMQ.",
            "",
            *rows,
            "",
            f"{NAME} COMMAND --help explains its options.",
            f"Environments and what was fetched: {platformdirs.user_cache_path(NAME)}",
            f"What was observed:                 {platformdirs.user_data_path(NAME)}",
        ]
    )


def main() -> None:
    """Hand on to Nox; exit codes are those of the command."""
    session, *options = sys.argv[1:] or [""]
    if session in ("", "-h", "--help"):
        print(text())
        sys.exit(0 if session else 2)
    if session not in COMMANDS and not session.startswith("release("):
        print(f"{session}: there is no such command\n\n{text()}", file=sys.stderr)
        sys.exit(2)
    command = [sys.executable, "-m", "nox", "-f", str(PROJECT / "noxfile.py"), "-s", session]
    os.execv(sys.executable, [*command, "--", *options])  # signals go straight there
