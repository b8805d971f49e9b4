"""`nox -s report`: what was found and measured, as pages and figures."""

from __future__ import annotations

import argparse

from bisector import ROOT, history, measured, pages, releases, story, strip
from bisector.commands import options
from bisector.display import console_for
from bisector.errors import FOUND


def parser() -> argparse.ArgumentParser:
    """Return the options of `nox -s report`."""
    made = options.parser_for(
        "report",
        "Make the figures and README.md in results/, and the pages in .asv/html, of what the other"
        " commands left in results/.  Exit codes: 0 made, 2 something is missing there, 3 trouble"
        " outside.",
    )
    made.add_argument(
        "--machine", metavar="NAME", help="whose measurements (default: the most complete ones)"
    )
    return made


async def run(args: argparse.Namespace) -> int:
    """Make the report."""
    known = releases.load()
    commits = history.commits(history.ensure(known))
    found = measured.read(known, commits, args.machine)
    told = story.tell(found)
    files = [
        file
        for name, figure in story.draw(found).items()
        for file in strip.save(figure, story.RESULTS / name)
    ]
    readme = story.RESULTS / "README.md"
    readme.write_text(story.render("README.md", told), encoding="utf-8")
    pages.publish({commit: version for version, commit in commits.items()})
    page = pages.open_on(story.render("index.html", told), files)

    console = console_for()
    for file in (*files, readme, page):
        shown = file.relative_to(ROOT)
        console.print(f"wrote {shown}", markup=False, soft_wrap=True)
    console.print("`.nox/report/bin/asv preview` shows the pages; their graphs need a server")
    return FOUND
