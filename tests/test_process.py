"""Programs end with us: by themselves, when stopped, and when we are killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bisector import ROOT
from bisector.processes import leash, process

# Starts a child that ignores every polite signal and leaves its process group, tells its number,
# and waits for ever.
STUBBORN = """
import os, signal, sys, time
for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP): signal.signal(s, signal.SIG_IGN)
child = os.fork()
if not child:
    os.setsid()
os.write(1, b'%d\\n' % os.getpid())  # in one piece: two write at a time
while True: time.sleep(60)
"""


def gone(pid: int, within: float = 10) -> bool:
    """Wait until there is no such process."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False


async def numbers(running: process.Process) -> list[int]:
    while len(found := running.output.split()) < 2:
        assert await running.wait(0.01) is None, running.output
    return [int(pid) for pid in found]


@pytest.mark.parametrize(
    ("code", "ends"),
    [("pass", 0), ("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 137)],
)
def test_returns_how_the_program_ended(code: str, ends: int) -> None:
    async def run() -> int | None:
        async with process.start([sys.executable, "-c", code]) as running:
            return await running.wait(60)

    assert asyncio.run(run()) == ends


def test_keeps_the_end_of_what_it_wrote() -> None:
    code = "import sys; print('x' * 200_000); print('last', file=sys.stderr)"

    async def run() -> str:
        async with process.start([sys.executable, "-c", code]) as running:
            await running.wait(60)
            return running.output

    output = asyncio.run(run())
    assert output.endswith("last\n")
    assert len(output) == process.KEPT


def test_sets_and_removes_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONE", "1")
    code = "import os; print(os.environ.get('GONE'), os.environ.get('HERE'))"

    async def run() -> str:
        environ = {"GONE": None, "HERE": "2"}
        async with process.start([sys.executable, "-c", code], environ) as running:
            await running.wait(60)
            return running.output

    assert asyncio.run(run()) == "None 2\n"


def test_time_runs_out_and_all_descendants_are_killed() -> None:
    async def run() -> list[int]:
        async with process.start([sys.executable, "-c", STUBBORN]) as running:
            pids = await numbers(running)
            assert await running.wait(0.01) is None
        return pids

    assert all(gone(pid) for pid in asyncio.run(run()))


def test_a_daemon_that_the_program_leaves_behind_is_killed_with_it() -> None:
    code = STUBBORN.replace("while True:", "while not child:")

    async def run() -> list[int]:
        async with process.start([sys.executable, "-c", code]) as running:
            assert await running.wait(60) == 0
            return [int(pid) for pid in running.output.split()]

    assert all(gone(pid) for pid in asyncio.run(run()))


def test_cancelling_leaves_nothing_behind() -> None:
    pids: list[int] = []

    async def cancelled() -> None:
        started = asyncio.Event()

        async def run() -> None:
            async with process.start([sys.executable, "-c", STUBBORN]) as running:
                pids.extend(await numbers(running))
                started.set()
                await running.wait()

        task = asyncio.create_task(run())
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert all(gone(pid) for pid in pids)


def test_killing_us_leaves_nothing_behind(tmp_path: Path) -> None:
    told = tmp_path / "pids"
    code = f"""
import asyncio, pathlib, sys
from bisector.processes import process
async def main():
    async with process.start([sys.executable, "-c", {STUBBORN!r}]) as running:
        while len(running.output.split()) < 2:
            await running.wait(0.01)
        pathlib.Path({str(told)!r}).write_text(running.output + "done")
        await running.wait()
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) as parent:
        while not (told.exists() and told.read_text().endswith("done")):
            assert parent.poll() is None
            time.sleep(0.01)
        parent.send_signal(signal.SIGKILL)
    assert all(gone(int(pid)) for pid in told.read_text().split()[:2])


def test_cancelled_twice_it_is_stopped_before_anybody_goes_on() -> None:
    async def run() -> set[asyncio.Task[object]]:
        started = asyncio.Event()

        async def wait() -> None:
            async with process.start([sys.executable, "-c", "input()"]) as running:
                started.set()
                await running.wait()

        task = asyncio.create_task(wait())
        await started.wait()
        task.cancel()
        await asyncio.sleep(0)  # it is stopping the program now
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(run()) == set()


def test_a_program_does_not_start_once_its_leash_is_gone(tmp_path: Path) -> None:
    """Killed between its fork and the promise of its death: so asyncio cancels a start."""
    started = tmp_path / "started"
    ends, held = os.pipe()
    parent = os.fork()
    if not parent:
        gone = os.getpid()
        if os.fork():
            os._exit(0)
        while os.getppid() == gone:
            time.sleep(0.001)
        leash.become(["touch", str(started)], gone)
    os.close(held)
    os.waitpid(parent, 0)
    with os.fdopen(ends, "rb") as told:
        told.read()  # until the last of them has ended
    assert not started.exists()


def test_a_program_ends_whose_leash_is_let_go_at_once() -> None:
    """Also while it has not yet become the program; with one in thirty that was so."""
    command = [sys.executable, "-I", "-S", str(process.LEASH), "-", "sleep", "60"]
    running = [subprocess.Popen(command, stdin=subprocess.DEVNULL) for _ in range(100)]
    try:
        assert {each.wait(30) for each in running} == {128 + signal.SIGKILL}
    finally:
        for each in running:
            each.kill()  # and what it runs dies with it
            each.wait()


def test_what_ends_while_it_is_looked_at_used_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(folder: Path, _pattern: str) -> list[Path]:
        raise FileNotFoundError(folder)

    monkeypatch.setattr(Path, "glob", gone)
    assert process._usage(os.getpid()) == process.Usage(0.0, 0.0)
