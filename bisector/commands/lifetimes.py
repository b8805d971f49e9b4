"""`nox -s lifetimes`: how long each release lived, without a lock file."""

from __future__ import annotations

import argparse
import json
from datetime import datetime, timezone
from pathlib import Path

from bisector import ROOT
from bisector.bisection.lifetimes import Lifetimes
from bisector.commands import options
from bisector.environments import releases
from bisector.errors import FOUND
from bisector.telling import lifetimes, maps
from bisector.telling.terminal import console_for

RESULTS = ROOT / "results"


def parser() -> argparse.ArgumentParser:
    """Return the options of `nox -s lifetimes`."""
    made = options.parser_for(
        "lifetimes",
        "Find out for each release on which day a fresh install without a lock file stopped"
        " importing, and with which upload; writes lifetimes.json and a figure.",
    )
    made.add_argument("--from", dest="start", metavar="VERSION|DATE", help="oldest release")
    made.add_argument("--to", dest="end", metavar="VERSION|DATE", help="newest release")
    made.add_argument(
        "--jobs", type=options.count, default=options.default_jobs(),
        help="releases looked at side by side (default: %(default)s)",
    )  # fmt: skip
    made.add_argument(
        "--out", type=Path, default=RESULTS, metavar="DIR",
        help="where to write (default: results/)",
    )  # fmt: skip
    return made


async def run(args: argparse.Namespace) -> int:
    """Look at all releases, and write what became of them."""
    options.check_folder("--out", str(args.out))
    console = console_for()
    chosen = releases.select(releases.load(), args.start, args.end)
    today = datetime.now(timezone.utc).replace(microsecond=0)
    found = await Lifetimes(today, args.jobs, console.print).of(chosen)
    told = lifetimes.to_json(found, today)
    args.out.mkdir(exist_ok=True)
    (args.out / "lifetimes.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    maps.save(lifetimes.draw(told), args.out / "lifetimes")
    for line in lifetimes.sentences(told):
        console.print(line, markup=False, soft_wrap=True)
    return FOUND
