"""Faults in the middle of a bisection: never a verdict, nothing lost, nothing left running."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bisector import rabbitmq
from tests.command import TOOL, Ended, all_gone, connected, descendant, end, nox, run, started

SCENARIO = "benchmarks.scenarios.sibling_close"
ANSWER = "Fixed in 0.5.0rc0, in no stable release of this range; broken from 0.4.6 to 0.4.7."
QUICK = ["--from", "0.4.6", "--to", "0.5.0rc1", "--no-blame"]
"""Four releases, and a flip between them."""


def bisect(checkout: Path, *arguments: str, **environ: str) -> Ended:
    return run([*TOOL, "bisect", *QUICK, *arguments], checkout, **environ)


def test_rabbitmq_killed_in_the_middle_of_a_probe_is_no_verdict(checkout: Path) -> None:
    # One after the other: the last would be over before the node is found where much else runs.
    with started([*TOOL, "bisect", *QUICK, "--fresh", "--jobs", "1"], checkout) as process:
        # It imports while RabbitMQ boots.
        while not connected(scenario := descendant(process, SCENARIO)):
            time.sleep(0.01)
        scenario.suspend()  # looking for the node takes a while where much else runs
        descendant(process, "beam").kill()
        scenario.resume()
        ended = end(process)
    assert ended.code == 0, ended.said
    assert "RabbitMQ went away: starting another" in ended.stdout
    assert ANSWER in ended.stdout


def test_a_broker_of_the_users_that_goes_away_ends_the_search(checkout: Path) -> None:
    async def start() -> rabbitmq.Server:
        return await (await rabbitmq.find(lambda _text: None)).start()

    server = asyncio.run(start())
    with started(
        [*TOOL, "bisect", *QUICK, "--fresh", "--jobs", "1"], checkout, AMQP_URL=server.url
    ) as process:
        scenario = descendant(process, SCENARIO)
        scenario.suspend()  # while it stops RabbitMQ still listens, and hangs up on who dials
        asyncio.run(server.stop())
        scenario.resume()
        ended = end(process)
    assert ended.code == 3, ended.said
    (line,) = ended.stderr.splitlines()
    assert "AMQP_URL: nobody listens at 127.0.0.1:" in line
    assert ": bad" not in ended.stdout


@pytest.mark.parametrize("amqp", ["amqp://guest:guest@127.0.0.1:9/", "http://127.0.0.1/", "x"])
def test_no_broker_at_amqp_url_is_one_line(checkout: Path, amqp: str) -> None:
    ended = bisect(checkout, AMQP_URL=amqp)
    assert ended.code == 3, ended.said
    (line,) = ended.stderr.splitlines()
    assert "AMQP_URL" in line


MOMENTS = [
    ("-m", "bisector"),  # the tool has just been started
    ("uv pip install", "release-"),  # Nox builds an environment
    ("beam",),  # RabbitMQ boots
    (SCENARIO,),  # a release is probed
]


@pytest.mark.parametrize("moment", MOMENTS, ids=["start", "install", "boot", "probe"])
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_at_any_moment_leaves_nothing_running(
    checkout: Path, moment: tuple[str, ...], signum: signal.Signals
) -> None:
    remove_environment(checkout)
    with started([*nox(), "-s", "bisect", "--", *QUICK, "--fresh"], checkout) as process:
        descendant(process, *moment)
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signum)
        ended = end(process)
    assert ended.code == 128 + signum, ended.said
    assert ended.stderr.endswith("stopped; what is known is kept, run it again to go on\n")
    assert "Traceback" not in ended.said
    assert all_gone(family)


@pytest.mark.parametrize("moment", MOMENTS[1:], ids=["install", "boot", "probe"])
def test_killed_the_tool_leaves_nothing_running_and_loses_nothing(
    checkout: Path, moment: tuple[str, ...]
) -> None:
    remove_environment(checkout)
    with started([*TOOL, "bisect", *QUICK, "--fresh"], checkout) as process:
        descendant(process, *moment)
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        assert all_gone(family)
    ended = bisect(checkout)
    assert ended.code == 0, ended.said
    assert ANSWER in ended.stdout


def test_killing_nox_ends_the_tool(checkout: Path) -> None:
    with started([*nox(), "-s", "bisect", "--", *QUICK, "--fresh"], checkout) as process:
        descendant(process, SCENARIO)
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        assert all_gone(family)


def test_after_an_interruption_only_the_rest_is_asked(checkout: Path) -> None:
    journal = checkout / ".bisector" / "journal.jsonl"
    journal.unlink(missing_ok=True)
    with started([*TOOL, "bisect", *QUICK, "--fresh", "--jobs", "1"], checkout) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if ": bad" in line:
                break
        process.send_signal(signal.SIGINT)
        end(process)
    known = [json.loads(line) for line in journal.read_text().splitlines()[1:]]
    kept = known[-1]["observation"]["version"]
    ended = bisect(checkout)
    assert ended.code == 0, ended.said
    assert f"{kept}: bad, " in ended.stdout
    assert "(known from the journal)" in ended.stdout


def test_an_environment_left_half_built_is_built_again(checkout: Path) -> None:
    assert bisect(checkout).code == 0
    half = checkout / ".nox" / "release-0-4-7"
    (half / "release.json").unlink()
    for package in half.glob("lib/*/site-packages/aio_pika"):
        (package / "__init__.py").unlink()
    ended = bisect(checkout, "--fresh")
    assert ended.code == 0, ended.said
    assert ANSWER in ended.stdout


def test_a_journal_that_was_cut_off_is_used_as_far_as_it_goes(checkout: Path) -> None:
    assert bisect(checkout).code == 0
    journal = checkout / ".bisector" / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-30])
    ended = bisect(checkout)
    journal.unlink()  # others read what is in it
    assert ended.code == 0, ended.said
    assert "passed over 1 line" in ended.stdout
    assert ANSWER in ended.stdout


def test_a_foreign_journal_is_refused_and_left_alone(checkout: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "diary.txt"
    foreign.write_text("dear diary\n")
    ended = bisect(checkout, "--journal", str(foreign))
    assert ended.code == 2, ended.said
    assert "is not a journal" in ended.stderr
    assert foreign.read_text() == "dear diary\n"


def test_no_network_and_nothing_cached_is_one_line(checkout: Path, tmp_path: Path) -> None:
    remove_environment(checkout)
    ended = bisect(checkout, "--fresh", UV_CACHE_DIR=str(tmp_path), **NO_NETWORK)
    assert ended.code == 3, ended.said
    (line,) = ended.stderr.splitlines()
    assert "no network" in line
    assert "is not in uv's cache" in line


def test_no_network_does_not_matter_with_a_warm_cache(checkout: Path) -> None:
    assert bisect(checkout).code == 0
    remove_environment(checkout)
    ended = bisect(checkout, "--fresh", **NO_NETWORK)
    assert ended.code == 0, ended.said
    assert ANSWER in ended.stdout


NO_PROXY = "http://127.0.0.1:9"  # whoever wants to leave the machine fails at once
NO_NETWORK = {
    "HTTPS_PROXY": NO_PROXY,
    "HTTP_PROXY": NO_PROXY,
    "ALL_PROXY": NO_PROXY,
    "UV_HTTP_RETRIES": "0",
}


def remove_environment(checkout: Path) -> None:
    """Have one environment that the search is sure to ask for built again."""
    (checkout / ".nox" / "release-0-4-6" / "release.json").unlink(missing_ok=True)


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few kilobytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(disk)],
        check=False, capture_output=True,
    ) if os.geteuid() == 0 else None  # fmt: skip
    if mounted is None or mounted.returncode:
        pytest.skip("only root can make a small disk here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_one_line(checkout: Path, full_disk: Path) -> None:
    ended = bisect(checkout, "--journal", str(full_disk / "journal.jsonl"))
    assert ended.code == 3, ended.said
    (line,) = ended.stderr.splitlines()
    assert line.startswith("the disk is full")


def test_two_at_once_in_one_checkout_do_not_disturb_each_other(checkout: Path) -> None:
    remove_environment(checkout)
    command = [*TOOL, "bisect", *QUICK, "--fresh"]
    with started(command, checkout) as one, started(command, checkout) as two:
        for process in (one, two):
            ended = end(process)
            assert ended.code == 0, ended.said
            assert ANSWER in ended.stdout
