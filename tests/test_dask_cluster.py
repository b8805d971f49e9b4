"""A scheduler and a worker on this machine, as users start them; and whatever may be wrong."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from bisector.places.dask import workers
from bisector.rabbitmq.node import free_port
from tests.command import TOOL, Ended, all_gone, end, run, started
from tests.hosts import SCHEDULER

ENDS = ["--from", "0.4.6", "--to", "0.5.0rc1", "--no-blame"]
PROGRAM = """\
import sys
from parts.limits import TOO_OLD
from importlib.metadata import version
print("asked on a worker")
sys.exit(tuple(map(int, version("faststream").split(".")[:2])) < TOO_OLD)
"""


@dataclass
class Running:
    """A scheduler with a worker."""

    address: str
    worker: subprocess.Popen[str]
    checkout: Path

    def bisect(self, *words: str, cwd: Path | None = None) -> Ended:
        return run([*TOOL, "bisect", "--on", self.address, *words], cwd or self.checkout,
                   PYTHONPATH=str(self.checkout))  # fmt: skip


@contextlib.contextmanager
def scheduler(folder: Path, *words: str) -> Iterator[str]:
    port = str(free_port())
    command = [port if word == "8786" else word for word in SCHEDULER]
    own = ["--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0", *words]
    with (folder / "scheduler.log").open("wb") as log:
        process = subprocess.Popen([*command, *own], cwd=folder, stdout=log, stderr=log)
    try:
        while b"Scheduler at:" not in (folder / "scheduler.log").read_bytes():
            assert process.poll() is None
            time.sleep(0.05)
        yield f"{'tls' if words else 'tcp'}://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def running(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with contextlib.ExitStack() as stack:
        address = stack.enter_context(scheduler(tmp_path_factory.mktemp("dask")))
        command = [*TOOL, "worker", address, "--slots", "2"]
        with started(command, checkout) as worker:
            assert worker.stdout is not None
            for line in worker.stdout:
                if "answers 2 cells at a time" in line:
                    break
            yield Running(address, worker, checkout)
            family = psutil.Process(worker.pid).children(recursive=True)
            worker.send_signal(signal.SIGINT)
            assert worker.wait(30) == 128 + signal.SIGINT
            assert all_gone(family)


def test_a_program_of_several_files_is_answered_elsewhere(running: Running, tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "limits.py").write_text("TOO_OLD = (0, 5)\n")
    (tmp_path / "program.py").write_text(PROGRAM)
    words = [*ENDS, "--journal", str(tmp_path / "journal"), "--json", "-", "program.py"]
    told = running.bisect(*words, cwd=tmp_path)
    assert told.code == 0, told.said
    answer = json.loads(told.stdout)
    assert answer["affected"] == ">=0.4.6,<0.5.0rc0"
    seen = [json.loads(row) for row in (tmp_path / "journal").read_text().splitlines()[1:]]
    assert all("asked on a worker" in row["observation"]["output"] for row in seen)
    assert str(tmp_path) not in (tmp_path / "journal").read_text()


def test_a_number_is_measured_in_rounds_of_one_worker(running: Running, tmp_path: Path) -> None:
    (tmp_path / "number.py").write_text("print(100)\n")
    words = ["--from", "0.4.6", "--to", "0.5.0rc1", "--number", "--least", "50%", "--most", "2"]
    journal = ["--journal", str(tmp_path / "journal"), "--json", "-"]
    told = running.bisect(*words, *journal, "number.py", cwd=tmp_path)
    assert told.code == 1, told.said
    answer = json.loads(told.stdout)
    assert answer["machines"] == 1
    assert answer["rounds"] > 0


def test_two_at_once(running: Running, tmp_path: Path) -> None:
    command = [*TOOL, "bisect", "--on", running.address, *ENDS, "--fresh", "--json", "-"]
    journals = [str(tmp_path / name) for name in "ab"]
    with contextlib.ExitStack() as stack:
        both = [
            stack.enter_context(started([*command, "--journal", name], running.checkout))
            for name in journals
        ]
        for process in both:
            told = end(process)
            assert told.code == 0, told.said
            assert json.loads(told.stdout)["affected"] == ">=0.4.6,<0.5.0rc0"


def test_interrupted_the_probes_elsewhere_end_too(running: Running, tmp_path: Path) -> None:
    (tmp_path / "waits.py").write_text("import time; time.sleep(1000)\n")
    command = [*TOOL, "bisect", "--on", running.address, *ENDS, "--timeout", "900"]
    command += ["--journal", str(tmp_path / "journal"), str(tmp_path / "waits.py")]
    top = psutil.Process(running.worker.pid)

    def probes() -> list[psutil.Process]:
        found = []
        for child in top.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                found += [child] if "waits.py" in " ".join(child.cmdline()) else []
        return found

    with started(command, running.checkout) as client:
        while not (family := probes()):
            assert client.poll() is None, client.communicate()
            time.sleep(0.02)
        client.send_signal(signal.SIGINT)
        told = end(client)
    assert told.code == 128 + signal.SIGINT, told.said
    assert told.stderr.splitlines()[-1].startswith("stopped; what is known is kept")
    assert all_gone(family)
    assert running.worker.poll() is None


def test_a_wish_that_no_worker_can_meet_ends(running: Running) -> None:
    told = running.bisect(*ENDS, "--python", "3.6", "import-clean", "--fresh")
    assert told.code == 3, told.said
    (line,) = told.stderr.splitlines()
    assert line.startswith("no worker has Python 3.6: they have ")
    told = running.bisect(*ENDS, "--rabbitmq", "1.2")
    assert told.code == 3, told.said
    (line,) = told.stderr.splitlines()
    assert line.startswith("no worker has RabbitMQ 1.2: they have ")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not there")
def test_by_tls_only_those_with_a_certificate_are_let_in(checkout: Path, tmp_path: Path) -> None:
    key, cert = str(tmp_path / "key.pem"), str(tmp_path / "cert.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=it", "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    ours = ["--tls-ca", cert, "--tls-cert", cert, "--tls-key", key]
    theirs = ["--tls-ca-file", cert, "--tls-cert", cert, "--tls-key", key, "--protocol", "tls"]
    with scheduler(tmp_path, *theirs) as address:
        with started([*TOOL, "worker", address, *ours], checkout) as worker:
            assert worker.stdout is not None
            for line in worker.stdout:
                if "cells at a time" in line:
                    break
            words = ["--from", "0.4.6", "--to", "0.4.7", "--journal", str(tmp_path / "journal")]
            command = [*TOOL, "bisect", "--on", address, *ours, *words, "import-clean"]
            told = run(command, checkout)
            assert told.code == 1, told.said
            assert "imported in" in told.stdout
            worker.send_signal(signal.SIGTERM)
            worker.wait(30)
        plain = run([*TOOL, "bisect", "--on", address.replace("tls", "tcp")], checkout)
        assert plain.code == 3, plain.said
        assert plain.stderr.startswith("there is no scheduler at tcp://")


OTHER = """\
import asyncio, sys
from distributed import Worker
async def main():
    async with Worker(sys.argv[1], host="127.0.0.1", dashboard_address="127.0.0.1:0", nthreads=1,
                      resources={"faststream-bisector suite 0": 1}) as worker:
        print("there", flush=True)
        await worker.finished()
