"""`nox -s bisect -- --map --shard 3/20`: one of several machines that answer a map together."""

from __future__ import annotations

import argparse
import functools
import glob
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bisector import ROOT
from bisector.axes.axis import Axis
from bisector.bisection.inquiry import Finding
from bisector.errors import UserError
from bisector.questions.programs import Program
from bisector.search import shards

MAP = ROOT / "results" / "map.json"
INSTALLING = 1.0
"""Seconds that building an environment takes, about."""
PROBING = 1.0
"""Seconds that a probe takes of which nothing is known."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of those who share a map."""
    group = parser.add_argument_group("more than one machine")
    group.add_argument(
        "--shard", type=shard, metavar="K/N",
        help="with --map: probe only the Kth of N parts, the same on every machine, and leave what"
        " was seen in the --journal; the parts are put together with --known",
    )  # fmt: skip
    group.add_argument(
        "--known", action="append", default=[], metavar="FILES",
        help="journals of other runs, as part-*.jsonl: what they know is not probed again;"
        " repeatable",
    )  # fmt: skip


def shard(text: str) -> tuple[int, int]:
    """Read which of how many, from the command line."""
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r}: it takes which of how many, as 3/20")
    which, of = int(found[1]), int(found[2])
    if not 1 <= which <= of:
        raise argparse.ArgumentTypeError(f"{text}: the first of {of} is 1/{of}, the last {of}/{of}")
    return which, of


def check(args: argparse.Namespace) -> None:
    """Refuse what does not go together; turns patterns into files.

    Raises:
        UserError: with a line that says what to do instead.
    """
    if args.shard and (not args.map or args.pairs or args.flaky or args.repeat > 1):
        raise UserError("--shard is a part of a map: use it with --map, along one axis")
    if args.shard and (args.json or args.markdown or args.figure):
        raise UserError(
            "a part has no answer: leave out --json, --markdown and --figure, and use them with"
            " --known FILES, where all parts are put together"
        )
    files = [[Path(name) for name in sorted(glob.glob(text))] for text in args.known]  # noqa: PTH207  # absolute ones, too
    for text, found in zip(args.known, files, strict=True):
        if not found:
            raise UserError(f"--known {text}: there is no such file")
    args.known = [file for found in files for file in found]


def part(axis: Axis, programs: Sequence[Program], which: tuple[int, int]) -> Axis:
    """Cut an axis to one shard: the same releases for all programs, so that each is built once."""
    known = _seconds()
    work = [
        INSTALLING + sum(known.get((p.as_typed, r.version), PROBING) for p in programs)
        for r in axis.releases
    ]
    k, of = which
    mine = shards.cut(work, of)[k - 1]
    return replace(axis, releases=[axis.releases[i] for i in mine])


def said(args: argparse.Namespace, finding: Finding) -> str:
    """Say what is known of a part."""
    answer = finding.answer
    which, of = args.shard
    return (
        f"shard {which}/{of} of {answer.program.as_typed}: {len(answer.releases)} releases known,"
        f" {answer.made} probed now, in {args.journal}; put the parts together with --known"
    )


@functools.cache  # for each program of a map the same
def _seconds() -> Mapping[tuple[str, str], float]:
    """What each release took in each scenario when results/ were made."""
    try:
        told = json.loads(MAP.read_text(encoding="utf-8"))
    except OSError:
        return {}
    return {
        (answer["scenario"], row["version"]): row["seconds"]
        for answer in told
        for row in answer["releases"]
    }
