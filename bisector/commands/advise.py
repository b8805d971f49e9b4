"""`nox -s advise`: what helps those who are stuck with a release."""

from __future__ import annotations

import argparse
import json

from bisector.bisection.advice import Adviser
from bisector.commands import options
from bisector.environments import recipes, releases
from bisector.errors import FOUND
from bisector.rabbitmq.broker import open_broker
from bisector.telling import advice, documents
from bisector.telling.terminal import display_for


def parser() -> argparse.ArgumentParser:
    """Return the options of `nox -s advise`."""
    made = options.parser_for(
        "advise",
        "Try what is told to those whose publishing hangs, on the release that they are stuck with."
        "  Exit codes: 0 an answer was found, 2 wrong use, 3 trouble outside, or the release cannot"
        " be tested.",
    )
    made.add_argument(
        "version", nargs="?", help="the release (default: the newest that hangs, by bisection)"
    )
    recipes.add_arguments(made)
    options.add_rabbitmq(made)
    made.add_argument(
        "--json", metavar="FILE", help="also write the answer as JSON; - is standard output"
    )
    made.add_argument("--markdown", metavar="FILE", help="also write it as Markdown; - likewise")
    return made


async def run(args: argparse.Namespace) -> int:
    """Try all advice and report."""
    console = options.console_with({"--json": args.json, "--markdown": args.markdown})
    known = releases.load()
    release = releases.find(known, args.version) if args.version else None
    with display_for(console) as display:
        async with open_broker(display.note, args.rabbitmq) as (broker, rabbitmq):
            adviser = Adviser(
                broker=broker, rabbitmq=rabbitmq, display=display, jobs=options.default_jobs(),
                deps=args.deps, python=args.python,
            )  # fmt: skip
            release = release or releases.find(known, await adviser.newest_that_hangs())
            found = await adviser.advise(release)
    advice.show(found, console)
    options.write(args.json, json.dumps(documents.of_advice(found), indent=2) + "\n")
    options.write(args.markdown, advice.to_markdown(found))
    return FOUND
