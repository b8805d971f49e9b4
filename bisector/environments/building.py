"""Asks Nox for environments, and whether a release imports in one.

Tells an uninstallable release from trouble of our own.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

from bisector import ROOT
from bisector.environments import builder
from bisector.environments.recipes import RELEASE_DAY, TODAY, Environment
from bisector.errors import OutsideError
from bisector.processes import process

IMPORT_SECONDS = 60.0


class UninstallableError(Exception):
    """The release has no working set of dependencies; the line says why.  A skip, not an error."""


class NoInterpreterError(UninstallableError):
    """The interpreter to walk to is not on this machine: true here, and only today."""


async def install(environment: Environment) -> None:
    """Have Nox build the environment, unless it is there and whole.

    Raises:
        UninstallableError: no set of dependencies fits, or one of them does not build.
        OutsideError: network, disk, interpreter, or anything else that is not the release's fault.
    """
    if environment.stamp():
        return
    code, output, offline = await _retried(lambda: _build(environment))
    if code:
        raise explain(environment, output, offline=offline)


async def _build(environment: Environment) -> tuple[int, str]:
    if built := await builder.build(environment.to_json()):
        return built
    session, options = "environment", [environment.to_json()]
    if environment.plain:
        session = f"release({environment.version})"
        deps = RELEASE_DAY if environment.exclude_newer else TODAY
        options = ["--deps", deps, "--python", environment.python]
    return await _end_of([*_session(session), "--install-only", "--", *options])


async def run(session: str, *options: str) -> tuple[int, str, bool]:
    """Run a Nox session; returns its exit code, its output, and whether it was without network."""
    return await _retried(lambda: _end_of([*_session(session), "--", *options]))


async def _retried(attempt: Callable[[], Awaitable[tuple[int, str]]]) -> tuple[int, str, bool]:
    """Do what may need the network, and do it again without, where that is not there."""
    offline = _is_offline()
    code, output = await attempt()
    if code and not offline and _is_network(output):
        # All that is needed may be in uv's cache; then a missing network is no trouble at all.
        offline = True
        os.environ["UV_OFFLINE"] = "1"  # nor need the next ones wait for it
        code, output = await attempt()
    return code, output, offline


def _session(name: str) -> list[str]:
    return [*nox(), "-f", str(ROOT / "noxfile.py"), "-s", name, "--no-dependencies"]


def explain(
    environment: Environment, output: str, *, offline: bool
) -> UninstallableError | OutsideError:
    """Say in one line why Nox could not build an environment.

    What uv says of the package's own dependencies is the release's; whatever we do not recognise
    counts as trouble of our own, so that no verdict rests on it.
    """
    name = environment.requirements[0]
    if "No space left on device" in output:
        line = f"the disk is full: {name} could not be installed; make room and run it again"
    elif re.search(r"uv'? venv .*failed", output):
        line = f"Python {environment.python} is not on this machine and uv could not bring it"
        if environment.python_varies:
            return NoInterpreterError(line)
        line += ": install it, or choose another with --python"
    elif offline:
        # Whatever uv says now, that no version fits or that a package is missing, may only mean
        # that its cache does not hold it.
        line = (
            f"no network, and {name} is not in uv's cache:"
            " check the network, or UV_DEFAULT_INDEX, and run it again"
        )
    elif _is_network(output):
        line = (
            f"the package index cannot be reached to install {name}:"
            " check the network, or UV_DEFAULT_INDEX"
        )
    elif "missing an upload date" in output or "upload-time" in output:
        line = (
            "the package index gives no upload times, so releases cannot be resolved as of their"
            " day: set UV_DEFAULT_INDEX to one that does, or use --deps today"
        )
    elif found := re.search(
        r"(No solution found when|Failed to build)(.*?)(\n\n|\nnox >|\Z)", output, re.DOTALL
    ):
        return UninstallableError(_sentence(found[1] + found[2]))
    else:
        line = f"Nox could not install {name}; --verbose shows what it said"
    return OutsideError(line, output)


async def import_failure(environment: Environment) -> str | None:
    """Say why a release does not import; None: it does, or there is nothing to import.

    Raises:
        OutsideError: it was killed, or took too long: the system's doing, for want of memory say.
    """
    modules = environment.modules()
    if not modules:
        return None
    command: list[str | Path] = [environment.interpreter, "-c", f"import {', '.join(modules)}"]
    async with process.start(command, surroundings(environment)) as running:
        code = await running.wait(IMPORT_SECONDS)
        if code is None or code >= 128:
            ended = f"ended with {code}" if code else f"took more than {IMPORT_SECONDS:g} s"
            raise OutsideError(f"{environment.version}'s import {ended}", running.output)
        return f"does not import: {last_line(running.output)}" if code else None


def surroundings(environment: Environment) -> dict[str, str | None]:
    """What a program finds set: our user's variables, less those that change what Python does."""
    return {
        **{name: None for name in os.environ if name.startswith("PYTHON")},
        "PATH": f"{environment.interpreter.parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "VIRTUAL_ENV": str(environment.path),
        "PYTHONUNBUFFERED": "1",
    }


def last_line(output: str) -> str:
    """Return the line that says most: the last one that names an exception, or the last one."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    named = [line for line in lines if re.match(r"[\w.]+(Error|Exception)\b|(\w+\.)+\w+: ", line)]
    return (named or lines or [""])[-1][:300]


def nox() -> list[str]:
    """The command that starts Nox: the one that started us, or the one on PATH.

    Raises:
        OutsideError: there is none.
    """
    if python := os.environ.get("BISECTOR_NOX_PYTHON"):
        return [python, "-m", "nox"]
    if found := shutil.which("nox"):
        return [found]
    raise OutsideError('Nox is not on PATH: python -m pip install "nox[uv]"')


def uv() -> list[str]:
    """The command that starts uv: the one that came with Nox, or the one on PATH.

    Raises:
        OutsideError: there is none.
    """
    if python := os.environ.get("BISECTOR_NOX_PYTHON"):
        beside = Path(python).with_name("uv")
        if beside.exists():
            return [str(beside)]
    if found := shutil.which("uv"):
        return [found]
    raise OutsideError('uv is missing: python -m pip install "nox[uv]"')


async def _end_of(command: list[str]) -> tuple[int, str]:
    # A user's settings for Nox are for the session that they started, not for this one.
    drop: dict[str, str | None] = {name: None for name in os.environ if name.startswith("NOX")}
    drop["PYTHONPATH"] = None
    async with process.start(command, drop | {"NO_COLOR": "1"}) as running:
        code = await running.wait()
        assert code is not None
        return code, running.output


def _is_offline() -> bool:
    return os.environ.get("UV_OFFLINE", "").lower() in ("1", "true", "t", "yes", "y", "on")


def _is_network(output: str) -> bool:
    # What a package's own build says follows: a network beyond the index, that is not there, is
    # no trouble with the index.
    output = re.split(r"^ *\[std(?:out|err)\]$", output, maxsplit=1, flags=re.MULTILINE)[0]
    return bool(
        re.search(
            r"error sending request|dns error|Could not connect|Failed to fetch|"
            r"Failed to download(?! and build)|Connection (refused|reset)|tcp connect|"
            r"\btimed out\b",
            output,
            re.IGNORECASE,
        )
    )


def _sentence(text: str) -> str:
    """Put uv's framed explanation on one line, its beginning being what matters."""
    words = " ".join(re.sub("[\u00d7\u2570\u2500\u25b6\u2502\u251c]", " ", text).split())
    return words if len(words) <= 300 else words[:297] + "..."
