"""The benchmarks keep to what releases' environments hold, and measure real releases."""

from __future__ import annotations

import ast
import asyncio
import json
import math
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aio_pika
import pytest

from benchmarks import _measure, lifecycle
from benchmarks.scenarios._proxy import Proxy
from bisector import ROOT, rabbitmq
from bisector.environments import building, recipes, releases

FILES = sorted((ROOT / "benchmarks").rglob("*.py"))
MODULES = ["sibling_close", "publish", "consume", "lifecycle"]
OLD, UNIMPORTABLE, NEW = "0.4.7", "0.3.4", releases.load()[-1].version
LENT = {"aio_pika", "faststream"}
"""What every release's environment holds beside the standard library."""

RUN_ALL = """\
import importlib, inspect, itertools, json, sys
from benchmarks import _measure
_measure.ROUNDS, _measure.ROUND_SECONDS = 2, 0.005
init, names = _measure.Plain.__init__, open(sys.argv[1], "a", buffering=1)
def noted(self):
    init(self)
    names.write(self.name + "\\n")
_measure.Plain.__init__ = noted
for name in sys.argv[2:]:
    module = importlib.import_module("benchmarks." + name)
    cache = module.setup_cache()
    for _, cls in inspect.getmembers(module, inspect.isclass):
        for track in [t for t in dir(cls) if t.startswith("track_")]:
            for params in itertools.product(*getattr(cls, "params", [])):
                bench, skipped, value = cls(), None, None
                try:
                    bench.setup(cache, *params)
                    value = getattr(bench, track)(cache, *params)
                except NotImplementedError as reason:
                    skipped = str(reason)
                key = f"{cls.__name__}.{track}"
                unit = getattr(cls, track).unit
                print("RESULT", json.dumps([key, params, unit, value, skipped]))
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A RabbitMQ for these tests alone."""

    async def start() -> rabbitmq.Server:
        return await (await rabbitmq.find(lambda _text: None)).start()

    server = asyncio.run(start())
    yield server.url
    asyncio.run(server.stop())


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_runs_in_the_environment_of_every_release(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 8))
    assert imported(tree) <= sys.stdlib_module_names | LENT | {"benchmarks"}
    at_module_level = ast.Module([n for n in tree.body if not is_for_types(n)], [])
    assert not imported(at_module_level, into_functions=False) & LENT


def imported(tree: ast.AST, *, into_functions: bool = True) -> set[str]:
    """The top names of the packages that a piece of source imports."""
    found: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level
            found.add(str(node.module).partition(".")[0])
        elif into_functions or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found |= imported(node, into_functions=into_functions)
    return found


def is_for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def measure(version: str, url: str, names: Path) -> dict[tuple[Any, ...], tuple[str, Any, Any]]:
    """Run all benchmarks, shortened: (unit, value, reason of a skip) by (benchmark, parameter, …).

    Notes in the file `names` what queues were called.
    """
    environment = recipes.of(releases.find(releases.load(), version))
    asyncio.run(building.install(environment))
    ran = subprocess.run(
        [str(environment.interpreter), "-c", RUN_ALL, str(names), *MODULES],
        env={**os.environ, "PYTHONPATH": str(ROOT), "AMQP_URL": url},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
    )
    lines = [line.split(" ", 1)[1] for line in ran.stdout.splitlines() if "RESULT " in line]
    found = [json.loads(line) for line in lines]
    return {(key, *params): (unit, value, skip) for key, params, unit, value, skip in found}


