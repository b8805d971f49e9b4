"""The ladder: each rung is the one below it plus one thing.  Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

PUBLISH, RECEIVE, REQUEST = "publish", "receive", "request"
DIRECTIONS = (PUBLISH, RECEIVE, REQUEST)
HANDLED = (RECEIVE, REQUEST)
"""Directions with a handler."""
BIG = 64 * 1024
CONTROL_SECONDS = 20e-6
"""What a middleware burns that is put in as a control."""


@dataclass(frozen=True)
class Rung:
    """What is measured beside the others, and how it is spoken of: "... costs ..." ."""

    name: str
    thing: str
    """What it adds to the one below, as the subject of a sentence."""
    below: str = ""
    """Empty: it is plain aio-pika."""
    plain: str = "aio-pika"
    """What does the same without FastStream."""
    directions: Sequence[str] = DIRECTIONS
    extras: tuple[str, ...] = ()
    """Of FastStream's, that it needs."""
    chain: bool = True
    """Whether it is on the way up to a real handler, rather than beside it."""
    control: bool = False
    """Whether its cost is known beforehand."""
    body: str = "bytes"
    size: int = 1024
    depends: bool = False
    middlewares: tuple[str, ...] = ()
    ack: str = ""
    prefetch: int = 0

    def described(self, direction: str) -> dict[str, Any]:
        """Describe it to `benchmarks.layers`."""
        return {
            "name": self.name, "plain": not self.below, "body": self.body, "size": self.size,
            "depends": self.depends and direction in HANDLED,
            "middlewares": list(self.middlewares), "ack": self.ack, "prefetch": self.prefetch,
        }  # fmt: skip


def _prefetched(count: int) -> list[Rung]:
    name = f"prefetch {count}"
    return [
        Rung(f"aio-pika, {name}", "plain aio-pika", plain=f"aio-pika, {name}", prefetch=count,
             directions=(RECEIVE,), chain=False),
        Rung(name, f"a prefetch of {count}", "bytes", f"aio-pika, {name}", prefetch=count,
             directions=(RECEIVE,), chain=False),
    ]  # fmt: skip


_MODEL: dict[str, Any] = {"body": "model"}
_REAL: dict[str, Any] = {**_MODEL, "depends": True}
LADDER: tuple[Rung, ...] = (
    Rung("aio-pika", "plain aio-pika"),
    Rung("bytes", "FastStream itself, with bytes", "aio-pika"),
    Rung("json", "JSON", "bytes", body="json"),
    Rung("model", "a pydantic model", "json", **_MODEL),
    Rung("depends", "a Depends", "model", directions=HANDLED, **_REAL),
    Rung("middleware", "a middleware that does nothing", "depends", middlewares=("nothing",),
         **_REAL),
    Rung("20 µs", "a middleware that burns 20 µs", "middleware", directions=(PUBLISH, RECEIVE),
         chain=False, control=True, middlewares=(f"burn:{CONTROL_SECONDS * 1e6:g}",), **_REAL),
    Rung("twice", "the rung below, put in twice", "middleware", directions=(PUBLISH, RECEIVE),
         chain=False, control=True, middlewares=("nothing",), **_REAL),
    Rung("prometheus", "Prometheus", "middleware", extras=("prometheus",), chain=False,
         middlewares=("nothing", "prometheus"), **_REAL),
    Rung("opentelemetry", "OpenTelemetry", "middleware", extras=("otel",),
         middlewares=("nothing", "opentelemetry"), **_REAL),
    Rung("both", "Prometheus beside OpenTelemetry", "opentelemetry",
         extras=("prometheus", "otel"), middlewares=("nothing", "prometheus", "opentelemetry"),
         **_REAL),
    Rung("ack by hand", "acknowledging by hand", "bytes", directions=(RECEIVE,), chain=False,
         ack="manual"),
    Rung("ack first", "acknowledging before the handler", "bytes", directions=(RECEIVE,),
         chain=False, ack="first"),
    *_prefetched(100),
    *_prefetched(1),
    Rung("aio-pika, 64 KiB", "plain aio-pika", plain="aio-pika, 64 KiB", size=BIG, chain=False),
    Rung("64 KiB", "64 KiB instead of 1", "bytes", "aio-pika, 64 KiB", size=BIG, chain=False),
)  # fmt: skip


def of(direction: str, ladder: Sequence[Rung] = LADDER) -> list[Rung]:
    """Return the rungs of a direction."""
    return [rung for rung in ladder if direction in rung.directions]


def in_turn(rungs: Sequence[Rung]) -> list[Rung]:
    """Order rungs as they are measured: each as near as can be to the one that it stands on."""
    beside = [rung for rung in rungs if not (rung.chain or rung.control or rung.extras)]
    return [*reversed(beside), *(rung for rung in rungs if rung not in beside)]


def below(rung: Rung, direction: str, ladder: Sequence[Rung] = LADDER) -> str:
    """Name the rung below: the next further down that there is in that direction; or nothing."""
    there = {each.name: each for each in ladder}
    name = rung.below
    while name and direction not in there[name].directions:
        name = there[name].below
    return name


def needed(rungs: Sequence[Rung], ladder: Sequence[Rung] = LADDER) -> list[Rung]:
    """Add what rungs are measured against: the next below, and what does without FastStream."""
    names = {rung.name for rung in rungs}
    for rung in rungs:
        for direction in rung.directions:
            names |= {below(rung, direction, ladder), rung.plain}
    return [rung for rung in ladder if rung.name in names]