asyncio.run(main())
"""


def test_workers_that_are_none_or_others(checkout: Path, tmp_path: Path) -> None:
    with scheduler(tmp_path) as address:
        command = [*TOOL, "bisect", "--on", address, "--wait", "1"]
        told = run(command, checkout)
        assert told.code == 3, told.said
        assert "no worker at tcp://127.0.0.1:" in told.stdout
        (line,) = told.stderr.splitlines()
        assert line.startswith("no worker of this suite is at tcp://127.0.0.1:")
        with started([sys.executable, "-c", OTHER, address], tmp_path) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == "there\n"
            told = run(command, checkout)
            other.kill()
    assert told.code == 3, told.said
    (line,) = told.stderr.splitlines()
    assert "runs the suite in version 0, and " in line


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["bisect", "--on", "nowhere"], 2, "name a scheduler, as tcp://HOST:8786"),
        (["bisect", "--on", "local:0"], 2, "name a scheduler, as tcp://HOST:8786"),
        (["bisect", "--on", "tcp://127.0.0.1:9", "--tls-ca", "x"], 2, "--tls-ca is for tls://"),
        (["bisect", "--on", "tls://127.0.0.1:9"], 2, "needs certificates"),
        (["bisect", "--on", "tls://127.0.0.1:9", "--tls-ca", "x"], 2, "there is no such file"),
        (["bisect", "--on", "tcp://127.0.0.1:9"], 3, "there is no scheduler at tcp://127.0.0.1:9"),
        (["worker", "tcp://10.0.0.1"], 2, "the scheduler at 10.0.0.1 has to reach this worker"),
        (["worker", "local:2"], 2, "that is for --on"),
        (["worker", "tcp://127.0.0.1:9", "--wait", "1"], 3, "there is no scheduler at"),
    ],
)
def test_wrong_use(words: list[str], code: int, said: str, checkout: Path) -> None:
    told = run([*TOOL, *words], checkout)
    assert told.code == code, told.said
    assert said in told.stderr.splitlines()[-1]
    assert "Traceback" not in told.said


def test_where_dask_is_missing_a_line_says_so(checkout: Path) -> None:
    hidden = (
        "import importlib.util as u, sys; real = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'distributed' else real(name, *a)\n"
        "sys.argv = ['bisector', 'bisect', '--on', 'local:1']\n"
        "from bisector.__main__ import main; sys.exit(main())"
    )
    told = run([sys.executable, "-c", hidden], checkout)
    assert told.code == 3, told.said
    assert told.stderr.startswith("dask is not installed here")


def test_an_interpreter_that_runs_this_is_found() -> None:
    assert workers.interpreter() in workers.pythons()
