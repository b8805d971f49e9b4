"""Runs asv on releases by name, and sees that results belong together."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bisector import ROOT, rabbitmq
from bisector.environments import releases
from bisector.environments.releases import Release
from bisector.errors import FOUND, TROUBLE, WRONG_USE, OutsideError, UserError
from bisector.history import machine, repository
from bisector.processes import process

RESULTS = ROOT / "results" / "asv"
LAYOUT = 2
"""asv's version of a result file."""
SOCKET_PATH = 70
"""The longest folder in which asv's fork server can put its socket, on every system."""


@dataclass(frozen=True)
class Result:
    """What one result file of asv's holds of a release."""

    path: Path
    commit: str
    rabbitmq: str
    benchmarks: Mapping[str, Sequence[Any]]
    """Columns by benchmark: values (None when it failed, one for each set of parameters),
    parameters, version of the benchmark, ..."""

    @property
    def usable(self) -> bool:
        """Whether anything was measured; not so for a release that does not install or import."""
        return any(value is not None for row in self.benchmarks.values() for value in row[0] or [])


def choose(known: Sequence[Release], names: Sequence[str], *, all_of_them: bool) -> list[Release]:
    """Return the releases that a user named: `0.6.0`, `0.6.0..0.6.5` (both included), `0.6.0..`.

    Raises:
        UserError: unknown, or none at all.
    """
    chosen = list(releases.select(known)) if all_of_them else []
    for name in names:
        start, dots, end = name.partition("..")
        if dots:
            chosen += releases.select(known, start or None, end or None)
        else:
            chosen.append(releases.find(known, name))
    if not chosen:
        raise UserError("name releases (0.6.0), ranges of them (0.6.0..0.6.5), --all or --missing")
    return list(dict.fromkeys(chosen))


def read(name: str, known: Mapping[str, str], results: Path = RESULTS) -> dict[str, Result]:
    """Return the results of a machine by version, after a look at those of all machines.

    Args:
        name: the machine's.
        known: commits by version.

    Raises:
        UserError: a file is not of asv's layout or of this history, or its machine is another.
    """
    for file in sorted(results.glob("*/machine.json")):
        told, here = _object(file), machine.describe(name)
        if file.parent.name == name and any(
            told.get(k) != here[k] for k in ("cpu", "arch", "num_cpu")
        ):
            raise UserError(
                f"{_shown(file.parent)} comes from another machine ({told.get('cpu')},"
                f" {told.get('num_cpu')} CPUs): give this one a name with --machine NAME"
            )
    return filed(known, results).get(name, {})


def filed(known: Mapping[str, str], results: Path = RESULTS) -> dict[str, dict[str, Result]]:
    """Return the results of all machines, by machine and version.

    Args:
        known: commits by version.

    Raises:
        UserError: a file is not of asv's layout or of this history.
    """
    versions = {commit: version for version, commit in known.items()}
    found: dict[str, dict[str, Result]] = {}
    for folder in sorted(file.parent for file in results.glob("*/machine.json")):
        for file in sorted(folder.glob("*.json")):
            if file.name != "machine.json":
                result = _result(file, versions)
                found.setdefault(folder.name, {})[versions[result.commit]] = result
    return found


def missing(result: Result | None, wanted: Mapping[str, str]) -> bool:
    """Whether a release lacks one of the benchmarks (version by name), or has an older one."""
    if result is None:
        return True
    have = {name: row[2] for name, row in result.benchmarks.items() if len(row) > 2}
    return any(have.get(name) != version for name, version in wanted.items())


async def run(
    names: Sequence[str],
    asv: Sequence[str],
    say: Callable[[str], None],
    *,
    all_of_them: bool = False,
    only_missing: bool = False,
    broker_version: str | None = None,
) -> int:
    """Measure releases and file the results; returns the exit code.

    Args:
        asv: arguments for `asv run`.
        say: prints a line.
        broker_version: what RabbitMQ's has to be.
    """
    if "--profile" in asv or "-p" in asv:
        raise UserError("profiles name this machine's folders: use `asv profile`, which keeps none")
    known = releases.load()
    chosen = choose(known, names, all_of_them=all_of_them or (only_missing and not names))
    with machine.lock():
        commits = repository.commits(repository.ensure(known))
        name = machine.register(next(iter(_values(asv, "--machine", "-m")), None))
        before = read(name, commits)
        source = await rabbitmq.find(say, broker_version)
        for version, result in before.items():
            if source.version not in (None, result.rabbitmq):
                raise UserError(
                    f"{_shown(result.path)} ({version}) was measured with RabbitMQ"
                    f" {result.rabbitmq}, and here is {source.version}: --machine NAME keeps"
                    " the two apart"
                )
        if only_missing:
            code, _ = await _asv(chosen, commits, ["--bench", "just-discover"], broker_version)
            if code != 0:
                return _refused(code)
            wanted = _wanted(_values(asv, "--bench", "-b"))
            chosen = [r for r in chosen if missing(before.get(r.version), wanted)]
            if not chosen:
                say("nothing is missing")
                return FOUND
            asv = ["--skip-existing", *asv]
        if {"--quick", "-q"} & {*asv}:
            asv = ["--dry-run", *asv]  # as asv's manual has it: such figures are not filed
        started = time.monotonic()
        code, tally = await _asv(chosen, commits, asv, broker_version)
        if not tally["releases"]:
            return _refused(code)
        if code in (1, TROUBLE):  # 2: some benchmark failed, which its result tells
            return TROUBLE
        if {"--dry-run", "-n"} & {*asv}:
            return FOUND
        _tell_time(tally, time.monotonic() - started, say)
        after = read(name, commits)
        results = [after[r.version] for r in chosen if r.version in after]
        useless = [r.version for r in chosen if r.version in after and not after[r.version].usable]
        if useless:
            say(f"nothing can be measured of {', '.join(useless)}; that is on file, too")
        return FOUND if any(result.usable for result in results) else TROUBLE


