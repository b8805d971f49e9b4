"""What changed over all releases, as a page and a folder of programs."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.version import Version

from bisector.changes.differences import GRAVE, KINDS
from bisector.changes.history import STEPS, step
from bisector.telling.changes import marked

Row = Mapping[str, Any]
PROGRAMS = "changes"
"""The folder of programs, beside the page."""
HEAD = """\
Found by machine: `nox -s changes -- --all` compares every release with the one before it, in
generated situations, with the same dependencies. One line is one cause, most telling first; each
links to a program that passes on one side and fails on the other. How far that reaches:
[What `changes` sees](../docs/explanation/changes.md)."""
ALIKE = "on the earlier side alone, for they call no function that differs"
LONGEST = 220
"""Characters of a sentence on the page; JSON has all of it."""


def write(document: Mapping[str, Any], page: Path) -> None:
    """Write the page; the programs that it links to are there."""
    part = page.with_suffix(".part")
    part.write_text(render(document), encoding="utf-8")
    os.replace(part, page)  # noqa: PTH105 - whole or not at all


def render(document: Mapping[str, Any]) -> str:
    """Return the page."""
    rows = sorted(document["pairs"], key=lambda row: Version(row["after"]), reverse=True)
    lines = [
        "# What changed, release by release", "",
        HEAD, "",
        *_summary(rows), "",
    ]  # fmt: skip
    if same := [row["after"] for row in rows if not row["findings"] and not row.get("why")]:
        lines += [f"Nothing changed, as far as was looked, in {', '.join(same)}.", ""]
    for row in rows:
        if row["findings"] or row.get("why"):
            lines += _release(row)
    return "\n".join(lines).rstrip() + "\n"


def _summary(rows: Sequence[Row]) -> list[str]:
    """Count: which kinds of releases change what."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in STEPS}
    for row in rows:
        name = step(row["before"], row["after"])
        counts[name]["pairs"] += 1
        counts[name]["grave"] += any(f["kind"] in GRAVE and f["worse"] for f in row["findings"])
        counts[name].update(f["kind"] for f in row["findings"])
    head = ["the later release is a", "compared", "with something grave", *KINDS]
    lines = [" | ".join(["", *head, ""]).strip(), "|" + " --- |" * len(head)]
    for name, found in counts.items():
        cells = [name, *(str(found[key]) for key in ("pairs", "grave", *KINDS))]
        lines.append(f"| {' | '.join(cells)} |")
    situations, alike = (
        sum(row["compared"][name] for row in rows) for name in ("situations", "alike")
    )
    meaning = f'"Grave" is what is {_either(GRAVE)} in the later release only.'
    looked = f"{situations} situations ran on both sides, {alike} more {ALIKE}."
    return [*lines, "", f"{meaning} {looked}"]


def _either(kinds: Sequence[str]) -> str:
    return f"{', '.join(kinds[:-1])} or {kinds[-1]}"


def _release(row: Row) -> list[str]:
    looked = row["compared"]
    lines = [f"## {row['after']}", ""]
    if why := row.get("why"):
        return [*lines, f"Not compared with {row['before']}: {marked(why)}", ""]
    partly = "" if looked["complete"] else ", not every choice of the grammar"
    against = f"Against {row['before']}, {step(row['before'], row['after'])}"
    counts = f"{looked['situations']} situations, {looked['alike']} more {ALIKE}"
    lines += [f"{against}; {counts}{partly}.", ""]
    for finding in row["findings"]:
        text = finding["sentence"]
        text = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
        where = f"{PROGRAMS}/{row['after']}/{finding['file']}"
        link = f" ([program]({where}))" if finding["file"] else ""
        lines.append(f"- **{finding['kind']}** {marked(text)}{link}")
    return [*lines, ""]
