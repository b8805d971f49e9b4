"""What asv has on file, by release: what the figures and pages are made from."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

from bisector.environments.releases import Release
from bisector.errors import UserError
from bisector.history import runs

ALL = "nox -s bench -- --all"


@dataclass(frozen=True)
class Point:
    """A benchmark's value for one release, in the benchmark's unit."""

    value: float
    low: float | None = None
    """The interval that holds the median with a confidence of 99 %, where asv has one."""
    high: float | None = None

    def inverse(self, factor: float = 1.0) -> Point:
        """Return factor / value, and the interval likewise."""
        low, high = (factor / bound if bound else None for bound in (self.high, self.low))
        return Point(factor / self.value, low, high)


Points = Sequence["Point | None"]
"""One for each release; None where there is no value."""


USUAL = (0.05, 0.5, 0.95)
"""Where most releases are: between the first and the last of these quantiles of all."""


def usual(points: Points) -> tuple[float, float, float] | None:
    """Return the `USUAL` quantiles; None where nothing was measured.

    Releases were measured one after the other, on a machine that is not always the same: what a
    series does within that, and how it wanders, may be the machine's doing.
    """
    values = sorted(point.value for point in points if point)
    if not values:
        return None
    low, middle, high = (values[round(part * (len(values) - 1))] for part in USUAL)
    return low, middle, high


def divided(points: Points, by: Points) -> list[Point | None]:
    """Divide release by release; without intervals."""
    pairs = zip(points, by, strict=True)
    return [Point(a.value / b.value) if a and b and b.value else None for a, b in pairs]


def pooled(series: Sequence[Points]) -> list[Point | None]:
    """Return the geometric mean of several benchmarks, where all of them have a value above 0.

    Its interval is right if their errors are independent.
    """
    return [_mean(points) for points in zip(*series, strict=True)]


def _mean(points: Sequence[Point | None]) -> Point | None:
    there = [p for p in points if p and p.value > 0]
    if len(there) < len(points):
        return None
    middle = [math.log(p.value) for p in there]
    mean = sum(middle) / len(middle)

    def bound(bounds: Sequence[float | None], sign: int) -> float | None:
        if not all(bounds):
            return None
        lengths = (math.log(b or 1) - m for b, m in zip(bounds, middle, strict=True))
        return math.exp(mean + sign * math.hypot(*lengths) / len(middle))

    return Point(
        math.exp(mean), bound([p.low for p in there], -1), bound([p.high for p in there], 1)
    )


@dataclass(frozen=True)
class Benchmark:
    """What asv knows of a benchmark."""

    name: str
    unit: str
    names: Sequence[str]
    """Of the parameters."""
    params: Sequence[Sequence[str]]
    """Their values, as `repr` has them."""

    def place(self, **params: object) -> int:
        """Where asv has the value for these parameters, of the values for all combinations.

        Raises:
            UserError: it is not measured with these.
        """
        place = 0
        try:
            for name, values in zip(self.names, self.params, strict=True):
                place = place * len(values) + values.index(repr(params[name]))
        except (KeyError, ValueError):
            shown = ", ".join(f"{name}={value!r}" for name, value in params.items())
            raise UserError(
                f"the report needs the benchmark {self.name}({shown}), which results/ lacks:"
                f" measure it with `{ALL}`"
            ) from None
        return place


@dataclass(frozen=True)
class Measured:
    """The results of one machine."""

    machine: Mapping[str, str]
    releases: Sequence[Release]
    """All of them, ordered by version; those withdrawn only if they were measured."""
    benchmarks: Mapping[str, Benchmark]
    rabbitmq: str
    python: str
    started: datetime
    ended: datetime
    files: Mapping[str, Any] = field(repr=False)
    """asv's `Results` by version."""
    untestable: Collection[str]
    """Versions that were tried, and of which nothing could be measured."""

    @property
    def versions(self) -> list[str]:
        """Of all releases, in order."""
        return [release.version for release in self.releases]

    def series(self, benchmark: str, **params: object) -> list[Point | None]:
        """Return a benchmark's values along the releases.

        Args:
            benchmark: as in `asv show`, without parameters.
            params: one value for each parameter.

        Raises:
            UserError: there is no such benchmark, or none with that parameter.
        """
        known = self.find(benchmark)
        place = known.place(**params)
        return [self._point(version, known, place) for version in self.versions]

    def days(self, benchmark: str) -> list[date | None]:
        """Return on which day each release was measured in it."""
        found: list[date | None] = []
        for version in self.versions:
            file = self.files.get(version)
            at = file.started_at.get(benchmark) if file else None
            found.append(_moment(at).date() if at else None)
        return found

    def find(self, benchmark: str) -> Benchmark:
        """Return a benchmark by its name.

        Raises:
            UserError: there is none.
        """
        if found := self.benchmarks.get(benchmark):
            return found
        raise UserError(
            f"the report needs the benchmark {benchmark}, which results/ lacks:"
            f" measure it with `{ALL}`"
        )

    def _point(self, version: str, benchmark: Benchmark, place: int) -> Point | None:
        file = self.files.get(version)
        if file is None or benchmark.name not in file.get_all_result_keys():
            return None
        value = file.get_result_value(benchmark.name, benchmark.params)[place]
        stats = file.get_result_stats(benchmark.name, benchmark.params)[place] or {}
        if value is None or math.isnan(value):
            return None
        bounds = (stats.get(name) for name in ("ci_99_a", "ci_99_b"))
        low, high = (b if b is not None and math.isfinite(b) else None for b in bounds)
        return Point(value, low, high)