async def _asv(
    chosen: Sequence[Release],
    commits: Mapping[str, str],
    arguments: Sequence[str],
    broker_version: str | None,
) -> tuple[int, dict[str, float]]:
    """Run asv, on our terminal; returns its exit code and where its time went.

    The second is in seconds, and `releases` counts those measured (bisector/history/asv_plugin.py).
    """
    # Ours alone, for we hold the lock: what a killed run left goes with it.
    folder = machine.ASV / "tmp"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tally, hashes = folder / "tally.json", folder / "commits"
    tally.write_text(json.dumps({"total": len(chosen), "releases": 0}), encoding="utf-8")
    # Full hashes: a tag's name would be filed as the hash itself.
    hashes.write_text("".join(f"{commits[r.version]}\n" for r in chosen), encoding="utf-8")
    environ = {**os.environ, "BISECTOR_TALLY": str(tally)}
    if broker_version:
        environ["BISECTOR_RABBITMQ"] = broker_version
    if len(str(folder)) <= SOCKET_PATH:
        environ["TMPDIR"] = str(folder)
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", process.LEASH, "-",
        sys.executable, "-m", "asv", "run", f"HASHFILE:{hashes}", *arguments,
        stdin=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=environ,
        start_new_session=True,  # Ctrl-C is for us; letting go of the pipe ends it
    )  # fmt: skip
    assert running.stdin is not None
    try:
        code = await running.wait()
        if code > TROUBLE:
            raise OutsideError(
                f"asv was killed (exit code {code}): what it has measured of whole releases is on"
                " file; go on with `nox -s bench -- --missing`"
            )
        return code, json.loads(tally.read_text(encoding="utf-8"))
    except asyncio.CancelledError:
        print(flush=True)  # asv had no time to end its line
        raise
    finally:
        running.stdin.close()
        await asyncio.shield(running.wait())
        shutil.rmtree(folder, ignore_errors=True)


def _refused(code: int) -> int:
    """Say how asv's end without a measurement counts; it has told the reason itself."""
    return WRONG_USE if code in (1, 2) else TROUBLE


def _tell_time(tally: Mapping[str, float], seconds: float, say: Callable[[str], None]) -> None:
    measuring = tally.get("setup_cache", 0.0) + tally.get("benchmarks", 0.0)
    starting, installing = tally.get("starting", 0.0), tally.get("installing", 0.0)
    count, rest = int(tally["releases"]), seconds - measuring - starting - installing
    say(
        f"{count} release{'s' * (count > 1)} in {seconds:.1f} s: {measuring:.1f} s measuring,"
        f" {installing:.1f} s installing, {starting:.1f} s starting RabbitMQ, {rest:.1f} s for all"
        f" else, which is {rest / count:.2f} s a release"
    )


def _wanted(patterns: Sequence[str]) -> dict[str, str]:
    """Return the version of each benchmark that there is and that asv would choose, by name."""
    table = _object(RESULTS / "benchmarks.json")
    return {
        name: row["version"]
        for name, row in table.items()
        if isinstance(row, dict)
        and (not patterns or any(re.search(p, n) for p in patterns for n in _names(name, row)))
    }


def _names(name: str, row: Mapping[str, Any]) -> list[str]:
    """What asv matches patterns with: the name with each set of parameters."""
    sets = itertools.product(*row["params"])
    return [f"{name}({', '.join(one)})" for one in sets] if row["params"] else [name]


def _result(file: Path, versions: Mapping[str, str]) -> Result:
    table = _object(file)
    try:
        layout, commit, environment = table["version"], table["commit_hash"], table["env_name"]
        result = Result(file, commit, table["params"].get("rabbitmq", ""), table["results"])
        owner = table["params"]["machine"]
    except (KeyError, AttributeError, TypeError):
        raise UserError(f"{_shown(file)} is not a result file of asv's: move it away") from None
    if layout != LAYOUT:
        raise UserError(
            f"{_shown(file)} has layout version {layout}, and this version reads {LAYOUT}:"
            " move it away, and measure that release again"
        )
    expected = f"{commit[:8]}-{environment}.json"
    if commit not in versions or owner != file.parent.name or file.name != expected:
        raise UserError(
            f"{_shown(file)} is foreign: it belongs to no release here, or to another machine;"
            " move it away"
        )
    if not environment.startswith("nox-py"):
        raise UserError(f"{_shown(file)} was not measured in an environment of Nox: move it away")
    return result


def _object(file: Path) -> dict[str, Any]:
    try:
        table = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        table = None
    if not isinstance(table, dict):
        raise UserError(f"{_shown(file)} cannot be read as JSON: move it away")
    return table


def _values(arguments: Sequence[str], long: str, short: str) -> list[str]:
    """Return what an option of asv's is given, each time."""
    found = [b for a, b in itertools.pairwise(arguments) if a in (long, short)]
    return found + [a.partition("=")[2] for a in arguments if a.startswith(f"{long}=")]


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
