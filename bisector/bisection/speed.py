"""How long an answer takes, where the time goes, and how that compares with plain bisection."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bisector import ROOT
from bisector.environments import building, recipes, releases
from bisector.environments.recipes import Environment
from bisector.errors import FOUND, NO_FLIP, OutsideError
from bisector.processes import process
from bisector.questions import programs
from bisector.questions.programs import Program
from bisector.rabbitmq.broker import Broker, open_broker
from bisector.search.exact import Verdict, changes, next_to_probe
from bisector.tasks import together

Kinds = dict[str, list[dict[str, float]]]
"""Seconds by part, of each run, by the kind of run."""
LEFT_OUT = (".git", ".nox", ".bisector", ".asv", ".*_cache", "__pycache__")
MAP = "results/map.json"
"""Where flips that a dependency is guilty of are known from."""
IMPORT = "import gc; gc.disable(); import faststream.rabbit"
"""As a scenario does it."""
CODES = {0: Verdict.GOOD, 125: Verdict.SKIP}


async def measure(
    scenario: str,
    runs: int,
    say: Callable[[str], None],
    show: Callable[[Kinds], None],
    *,
    baseline: bool,
    maps: bool,
) -> None:
    """Time the whole command `nox -s bisect`, and plain bisection with pip; tell both.

    The commands run in a copy of this checkout, so that its environments and journal stay.

    Args:
        runs: how often each kind of run is timed, after one that fills the package cache.
        say: is told a line.
        show: is told the seconds of all runs.
        baseline: whether plain bisection is timed, too.
        maps: whether the map of all releases is, without environments and with them.

    Raises:
        OutsideError: a run found no answer.
    """
    with tempfile.TemporaryDirectory(prefix="bisector-speed-") as folder:
        copy = Path(folder) / "project"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
        say("filling the package cache ...")
        await _bisect(copy, scenario)
        cold, warm = [], []
        for n in range(runs):
            say(f"run {n + 1} of {runs}: without environments, then with them ...")
            shutil.rmtree(copy / ".nox")
            shutil.rmtree(copy / ".bisector")
            cold.append(await _bisect(copy, scenario))
            # Which releases are asked for depends on which answers first: build those, too.
            await _bisect(copy, scenario)
            warm.append(await _bisect(copy, scenario))
        kinds = {"no environments built": cold, "environments there": warm}
        show(kinds)
        say(f"blame of a flip where one distribution does it: {await _blame(copy):.1f} s")
        say(f"along days, one release, from a warm cache: {await _days(copy):.1f} s")
        if maps:
            say(f"map of all releases, no environments built: {await _map(copy, fresh=True):.1f} s")
            say(f"map of all releases, environments there: {await _map(copy, fresh=False):.1f} s")
            say(f"to import each of them, and nothing else: {await _imports(copy):.1f} s")
        if baseline:
            say("\nplain bisection, one release at a time, fresh venvs, pip install ...")
            seconds, answer = await _plain(programs.scenario(scenario), Path(folder), say)
            say(f"plain bisection: {seconds:.1f} s, {answer}")
            for name, found in kinds.items():
                median = statistics.median(run["command"] for run in found)
                say(f"ratio to it, {name}: {seconds / median:.1f} times faster")


async def _bisect(copy: Path, scenario: str) -> dict[str, float]:
    """Run the command a user types, as far as the answer; returns seconds by part."""
    answer = copy / "answer.json"
    command = [*building.nox(), "-f", str(copy / "noxfile.py"), "-s", "bisect", "--", scenario,
               "--fresh", "--no-blame", "--json", str(answer)]  # fmt: skip
    drop = {name: None for name in os.environ if name.startswith("NOX")}
    began = time.monotonic()
    async with process.start(command, drop, cwd=copy) as running:
        code = await running.wait()
        seconds = time.monotonic() - began
        if code:
            raise OutsideError(
                "a run to be timed found no answer; --verbose shows it", running.output
            )
    told: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    timing = told["timing"]
    return {
        "command": seconds,
        "starting Nox and the tool": seconds - told["seconds"],
        "search": told["seconds"],
        "installing (sum)": timing.get("installing", 0.0),
        "waiting for RabbitMQ (sum)": timing.get("waiting for RabbitMQ", 0.0),
        "probing (sum)": timing.get("probing", 0.0),
        "probes": sum(row["probes"] for row in told["releases"]),
    }


async def _blame(copy: Path) -> float:
    """Seconds for a blame; the environments of the two releases are there, those of crosses not."""
    found: list[dict[str, Any]] = json.loads((ROOT / MAP).read_text(encoding="utf-8"))
    name, before, after = next(
        (row["scenario"], flip["before"], flip["after"])
        for row in found
        for flip in row["flips"]
        if flip.get("blame", {}).get("dependency")
    )
    command = [name, f"--from={before}", f"--to={after}", "--fresh"]
    await _told(copy, command)
    kept = {recipes.of(release).path.name for release in releases.load()}
    _remove(copy, kept)
    (flip,) = (await _told(copy, command))["flips"]
    return float(flip["blame"]["seconds"])


async def _days(copy: Path) -> float:
    """Seconds for the days axis; nothing of it is resolved or installed."""
    line = releases.load()
    version = line[len(line) // 3].version  # old enough for something to have happened to it
    command = ["--along=days", f"--with={releases.PACKAGE}=={version}", "--no-blame", "--fresh"]
    await _told(copy, command)
    shutil.rmtree(copy / ".bisector" / "index" / "resolutions")
    _remove(copy, set())
    began = time.monotonic()
    await _told(copy, command)
    return time.monotonic() - began


async def _map(copy: Path, *, fresh: bool) -> float:
    """Seconds for a map of all releases."""
    if fresh:
        _remove(copy, set())
    began = time.monotonic()
    await _told(copy, ["--map", "--no-blame", "--fresh"])
    return time.monotonic() - began


async def _imports(copy: Path) -> float:
    """Seconds to import each release in a process of its own, as many at once as there are
    processors: no map that asks each of them takes less.
    """
    room = asyncio.Semaphore(os.cpu_count() or 1)

    async def one(python: Path) -> None:
        async with room, process.start([python, "-c", IMPORT]) as running:
            await running.wait()  # some do not import, and that takes its time, too

    began = time.monotonic()
    await together(map(one, (copy / ".nox").glob("release-*/bin/python")))
    return time.monotonic() - began


def _remove(copy: Path, kept: set[str]) -> None:
    for folder in (copy / ".nox").glob("release-*"):
        if folder.name not in kept:
            shutil.rmtree(folder)


async def _told(copy: Path, options: list[str]) -> dict[str, Any]:
    """Run a bisection in the copy; returns what it found."""
    answer = copy / "answer.json"
    command = [*building.nox(), "-f", str(copy / "noxfile.py"), "-s", "bisect", "--", *options,
               "--json", str(answer)]  # fmt: skip
    drop = {name: None for name in os.environ if name.startswith("NOX")}
    async with process.start(command, drop, cwd=copy) as running:
        if await running.wait() not in (FOUND, NO_FLIP):
            raise OutsideError(
                "a run to be timed found no answer; --verbose shows it", running.output
            )
    told: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    return told


async def _plain(program: Program, folder: Path, say: Callable[[str], None]) -> tuple[float, str]:
    """Bisect without any of this: returns the seconds and what was found.

    RabbitMQ is up before the clock starts, and the versions to install are given, since pip alone
    cannot resolve as of a day; both make the comparison harder on us, not easier.
    """
    history = releases.load()
    known: list[Verdict | None] = [None] * len(history)
    async with open_broker(lambda _text: None) as (broker, _):
        await broker.lease()
        seconds = 0.0
        while wanted := next_to_probe(known, width=1):
            (index,) = wanted
            environment = recipes.of(history[index])
            await building.install(environment)  # only to learn the versions
            began = time.monotonic()
            verdict = await _venv_and_probe(environment, program, broker, folder)
            seconds += time.monotonic() - began
            known[index] = verdict
            say(f"  {history[index].version}: {verdict.value}")
    found = [f"{history[f.before].version} -> {history[f.after].version}" for f in changes(known)]
    return seconds, ", ".join(found) or "no flip"


async def _venv_and_probe(
    environment: Environment, program: Program, broker: Broker, folder: Path
) -> Verdict:
    venv = folder / "venv"
    shutil.rmtree(venv, ignore_errors=True)
    python = venv / "bin" / "python"
    pins = [f"{name}=={version}" for name, version in environment.dependencies().items()]
    index = releases.index_url(os.environ)
    choose = ["--index-url", index] if index else []
    lease = await broker.lease()
    commands: list[list[str | Path]] = [
        [environment.interpreter, "-m", "venv", str(venv)],
        [python, "-m", "pip", "install", "--quiet", *choose, *pins],
        [python, *program.arguments],
    ]
    for command in commands:
        async with process.start(command, {"AMQP_URL": lease.server.url}) as running:
            code = await running.wait()
            if code and command[-1] != program.arguments[-1]:
                raise OutsideError("pip could not install; --verbose shows why", running.output)
    assert code is not None
    return CODES.get(code, Verdict.BAD)
