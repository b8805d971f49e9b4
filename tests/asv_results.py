"""Result files as asv writes them, with values of our own."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from bisector.environments import releases
from bisector.history import repository

RATIO = "× plain aio-pika"  # noqa: RUF001
CLIENT: dict[str, list[Any]] = {"client": ["FastStream", "aio-pika"]}
WAY: dict[str, list[Any]] = {
    "way": ["broker.publish", "publisher.publish"],
    "payload": ["0 B", "1 KiB"],
    "in_flight": [1, 100],
}
CASE: dict[str, list[Any]] = {
    "moment": ["before", "after"], "exchange": ["default", "named"], "in_flight": [1, 100],
}  # fmt: skip
BENCHMARKS: dict[str, tuple[str, dict[str, list[Any]]]] = {
    "sibling_close.SiblingClose.track_throughput": ("msg/s", CASE),
    "sibling_close.SiblingCloseRatio.track_time": (RATIO, CASE),
    "publish.PublishRatio.track_time": (RATIO, WAY),
    "publish.PublishRatio.track_cpu_time": (RATIO, WAY),
    "consume.ConsumeRatio.track_time": (RATIO, {"what": ["consume", "request"]}),
    "consume.ConsumeRatio.track_cpu_time": (RATIO, {"what": ["consume", "request"]}),
    "lifecycle.Import.track_time": ("seconds", {}),
    "lifecycle.OpenAndClose.track_open_time": ("seconds", CLIENT),
    "lifecycle.OpenAndClose.track_close_time": ("seconds", CLIENT),
    "lifecycle.Reuse.track_time_per_message": (
        "seconds", {**CLIENT, "broker": ["fresh", "re-used"]},
    ),
    "lifecycle.LeftBehind.track_connections": ("connections", {}),
    "lifecycle.LeftBehind.track_channels": ("channels", {}),
    "lifecycle.LeftBehind.track_tasks": ("tasks", {}),
    "lifecycle.LeftBehind.track_memory": ("bytes", {}),
    "lifecycle.PeakMemory.track_publishing": ("bytes", {}),
}  # fmt: skip
MACHINE = {"machine": "somewhere", "os": "Linux", "arch": "x86_64", "cpu": "Some CPU",
           "num_cpu": "2", "ram": "4 GiB"}  # fmt: skip

Value = Callable[[str, str, Mapping[str, Any]], float]
"""Of (version, benchmark, parameters)."""


def write(
    folder: Path,
    versions: Sequence[str],
    value: Value,
    *,
    broken: Sequence[str] = (),
    machine: str = "somewhere",
    only: Collection[str] = BENCHMARKS,
) -> None:
    """Write asv's files for releases; of those `broken`, nothing could be measured."""
    commits = repository.commits(repository.ensure(releases.load()))
    home = folder / "asv" / machine
    home.mkdir(parents=True)
    _dump(home / "machine.json", {**MACHINE, "machine": machine, "version": 1})
    _dump(folder / "asv" / "benchmarks.json", {
        "version": 2,
        **{name: _benchmark(name, unit, params) for name, (unit, params) in BENCHMARKS.items()},
    })  # fmt: skip
    for version in (*versions, *broken):
        rows = {}
        for name, (_, params) in BENCHMARKS.items():
            if name not in only:
                continue
            cases = [dict(zip(params, case, strict=True))
                     for case in itertools.product(*params.values())]  # fmt: skip
            values = [value(version, name, case) for case in cases] if version in versions else None
            bounds = [[v * f for v in values] if values else None for f in (0.9, 1.1)]
            rows[name] = [values, _params(params), "1", 1795503362791, 1.0, *bounds]
        commit = commits[version]
        _dump(home / f"{commit[:8]}-nox-py3.11.json", {
            "commit_hash": commit, "env_name": "nox-py3.11", "date": 1702464967000,
            "params": {**MACHINE, "machine": machine, "python": "3.11", "rabbitmq": "3.10.8"},
            "python": "3.11",
            "requirements": {"rabbitmq": "3.10.8"}, "env_vars": {}, "version": 2, "durations": {},
            "result_columns": ["result", "params", "version", "started_at", "duration",
                               "stats_ci_99_a", "stats_ci_99_b", "stats_q_25", "stats_q_75",
                               "stats_number", "stats_repeat", "samples", "profile"],
            "results": rows,
        })  # fmt: skip


def _benchmark(name: str, unit: str, params: Mapping[str, list[Any]]) -> dict[str, Any]:
    return {
        "name": name, "code": "", "unit": unit, "type": "track", "version": "1",
        "param_names": list(params), "params": _params(params),
        **({"higher_is_better": True} if unit == "msg/s" else {}),
    }  # fmt: skip


def _params(params: Mapping[str, list[Any]]) -> list[list[str]]:
    return [[repr(value) for value in values] for values in params.values()]


def _dump(file: Path, table: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(table), encoding="utf-8")