def median(value: Any) -> float:
    if isinstance(value, dict):
        assert value["number"] == 1
        value = sorted(value["samples"])[len(value["samples"]) // 2]
    return float(value)


@pytest.mark.alone
@pytest.mark.parametrize("version", [OLD, NEW])
def test_measures_a_release(version: str, url: str, tmp_path: Path) -> None:
    names = tmp_path / "names"
    found = measure(version, url, names)

    values = {key: median(value) for key, (_, value, _) in found.items()}
    assert all(math.isfinite(value) for value in values.values())
    hangs = {
        ("SiblingClose.track_throughput", "after", "named", in_flight) for in_flight in (1, 100)
    }
    nothing = {key for key, value in values.items() if value == 0 and key[0][:4] != "Left"}
    assert nothing == (hangs if version == OLD else set())
    for moment, exchange, in_flight in [k[1:] for k in hangs]:
        took = values["SiblingClose.track_time_per_message", moment, exchange, in_flight]
        assert (took == _measure.DEADLINE_SECONDS) == (version == OLD)
    ratios = {key: value for key, value in values.items() if found[key][0] == _measure.RATIO}
    assert len(ratios) == 36
    far = {key for key, value in ratios.items() if not 0.5 < value < 20}
    beside = {("SiblingCloseRatio.track_time", *key[1:]) for key in hangs}
    assert far == (beside if version == OLD else set())
    fresh, reused = (
        values["Reuse.track_time_per_message", "FastStream", kind] for kind in ("fresh", "re-used")
    )
    assert fresh > 3 * reused
    assert values["LeftBehind.track_connections",] == 0
    assert 20e6 < values["PeakMemory.track_publishing",] < 500e6

    asyncio.run(nothing_left(url, names.read_text(encoding="utf-8").split()))


async def nothing_left(url: str, names: list[str]) -> None:
    """Raise unless RabbitMQ has forgotten the queues and exchanges that were called so."""
    assert len(names) > len(MODULES)
    async with await aio_pika.connect(url) as connection:
        for name in names:
            for end in ("", "-0", "-1", "-faststream", "-aio-pika"):
                channel = await connection.channel()
                with pytest.raises(aio_pika.exceptions.ChannelNotFoundEntity):
                    await channel.declare_queue(name + end, passive=True)
            for end in ("", "-fanout"):
                channel = await connection.channel()
                with pytest.raises(aio_pika.exceptions.ChannelNotFoundEntity):
                    await channel.declare_exchange(name + end, passive=True)


def test_skips_a_release_that_does_not_import(url: str, tmp_path: Path) -> None:
    found = measure(UNIMPORTABLE, url, tmp_path / "names")
    reasons = {skip for _, _, skip in found.values()}
    assert reasons == {"does not import: No module named 'packaging'"}


def test_a_hang_costs_its_deadline_and_an_error_is_told(url: str) -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    async def wrong() -> None:
        raise ValueError("no")

    async def run() -> dict[Any, list[_measure.Round]]:
        plain = _measure.Plain()
        await plain.open(url)
        calls: _measure.Calls = {
            "hang": (never, 100),
            "error": (wrong, 1),
            "good": (plain.publish, 1),
        }
        rounds = await _measure.in_turns(calls, plain)
        await plain.disconnect()
        return rounds

    rounds = asyncio.run(run())
    (hang,), (error,) = rounds["hang"], rounds["error"]
    assert (hang.rate, hang.time, hang.cpu_time) == (0, 1.0, 1.0)
    assert hang.trouble == "hang: 100 of 100 calls did not return"
    assert (error.rate, error.trouble) == (0, "ValueError: no")
    assert len(rounds["good"]) == _measure.ROUNDS
    assert _measure.latency(rounds["hang"], "p99")["samples"] == [1.0]
    assert len(_measure.latency(rounds["good"], "p99")["samples"]) == _measure.ROUNDS / 2


def test_a_rabbitmq_that_does_not_answer_is_no_figure(url: str) -> None:
    async def run() -> None:
        proxy = Proxy(url)
        await proxy.listen()
        plain = _measure.Plain()
        await plain.open(proxy.url)
        await proxy.cut()
        with pytest.raises(_measure.NoRabbitMQError):
            await _measure.in_turns({"publish": (plain.publish, 1)}, plain)
        await plain.disconnect()

    asyncio.run(run())


def test_counts_what_is_open_at_rabbitmq(url: str) -> None:
    with lifecycle.proxied(url) as (proxy_url, still_open):

        async def run() -> tuple[dict[str, int], dict[str, int]]:
            first, second = [await aio_pika.connect(proxy_url) for _ in range(2)]
            await first.channel()
            channels = [await second.channel() for _ in range(3)]
            await channels[0].close()
            await first.close()
            some = await asyncio.to_thread(still_open)
            await second.close()
            return some, await asyncio.to_thread(still_open)

        some, none = asyncio.run(run())
    assert some == {"connections": 1, "channels": 2}
    assert none == {"connections": 0, "channels": 0}


MAPPED = """
import mmap, sys
from benchmarks import _measure
before = _measure.own_memory()
with open(sys.argv[1], "rb") as file:
    data = mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE, mmap.PROT_READ)
sum(data[::4096])
print(_measure.own_memory() - before)
"""
HOLES = """
import sys
from benchmarks import _measure, fresh
if sys.argv[1] == "given back":
    fresh.give_back_what_is_free()
before = _measure.own_memory()
blocks = [b"x" * (1000 if i % 2 else 30_000) for i in range(2000)]
del blocks[::2]
print(_measure.own_memory() - before - 1000 * 1000)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is not told by what it is of")
def test_what_is_mapped_from_a_file_is_not_the_own_memory(tmp_path: Path) -> None:
    (tmp_path / "library").write_bytes(os.urandom(20_000_000))
    assert told(MAPPED, str(tmp_path / "library")) < 2_000_000


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is glibc's allocator")
def test_what_is_free_between_blocks_in_use_is_given_back() -> None:
    kept = told(HOLES, "kept")
    assert kept > 25_000_000
    assert told(HOLES, "given back") < kept / 2


def told(program: str, argument: str) -> int:
    """The number that a program prints in a process of its own."""
    command = [sys.executable, "-c", program, argument]
    output = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    return int(output)
