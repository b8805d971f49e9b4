"""What each layer costs, as a JSON document; `schemas/layers.json` describes it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timezone
from typing import Any

from bisector.environments.releases import PACKAGE
from bisector.layers.estimates import CONFIDENCE, Estimate
from bisector.layers.result import Cost, Ladder, Layers, Load, Measured
from bisector.processes.redaction import redact
from bisector.telling import layers as telling

SCHEMA = 1


def to_json(layers: Layers) -> dict[str, Any]:
    """Return all of it; times are seconds."""
    return redact({
        "schema": SCHEMA,
        "package": PACKAGE,
        "answer": telling.sentences(layers),
        "releases": [_ladder(ladder) for ladder in layers.ladders],
        "changes": [
            {
                "sentence": telling.change(change),
                "before": change.before,
                "after": change.after,
                "direction": change.direction,
                "rung": change.rung.name,
                "change": round(change.change, 4),
                "low": round(change.low, 4),
                "high": round(change.high, 4),
            }
            for change in layers.changes
        ],
        "compared": layers.compared,
        "confidence": CONFIDENCE,
        "load": layers.rate or None,
        "profiled": layers.profiled or None,
        "gives_up": list(layers.gives_up),
        "rounds": layers.rounds,
        "void_rounds": layers.void,
        "deps": layers.deps,
        "python": layers.python,
        "rabbitmq": layers.rabbitmq,
        "rabbitmq_source": layers.rabbitmq_source,
        "started": layers.started.astimezone(timezone.utc).isoformat(timespec="seconds"),
        "seconds": layers.seconds,
    })  # fmt: skip


def _ladder(ladder: Ladder) -> dict[str, Any]:
    return {
        "name": ladder.name,
        "version": ladder.version,
        "why": ladder.why or None,
        "dependencies": dict(ladder.dependencies),
        "extras": dict(ladder.extras),
        "rungs": [_rung(one) for one in ladder.rungs],
    }


def _rung(one: Measured) -> dict[str, Any]:
    return {
        "direction": one.direction,
        "rung": one.rung.name,
        "thing": one.rung.thing,
        "below": one.below or None,
        "plain": one.rung.plain,
        "extras": list(one.rung.extras),
        "control": one.rung.control,
        "cpu": _cost(one.cpu),
        "time": _cost(one.time),
        "latency": _quantiles(one.latency),
        "load": _load(one.load),
        "modules": {name: round(part, 4) for name, part in one.modules.items()},
        "why": one.why or None,
        "missing": one.missing,
    }


def _cost(cost: Cost | None) -> dict[str, Any] | None:
    if cost is None:
        return None
    judgement = cost.judgement
    return {
        "value": _seconds(cost.value),
        "added": _seconds(cost.added),
        "over_plain": _seconds(cost.over_plain),
        "times_below": _ratio(cost.times_below),
        "times_plain": _ratio(cost.times_plain),
        "judgement": judgement.value if judgement else None,
    }


def _load(load: Load | None) -> dict[str, Any] | None:
    if load is None:
        return None
    return {
        "sent": round(load.sent, 1),
        "kept": round(load.kept, 1),
        "is_kept": load.is_kept,
        "latency": _quantiles(load.latency),
    }


def _quantiles(found: Mapping[str, Estimate]) -> dict[str, Any] | None:
    return {name: _seconds(one) for name, one in found.items()} or None


def _seconds(one: Estimate | None) -> list[float | None] | None:
    """Value, low and high; to 0.01 µs."""
    return _rounded(one, 8)


def _ratio(one: Estimate | None) -> list[float | None] | None:
    return _rounded(one, 4)


def _rounded(one: Estimate | None, digits: int) -> list[float | None] | None:
    if one is None:
        return None
    found = (one.value, one.low, one.high)
    return [round(value, digits) if math.isfinite(value) else None for value in found]
