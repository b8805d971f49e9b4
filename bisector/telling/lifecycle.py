"""What a process pays for its brokers, and what they leave behind, from asv's results."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from bisector.history.results import Measured, Point, Points, divided

CLIENT, PLAIN = "FastStream", "aio-pika"


def costs(measured: Measured) -> list[tuple[str, str, Points]]:
    """Return (what, unit, values along the releases) of what a process pays for its brokers."""

    def of(name: str, **params: object) -> list[Point | None]:
        return measured.series(f"lifecycle.{name}", **params)

    def beside(name: str, **params: object) -> list[Point | None]:
        return divided(of(name, client=CLIENT, **params), of(name, client=PLAIN, **params))

    reuse = "Reuse.track_time_per_message"
    fresh, reused = (of(reuse, client=CLIENT, broker=broker) for broker in ("fresh", "re-used"))
    times = "× plain aio-pika"  # noqa: RUF001
    return [
        ("`import faststream.rabbit`", "s", of("Import.track_time")),
        ("starting a broker", times, beside("OpenAndClose.track_open_time")),
        ("closing a broker", times, beside("OpenAndClose.track_close_time")),
        ("a message through a fresh broker", "× through one that is re-used",  # noqa: RUF001
         divided(fresh, reused)),
        ("memory left behind by 50 brokers", "kB", _scaled(of("LeftBehind.track_memory"), 1e-3)),
        ("peak memory while publishing", "MB", _scaled(of("PeakMemory.track_publishing"), 1e-6)),
    ]  # fmt: skip


def left_behind(measured: Measured) -> list[dict[str, Any]]:
    """Return what is still open after 50 brokers were closed, and in which releases."""
    rows = []
    for what in ("connections", "channels", "tasks"):
        points = measured.series(f"lifecycle.LeftBehind.track_{what}")
        some = [v for v, p in zip(measured.versions, points, strict=True) if p and p.value]
        rows.append({
            "what": what, "count": sum(p is not None for p in points),
            "most": max((p.value for p in points if p), default=0), "releases": ranges(
                some, [v for v, p in zip(measured.versions, points, strict=True) if p]),
        })  # fmt: skip
    return rows


def _scaled(points: Points, factor: float) -> list[Point | None]:
    return [Point(p.value * factor) if p else None for p in points]


def ranges(some: Sequence[str], of: Sequence[str]) -> list[str]:
    """Write releases that follow each other as `first - last`."""
    chosen, words = set(some), []
    for there, members in itertools.groupby(of, key=chosen.__contains__):
        if there:
            stretch = list(members)
            words.append(stretch[0] if len(stretch) == 1 else f"{stretch[0]} - {stretch[-1]}")
    return words
