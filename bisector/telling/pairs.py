"""A map of pairs, for a terminal, as Markdown and as JSON."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from bisector.bisection.pairs import Pairs
from bisector.telling import maps
from bisector.telling.documents import SCHEMA


def rows(found: Pairs) -> dict[str, list[tuple[str, str]]]:
    """Return what was probed, as a map of releases: a row for each RabbitMQ, newest first."""
    return {
        f"RabbitMQ {found.rabbitmqs[row]}": [
            (found.axis.releases[column].version, found.known[row, column].value)
            for column in range(found.plan.columns)
            if (row, column) in found.known
        ]
        for row in reversed(range(found.plan.rows))
    }


def columns(found: Pairs) -> list[str]:
    """Return all points of the other axis, probed or not."""
    return [release.version for release in found.axis.releases]


def show(found: Pairs, console: Console) -> None:
    """Print it."""
    console.print(f"\n{found.program.as_typed}: {found.program.title}", markup=False)
    maps.show(rows(found), console, columns(found))
    console.print()
    for line in [*found.sentences(), _circumstances(found)]:
        console.print(line, markup=False, soft_wrap=True)


def to_markdown(found: Pairs) -> str:
    """Return it for an issue or a page."""
    lines = [f"**{found.program.as_typed}**: {found.program.title}", ""]
    lines += [f"- {sentence}" for sentence in found.sentences()]
    return "\n".join([*lines, "", _circumstances(found)]) + "\n"


def to_json(found: Pairs) -> dict[str, Any]:
    """Return it as a document (schemas/pairs.json)."""
    return {
        "schema": SCHEMA,
        "scenario": found.program.as_typed,
        "title": found.program.title,
        "answer": found.sentences(),
        "package": found.axis.package,
        "held": found.axis.held,
        "rabbitmqs": [*found.rabbitmqs],
        "releases": columns(found),
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
