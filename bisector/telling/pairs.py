"""A map of pairs, for a terminal, as Markdown, as JSON, and as the rows of a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from bisector.bisection.pairs import WORDS, Pairs
from bisector.telling import maps
from bisector.telling.documents import SCHEMA


def rows(found: Pairs) -> dict[str, list[tuple[str, str]]]:
    """Return what was probed as a map of releases: rows with the same answers as one.

    The newest comes first.  Of rows that are folded, a cell is what was probed in any of them.
    """
    told: dict[str, list[tuple[str, str]]] = {}
    for span, _ in reversed(found.folded()):
        seen = {c: found.known[r, c] for r in span for c in range(found.plan.columns)
                if (r, c) in found.known}  # fmt: skip
        told[found.name(span)] = [(found.columns[c].version, seen[c].value) for c in sorted(seen)]
    return told


def figure_rows(found: Sequence[Pairs]) -> dict[str, list[tuple[str, str]]]:
    """Return the rows of several maps, below each other."""
    several = len(found) > 1
    return {
        f"{each.program.as_typed}, {name}" if several else name: cells
        for each in found
        for name, cells in rows(each).items()
    }


def title(found: Sequence[Pairs]) -> str:
    """Say what a figure of these shows."""
    first = found[0]
    what = first.program.as_typed if len(found) == 1 else f"{len(found)} scenarios"
    return f"{what}: which {first.across} works with which {first.down}"


def columns(found: Pairs) -> list[str]:
    """Return all points of the other axis, probed or not."""
    return [release.version for release in found.columns]


def show(found: Pairs, console: Console) -> None:
    """Print it."""
    console.print(f"\n{found.program.as_typed}: {found.program.title}", markup=False)
    maps.show(rows(found), console, columns(found))
    console.print()
    for line in [*found.sentences(), _circumstances(found)]:
        console.print(line, markup=False, soft_wrap=True)


def to_markdown(found: Pairs) -> str:
    """Return it for an issue or a page: a table of what is the same, and the borders in words."""
    stretches = found.stretches()
    head = [f"{found.down} \\ {found.across}", *(name for name, _ in stretches)]
    table = [head, ["---"] * len(head)]
    for span, row in reversed(found.folded()):
        table.append([found.name(span), *(WORDS[row[first]] for _, first in stretches)])
    lines = [f"**{found.program.as_typed}**: {found.program.title}", ""]
    lines += [f"| {' | '.join(row)} |" for row in table]
    lines += ["", *(f"- {sentence}" for sentence in found.sentences())]
    return "\n".join([*lines, "", _circumstances(found)]) + "\n"


def to_json(found: Pairs) -> dict[str, Any]:
    """Return it as a document (schemas/pairs.json)."""
    return {
        "schema": SCHEMA,
        "scenario": found.program.as_typed,
        "title": found.program.title,
        "answer": found.sentences(),
        "down": found.down,
        "rows": [row.point for row in found.rows],
        "across": found.across,
        "columns": columns(found),
        "held": found.held,
        "cells": [
            [_verdict(found, row, column) for column in range(found.plan.columns)]
            for row in range(found.plan.rows)
        ],
        "density": [*found.plan.every],
        "probes": found.probes,
        "seconds": found.seconds,
    }


def _verdict(found: Pairs, row: int, column: int) -> str | None:
    seen = found.known.get((row, column))
    return seen.value if seen else None


def _circumstances(found: Pairs) -> str:
    return f"{found.unseen()}; {found.probes} probes in {found.seconds:.1f} s"
