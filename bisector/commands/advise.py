"""`nox -s advise`: what is bad in a release, what helps those who have it, and where to go."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from packaging.version import InvalidVersion, Version

from bisector.axes.axis import pin
from bisector.bisection.advice import Adviser
from bisector.commands import options
from bisector.environments import locks, recipes, releases
from bisector.environments.releases import PACKAGE, Release
from bisector.errors import FOUND, UserError
from bisector.rabbitmq.broker import open_broker
from bisector.telling import advice, documents
from bisector.telling.terminal import display_for

BESIDE = ("aio-pika", "aiormq")
"""What is taken over from a requirements file, beside FastStream."""
Held = tuple[str, ...]


def parser() -> argparse.ArgumentParser:
    """Return the options of `nox -s advise`."""
    made = options.parser_for(
        "advise",
        "What about my release?  Asks every built-in scenario of it, with the dependencies of its"
        " day and with today's; tries what is told to those who are hit; and says where to go."
        "  Exit codes: 0 an answer was found, 2 wrong use, 3 trouble outside, or the release cannot"
        " be tested.",
    )
    made.add_argument(
        "release", nargs="?",
        help=f"a release, or a requirements or lock file that pins {PACKAGE}: what it pins of"
        f" {' and '.join(BESIDE)} is held, too (default: the newest that hangs after a sibling was"
        " closed, by bisection)",
    )  # fmt: skip
    made.add_argument(
        "--python", default=recipes.PYTHON, metavar="X.Y",
        help="interpreter of the releases' environments; uv finds it or brings it"
        " (default: %(default)s)",
    )  # fmt: skip
    options.add_rabbitmq(made)
    made.add_argument(
        "--json", metavar="FILE", help="also write the answer as JSON; - is standard output"
    )
    made.add_argument("--markdown", metavar="FILE", help="also write it as Markdown; - likewise")
    return made


async def run(args: argparse.Namespace) -> int:
    """Ask about the release, try all advice, and report."""
    console = options.console_with({"--json": args.json, "--markdown": args.markdown})
    known, release, pinned = _named(args.release, args.python)
    with display_for(console) as display:
        async with open_broker(display.note, args.rabbitmq) as (broker, rabbitmq):
            adviser = Adviser(
                broker=broker, rabbitmq=rabbitmq, display=display, jobs=options.default_jobs(),
                python=args.python, known=known, pinned=pinned,
            )  # fmt: skip
            found = await adviser.advise(release or await adviser.newest_that_hangs())
    advice.show(found, console)
    options.write(args.json, json.dumps(documents.of_advice(found), indent=2) + "\n")
    options.write(args.markdown, advice.to_markdown(found))
    return FOUND


def _named(word: str | None, python: str) -> tuple[Sequence[Release], Release | None, Held]:
    """Return all releases, the one that is named, and what is held beside it.

    Raises:
        UserError: there is no such release or file, or FastStream is not pinned in it.
        OutsideError: it may be newer than the snapshot, and the index is out of reach.
    """
    if word is None:
        return releases.load(), None, ()
    version, held = word, Held()
    if Path(word).is_file():
        version, held = _pinned(Path(word), python)
    elif not _is_version(word):
        raise UserError(f"{word}: neither a release nor a file")
    known = releases.load()
    try:
        return known, releases.find(known, version), held
    except UserError:  # it may be newer than the snapshot
        known = releases.fetch()
        return known, releases.find(known, version), held


def _pinned(file: Path, python: str) -> tuple[str, Held]:
    """Return the release that a file pins, and what is held beside it."""
    pins = locks.read(file, python, only=(PACKAGE, *BESIDE))
    if PACKAGE not in pins:
        raise UserError(f"{file}: no {PACKAGE} in it: name a release, or another file")
    if elsewhere := [text for text in pins.values() if " @ " in text]:
        raise UserError(f"{file}: {elsewhere[0]} is no release on the index: name one")
    return pin(pins[PACKAGE])[1], tuple(pins[name] for name in BESIDE if name in pins)


def _is_version(word: str) -> bool:
    try:
        Version(word)
    except InvalidVersion:
        return False
    return True
