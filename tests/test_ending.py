"""How the end of a program is read, as tables; and where it stood, from what Python wrote."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import pytest

from bisector.errors import OutsideError
from bisector.isolation import files
from bisector.isolation.relay import Relay
from bisector.processes import process
from bisector.questions import astray, ending
from bisector.questions.ending import Cause, End, Rules
from bisector.questions.programs import Program
from bisector.search.exact import Verdict

GOOD, BAD, SKIP = Verdict.GOOD, Verdict.BAD, Verdict.SKIP


def ended(code: int) -> End:
    return End(Cause.ENDED, code, 1.0, 0.5, busy=False)


def late(silent: float, *, busy: bool = False, cause: Cause = Cause.DEADLINE) -> End:
    return End(cause, None, 15.0, silent, busy)


@pytest.mark.parametrize(
    ("end", "rules", "verdict", "outcome"),
    [
        (ended(0), Rules(15), GOOD, "works"),
        (ended(1), Rules(15), BAD, "error"),
        (ended(125), Rules(15), SKIP, "untestable"),
        (ended(127), Rules(15), BAD, "error"),
        (ended(128), Rules(15), None, "abort"),
        (late(14), Rules(15), BAD, "hang"),
        (late(14), Rules(15, "skip"), SKIP, "hang"),
        (late(14), Rules(15, "abort"), None, "hang"),
        (late(14, busy=True), Rules(15), BAD, "busy"),
        (late(1, busy=True), Rules(15), BAD, "alive"),
        (late(1), Rules(15), BAD, "alive"),
        (late(1), Rules(15, alive=3), GOOD, "alive"),
        (late(3, cause=Cause.SILENT), Rules(15, alive=3), BAD, "hang"),
        (ended(0), Rules(15, match="two words"), BAD, "match"),
        (ended(1), Rules(15, match="nothing"), SKIP, "another failure"),
        (late(14), Rules(15, match="nothing"), SKIP, "another failure"),
        (End(Cause.WROTE, None, 1, 0, busy=False), Rules(15, until="two"), GOOD, "works"),
        (ended(0), Rules(15, until="nothing"), BAD, "error"),
        (late(14), Rules(15, until="nothing"), BAD, "hang"),
    ],
)
def test_an_end_is_read(end: End, rules: Rules, verdict: Verdict | None, outcome: str) -> None:
    found = ending.judge(end, "these are two words\n", rules)
    assert found[:2] == (verdict, outcome)


def test_rules_that_were_not_there_yet_leave_no_trace() -> None:
    assert Rules(15.0).to_json() == {"timeout": 15.0, "timeout_is": "bad", "match": None}
    assert Rules(15.0, alive=3.0).to_json()["alive"] == 3.0


TRACEBACK = """
Traceback (most recent call last):
  File "/usr/lib/python3.11/asyncio/runners.py", line 118, in run
    return self._loop.run_until_complete(task)
  File "/srv/app/repro.py", line 12, in main
    await one.publish("hello")
  File "/envs/x/lib/python3.11/site-packages/faststream/rabbit/broker.py", line 511, in publish
asyncio.exceptions.CancelledError

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/app/repro.py", line 30, in <module>
KeyboardInterrupt
"""
DUMP = """Fatal Python error: Aborted

Current thread 0x00007f (most recent call first):
  File "/srv/app/repro.py", line 3 in spin
  File "/srv/app/repro.py", line 9 in <module>

Thread 0x00008f (most recent call first):
  File "/usr/lib/python3.11/threading.py", line 1 in run
"""


def test_where_a_program_stood_innermost_last() -> None:
    assert ending.stack(TRACEBACK, Path("/srv/app")) == [
        "asyncio/runners.py:118 run",
        "repro.py:12 main",
        "faststream/rabbit/broker.py:511 publish",
    ]
    assert ending.stack(DUMP, Path("/srv/app")) == ["repro.py:9 <module>", "repro.py:3 spin"]
    assert ending.stack("Bye.", Path("/srv/app")) == []


DEAF = """
import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
def wait_for_ever():
    print("here", flush=True)
    time.sleep(60)
wait_for_ever()
"""


def test_what_ignores_ctrl_c_still_says_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "deaf.py").write_text(DEAF)

    async def ask() -> list[str]:
        command = [sys.executable, str(tmp_path / "deaf.py")]
        async with process.start(command, {"PYTHONFAULTHANDLER": "1"}) as running:
            assert await running.event(10) is None  # it has written
            return await ending.interrupt(running, tmp_path)

    assert asyncio.run(ask())[-1] == "deaf.py:6 wait_for_ever"


@pytest.mark.alone
def test_time_in_which_others_held_it_up_does_not_count() -> None:
    """Eight at once on one processor: each gets an eighth of the time, and needs all of it."""
    code = (
        "import os, time\n"
        "if hasattr(os, 'sched_setaffinity'): os.sched_setaffinity(0, {0})\n"
        "end = time.process_time() + 0.4\n"
        "while time.process_time() < end: pass"
    )

    async def one() -> End:
        async with process.start([sys.executable, "-c", code]) as running:
            return await ending.watch(running, Rules(1.2), time.monotonic)

    async def eight() -> list[End]:
        return await asyncio.gather(*(one() for _ in range(8)))

    found = asyncio.run(eight())
    if sys.platform == "linux":
        assert {end.code for end in found} == {0}


def program(tmp_path: Path, text: str = "") -> Program:
    (tmp_path / "repro.py").write_text(text)
    return Program("repro.py", "", (str(tmp_path / "repro.py"),), "", builtin=False,
                   files=files.below(tmp_path))  # fmt: skip


@pytest.mark.parametrize(
    ("output", "text", "place"),
    [
        (
            "aiormq.AMQPConnectionError: [Errno 111] Connect call failed ('127.0.0.1', 5673)",
            "",
            "127.0.0.1:5673",
        ),
        (
            "aiormq: Connect call failed ('::1', 5672), Connect call failed ('127.0.0.1', 5672)",
            "",
            "127.0.0.1:5672",
        ),
        (
            "aiormq ... [Errno -2] Name or service not known",
            "RabbitBroker('amqp://guest:guest@rabbit:5672/')",
            "rabbit:5672",
        ),
    ],
)
def test_a_program_that_looks_elsewhere_is_named_with_the_place(
    tmp_path: Path, output: str, text: str, place: str
) -> None:
    with pytest.raises(astray.AstrayError, match=f"at {place}, which is not the one") as raised:
        astray.check(program(tmp_path, text), output, Relay("amqp://localhost/"))
    assert str(raised.value.place) == place


def test_what_was_let_in_may_be_refused_elsewhere(tmp_path: Path) -> None:
    relay = Relay("amqp://localhost/")
    output = "aiormq: [Errno 111] Connect call failed ('127.0.0.1', 5673)"
    relay.opened = 1
    astray.check(program(tmp_path), output, relay)
    relay.opened = 0
    relay.denied.append("403 ACCESS_REFUSED")
    with pytest.raises(OutsideError, match="is not let in"):
        astray.check(program(tmp_path), output, relay)


def test_a_refusal_that_is_not_amqps_is_a_verdict(tmp_path: Path) -> None:
    output = "httpx.ConnectError: [Errno 111] Connect call failed ('127.0.0.1', 8000)"
    astray.check(program(tmp_path), output, Relay("amqp://localhost/"))
    assert astray.beyond(output) is None
    assert astray.beyond("ConnectionRefusedError: [Errno 111] Connection refused")
    assert astray.beyond("OSError: [Errno 101] Network is unreachable")