def read(
    known: Sequence[Release],
    commits: Mapping[str, str],
    machine: str | None = None,
    results: Path = runs.RESULTS,
    *,
    having: str | None = None,
) -> Measured:
    """Read the results of a machine.

    Args:
        known: the releases.
        commits: by version.
        machine: its name in results/; None for the one with the most measurements.
        having: a benchmark: rather the machine that measured the most releases in it.

    Raises:
        UserError: there are none, or one of the files is foreign.
    """
    from asv.results import Results  # noqa: PLC0415  # large

    machines = runs.filed(commits, results)
    if not machines or (machine and machine not in machines):
        there = f"; there are those of {', '.join(machines)}" if machines else ""
        whose = f" of {machine}" if machine else ""
        raise UserError(f"results/ holds no measurements{whose}: make them with `{ALL}`{there}")
    name = machine or max(machines, key=lambda name: _measured(machines[name], having))
    found = machines[name]
    files = {version: Results.load(str(one.path), name) for version, one in found.items()}
    moments = [at for file in files.values() for at in file.started_at.values() if at]
    return Measured(
        machine=json.loads((results / name / "machine.json").read_text(encoding="utf-8")),
        releases=[r for r in known if r.version in files or r.yanked is None],
        benchmarks=_benchmarks(results / "benchmarks.json"),
        rabbitmq=_all({one.rabbitmq for one in found.values()}),
        python=_all({file.params.get("python", "") for file in files.values()}),
        started=_moment(min(moments, default=0)),
        ended=_moment(max(moments, default=0)),
        files=files,
        untestable={version for version, one in found.items() if not one.usable},
    )


def _measured(found: Mapping[str, runs.Result], benchmark: str | None) -> tuple[int, int]:
    """How often a benchmark was measured, and how often any."""
    rows = [one.benchmarks for one in found.values()]
    return sum(benchmark in row for row in rows), sum(map(len, rows))


def _benchmarks(file: Path) -> dict[str, Benchmark]:
    try:
        table = json.loads(file.read_text(encoding="utf-8"))
        return {
            name: Benchmark(name, row["unit"], row["param_names"], row["params"])
            for name, row in table.items()
            if isinstance(row, dict)
        }
    except (OSError, ValueError, KeyError, AttributeError):
        raise UserError(f"results/asv/{file.name} cannot be read: `{ALL}` writes it anew") from None


def _all(values: Collection[str]) -> str:
    return ", ".join(sorted(filter(None, values)))


def _moment(milliseconds: float) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
