"""What environments cost beside one broker: figures of a round, compared only with each other.

A figure says nothing by itself: the machine is never the same twice.  In a round fresh processes of
several environments live side by side, and measure in turns of a few hundredths of a second, one
at a time, again and again.  What the machine does in a turn it does to all of them.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bisector import ROOT
from bisector.errors import UserError


@dataclass(frozen=True)
class Benchmark:
    """Something that is measured, and how it is spoken of: "made {thing} 5 % {more}"."""

    name: str
    group: str
    """What `benchmarks.costs` calls the measurement that it comes from."""
    thing: str
    more: str = "slower"
    less: str = "faster"
    main: bool = True
    """Whether the history of costs holds it."""
    timed: bool = True


_CPU = ("higher", "lower", False)
BENCHMARKS = (
    Benchmark("publish: time per message", "publish", "publishing"),
    Benchmark("publish: CPU time per message", "publish", "the CPU time of publishing", *_CPU),
    Benchmark("publish: latency", "publish latency", "a single publish", main=False),
    Benchmark(
        "publisher object: time per message", "publisher object",
        "publishing through a publisher object",
    ),
    Benchmark(
        "publisher object: CPU time per message", "publisher object",
        "the CPU time of publishing through a publisher object", *_CPU,
    ),
    Benchmark("receive: time per message", "receive", "receiving"),
    Benchmark("receive: CPU time per message", "receive", "the CPU time of receiving", *_CPU),
    Benchmark("request: time", "request", "asking and being answered"),
    Benchmark("open: time", "open and close", "opening a broker"),
    Benchmark("close: time", "open and close", "closing a broker"),
    Benchmark("import: CPU time", "import", "importing FastStream"),
    Benchmark("peak memory", "peak memory", "the peak memory", "higher", "lower", timed=False),
)  # fmt: skip


@dataclass(frozen=True)
class Figures:
    """What one process measured."""

    values: dict[str, float]
    """By benchmark: seconds or bytes, or what a program printed."""
    failed: dict[str, str] = field(default_factory=dict)
    """Benchmarks that hung, raised, or were not come to; with what happened."""
    held_up: float = 0.0
    """What part of its time the process waited for a processor."""


def benchmarks(name: str) -> list[Benchmark]:
    """Return the benchmark of that name, or `all`.

    Raises:
        UserError: there is none of that name.
    """
    import difflib  # noqa: PLC0415

    if name == "all":
        return [*BENCHMARKS]
    known = {benchmark.name: benchmark for benchmark in BENCHMARKS}
    if name not in known:
        near = difflib.get_close_matches(name, known, 3, 0.3)
        meant = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
        raise UserError(f"there is no benchmark {name!r}: {meant}--list shows them")
    return [known[name]]


def digest() -> str:
    """Name all that the figures are measured by: with another text they are others."""
    folder = ROOT / "benchmarks"
    names = ("_measure", "compat", "consume", "costs", "fresh", "lifecycle")
    texts = [(folder / f"{name}.py").read_bytes() for name in names]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:16]


_NUMBER = re.compile(
    r"(?<![\w.])([-+]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf(?:inity)?)\b)"
    r"[ \t]*([^\s\d.,;:()\[\]{}'\"=+-]*)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Number:
    """What a program printed."""

    value: float
    unit: str


def read_number(output: str, pattern: str | None = None) -> Number | str:
    """Return the last number in an output, or what a pattern's group holds; or why there is none.

    Args:
        pattern: a regular expression with a group, of which the last match counts.
    """
    text = output
    if pattern:
        found = [*re.finditer(pattern, output, re.MULTILINE)]
        if not found:
            return f"nothing that it prints matches {pattern!r}"
        text = found[-1].group(1) or ""
    numbers = _NUMBER.findall(text)
    if not numbers:
        return "it prints no number"
    digits, unit = numbers[-1]
    value = float(digits.replace("_", ""))
    if not math.isfinite(value):
        return f"it prints {digits}"
    if value <= 0:
        return f"it prints {digits}: only numbers above 0 have a ratio"
    return Number(value, unit)


def check_pattern(pattern: str) -> str:
    """Refuse a pattern that has no group.

    Raises:
        UserError: it has none.
    """
    if re.compile(pattern).groups < 1:
        raise UserError(f"--number={pattern}: put the number into a group, as in 'took ([0-9.]+)'")
    return pattern


def of_numbers(name: str, found: Sequence[Number | str]) -> None:
    """Refuse numbers in different units.

    Raises:
        UserError: they are.
    """
    units = sorted({number.unit for number in found if isinstance(number, Number)})
    if len(units) > 1:
        told = " and ".join(repr(unit) for unit in units)
        raise UserError(f"{name} prints numbers in different units, {told}: let it print one")
