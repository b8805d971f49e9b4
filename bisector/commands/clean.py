"""`nox -s clean`: what is kept from run to run, by size and age, and how to be rid of it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

from rich import box
from rich.filesize import decimal
from rich.measure import Measurement
from rich.table import Table

from bisector.axes.commits import SOURCES
from bisector.bisection.journal import JOURNAL
from bisector.check.candidates import WHEELS
from bisector.commands import options
from bisector.environments import keeping
from bisector.environments.recipes import ENVIRONMENTS
from bisector.environments.releases import INDEX_CACHE
from bisector.errors import FOUND
from bisector.rabbitmq import debian
from bisector.telling.terminal import console_for

JOURNALS = "journal"
FOLDED = 1000
"""Columns beyond which even a path may be folded."""


def places() -> Mapping[str, Sequence[Path]]:
    """Return what is kept, by the words that the command takes."""
    return {
        "environments": [
            *sorted(ENVIRONMENTS.glob("release-*")),
            *(ENVIRONMENTS / name for name in ("compiled", "bytecode")),  # of those
        ],
        "wheels": sorted(WHEELS.glob("*")),  # of commits and checkouts, built once
        "sources": sorted(SOURCES.glob("*")),
        "index": [INDEX_CACHE],
        "rabbitmq": sorted(debian.cache().glob("*")),
        JOURNALS: [JOURNAL],
    }


def parser() -> argparse.ArgumentParser:
    """Return the options of `nox -s clean`."""
    made = options.parser_for(
        "clean",
        "Show what is kept from run to run, by size and age; remove what is named.  All of it is"
        " made again when it is needed; the journal by asking every question again.  Exit codes:"
        " 0 done, 2 wrong use, 3 trouble outside, or another run is using it.",
    )
    made.add_argument(
        "kind", nargs="*", metavar="KIND",
        help=f"remove this: {', '.join(places())}; or all, which spares the {JOURNALS}",
    )  # fmt: skip
    made.add_argument(
        "--older", type=options.days, default=0.0, metavar="DAYS",
        help="only what was made, or last added to, longer ago than this",
    )  # fmt: skip
    return made


async def run(args: argparse.Namespace) -> int:
    """Show or remove."""
    kinds = options.chosen(args.kind, [*places(), "all"])
    if "all" in kinds:
        kinds = {*kinds, *places()} - {"all", *({JOURNALS} - kinds)}
    # Measuring one that is not asked about would take longer than removing those that are.
    asked = {kind: paths for kind, paths in places().items() if not kinds or kind in kinds}
    there = [kept for kept in keeping.find(asked) if kept.days >= args.older]
    console = console_for()
    if not kinds:
        table = _table(there)
        whole = Measurement.get(console, console.options.update(max_width=FOLDED), table).maximum
        console.width = max(console.width, whole)  # a path that is cut cannot be copied
        console.print(table, crop=False)
        console.print("Remove one of these kinds, or all but the journal: name it, or all")
        return FOUND
    with keeping.in_use(alone=True):
        keeping.remove(there)
    console.print(f"{len(there)} removed, {_bytes(there)} free again")
    return FOUND


def _table(there: Sequence[keeping.Kept]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("kind", "how many", "size", "newest, days", "oldest, days", "where"):
        table.add_column(name, justify="left" if name in ("kind", "where") else "right")
    for kind, group in groupby(there, lambda kept: kept.kind):
        several = list(group)
        ages = [kept.days for kept in several]
        where = several[0].path if len(several) == 1 else several[0].path.parent
        table.add_row(
            kind, str(len(several)), _bytes(several), f"{min(ages):.1f}", f"{max(ages):.1f}",
            str(where),
        )  # fmt: skip
    return table


def _bytes(kept: Sequence[keeping.Kept]) -> str:
    return decimal(sum(each.bytes for each in kept))
