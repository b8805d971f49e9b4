"""Closed reports on FastStream's tracker: does `changes` find each where it was fixed?

`python -m tests.reports [SECONDS [NUMBER ...]]` looks so long at each pair of neighbouring releases
between which reports were fixed, and prints a table.  What counts is a difference whose words match
`shows`, among all that findings stand for.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from bisector.changes.comparison import Plan
from bisector.changes.findings import describe
from bisector.changes.kinds import DIMENSIONS
from bisector.changes.looking import Side, look
from bisector.check.candidates import sides
from bisector.environments.building import install
from bisector.rabbitmq.broker import open_broker


@dataclass(frozen=True)
class Report:
    """One report, or the pull request that fixed what nobody had reported."""

    number: int
    what: str
    before: str
    after: str
    shows: str
    """A pattern of a difference, `SITUATION: WHAT WAS AND IS`."""


REPORTS = (
    Report(1110, "the test broker took topic patterns too widely", "0.3.11", "0.3.12",
           r"tested.*routing|routing.*tested"),
    Report(1231, "closing while it reconnects hung", "0.4.2", "0.4.3", r"away and close"),
    Report(1395, "path parameters with a router's prefix", "0.5.2", "0.5.3", r"prefix and path"),
    Report(1415, "rpc with reply_to was not refused by the test broker", "0.5.3", "0.5.4",
           r"refused_in_test=rpc with reply to"),
    Report(1680, "errors of a parser were lost", "0.5.17", "0.5.18", r"parser=|plain wrong json"),
    Report(1752, "get_local ignored its default", "0.5.20", "0.5.21", r"context=scope"),
    Report(1792, "a publisher's publish had no reply_to", "0.5.23", "0.5.24",
           r"by=publisher.*reply|reply.*by=publisher"),
    Report(1809, "objects with an == of their own in the context", "0.5.23", "0.5.24",
           r"context=equal"),
    Report(1933, "ping said yes after the connection was lost", "0.5.30", "0.5.31", r"ping"),
    Report(1935, "middlewares ran in the wrong order", "0.5.30", "0.5.31", r"middleware"),
    Report(1954, "a publisher made after connect could not publish", "0.5.33", "0.5.34",
           r"publisher after"),
    Report(2226, "timestamps had no time zone", "0.5.41", "0.5.42", r"timestamp"),
    Report(2365, "a router's prefix was lost on publishers", "0.5.47", "0.5.48",
           r"prefix.*publish|publish.*prefix"),
    Report(2702, "unknown content types raised", "0.6.3", "0.6.4", r"content_type=|unknown type"),
    Report(2707, "a slash before the virtual host was lost", "0.6.3", "0.6.4",
           r"virtualhost|vhost"),
    Report(2784, "a decoder that gives None was called again", "0.6.6", "0.6.7", r"decoder="),
)  # fmt: skip


async def find(reports: Sequence[Report], seconds: float) -> int:
    """Look at each pair; returns how many reports were found."""
    total = 0
    async with open_broker(lambda _text: None) as (broker, _):
        for (before, after), group in groupby(reports, lambda r: (r.before, r.after)):
            old, new = await sides(after, before)
            for side in (old, new):
                await install(side.environment)
            looked = await look(
                Side(old.name, old.environment), Side(new.name, new.environment), broker,
                DIMENSIONS, Plan(seconds), lambda _text: None,
            )  # fmt: skip
            told = [
                f"{one.situation}: {describe(one.difference)}"
                for finding in looked.findings for one in (finding, *finding.alike)
            ]  # fmt: skip
            for report in group:
                shown = [text for text in told if re.search(report.shows, text)]
                total += bool(shown)
                print(f"| #{report.number} | {report.what} | {after} |"
                      f" {looked.compared.situations} | {'yes' if shown else 'no'} |"
                      f" {' / '.join(text[:160] for text in shown[:3])} |", flush=True)  # fmt: skip
            if not all(any(re.search(r.shows, t) for t in told) for r in reports
                       if (r.before, r.after) == (before, after)):  # fmt: skip
                print("\n".join(f"    {text[:200]}" for text in told), file=sys.stderr, flush=True)
    return total


if __name__ == "__main__":
    some = [r for r in REPORTS if str(r.number) in sys.argv[2:]] or REPORTS
    found = asyncio.run(find(some, float(sys.argv[1]) if sys.argv[1:] else 60))
    print(f"{found} of {len(some)} found")
