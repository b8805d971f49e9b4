"""The Nox that started the tool builds environments for it, in forks."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from bisector import ROOT
from bisector.environments import builder
from tests.test_process import gone

# Builds by running the recipe in a shell.
NOX = """
import socket, subprocess, sys
from functools import partial
from bisector.environments import builder
run = lambda recipe: partial(subprocess.run, recipe, shell=True, check=True)
builder.serve(socket.socket(fileno=int(sys.argv[1])), run)
"""


@pytest.fixture
def nox(monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    """A process that serves this one; ends with it."""
    ours, theirs = builder.pair()
    command = [sys.executable, "-c", NOX, str(ours.fileno())]
    with subprocess.Popen(command, cwd=ROOT, pass_fds=[ours.fileno()]) as process:
        ours.close()
        monkeypatch.setenv(builder.DESCRIPTOR, str(theirs.detach()))
        builder.connect()
        assert builder.DESCRIPTOR not in os.environ  # no child of ours takes it for its own
        assert builder._requests is not None
        yield process
        builder._requests.close()
        monkeypatch.setattr(builder, "_requests", None)
        assert process.wait(10) in (0, -signal.SIGKILL)


@pytest.mark.usefixtures("nox")
def test_code_and_output_come_back_side_by_side() -> None:
    async def build() -> Sequence[tuple[int, str] | None]:
        return await asyncio.gather(
            builder.build("printf 'one \\033[31mred\\033[0m'; echo $NO_COLOR >&2"),
            builder.build("echo two; exit 3"),
        )

    good, bad = asyncio.run(build())
    assert good == (0, "one red1\n")
    assert bad is not None
    assert bad[0] == 1
    assert bad[1].startswith("two\n")
    assert "non-zero exit status 3" in bad[1]


def appears(file: Path) -> None:
    while not file.exists():
        time.sleep(0.01)


@pytest.mark.usefixtures("nox")
def test_what_nobody_waits_for_any_more_ends_with_all_that_it_started(tmp_path: Path) -> None:
    told = tmp_path / "pids"

    async def build() -> None:
        recipe = f"sleep 1000 & echo $! $$ > {told}.part; mv {told}.part {told}; wait"
        building = asyncio.create_task(builder.build(recipe))
        await asyncio.to_thread(appears, told)
        building.cancel()
        await asyncio.wait({building})

    asyncio.run(build())
    assert all(gone(int(pid)) for pid in told.read_text().split())


def test_without_the_one_that_started_us_there_is_nobody_to_ask(
    nox: subprocess.Popen[bytes],
) -> None:
    async def build() -> tuple[int, str] | None:
        return await builder.build("sleep 1000")

    async def killed() -> tuple[int, str] | None:
        nox.kill()
        await asyncio.to_thread(nox.wait)
        return await build()

    began = time.monotonic()
    assert asyncio.run(killed()) is None
    assert time.monotonic() - began < 60
