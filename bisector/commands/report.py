"""`nox -s report`: what was found and measured, as pages and figures."""

from __future__ import annotations

import argparse

from bisector import ROOT
from bisector.commands import options
from bisector.environments import releases
from bisector.errors import FOUND
from bisector.history import repository, results
from bisector.telling import graphs, maps, results_page
from bisector.telling.terminal import console_for


def parser() -> argparse.ArgumentParser:
    """Return the options of `nox -s report`."""
    made = options.parser_for(
        "report",
        "Make the figures and README.md in results/, and the pages in .asv/html, of what the other"
        " commands left in results/.  Exit codes: 0 made, 2 something is missing there, 3 trouble"
        " outside.",
    )
    made.add_argument(
        "--machine", metavar="NAME",
        help="whose measurements (default, for each figure: the most complete ones)",
    )  # fmt: skip
    return made


async def run(args: argparse.Namespace) -> int:
    """Make the report."""
    known = releases.load()
    commits = repository.commits(repository.ensure(known))
    found = results.read(known, commits, args.machine)
    closing = results.read(known, commits, args.machine, having=results_page.BESIDE_PLAIN)
    told = results_page.tell(found, closing)
    files = [
        file
        for name, figure in results_page.draw(found, closing).items()
        for file in maps.save(figure, results_page.RESULTS / name)
    ]
    readme = results_page.RESULTS / "README.md"
    readme.write_text(results_page.render("README.md", told), encoding="utf-8")
    graphs.publish({commit: version for version, commit in commits.items()})
    page = graphs.open_on(results_page.render("index.html", told), files)

    console = console_for()
    for file in (*files, readme, page):
        shown = file.relative_to(ROOT)
        console.print(f"wrote {shown}", markup=False, soft_wrap=True)
    console.print("`.nox/report/bin/asv preview` shows the pages; their graphs need a server")
    return FOUND
