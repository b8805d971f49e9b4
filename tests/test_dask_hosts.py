"""Three hosts: network namespaces with a scheduler in one of them, and a worker in each."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from tests import hosts
from tests.hosts import truth, verdicts

pytestmark = pytest.mark.skipif(bool(hosts.why_not()), reason=hosts.why_not())

RANGE = ["--from", "0.4.6", "--to", "0.5.0rc1", "--map", "--no-blame"]
FIRST, IMPORTS = hosts.SCENARIOS[:2]


def test_three_hosts_find_what_is_found_here(checkout: Path, tmp_path: Path) -> None:
    here = {name: truth(name, RANGE, checkout) for name in (FIRST, IMPORTS)}
    assert {"good", "bad"} <= {verdict for found in here.values() for verdict in found.values()}
    with hosts.three(tmp_path, checkout) as three:
        for name, known in here.items():
            told = three.bisect(*RANGE, "--journal", str(tmp_path / "j"), "--json", "-", name)
            assert told.code in (0, 1), told.said
            assert "3 workers, 6 slots" in told.stderr
            assert verdicts(told.stdout) == known

        # One whose RabbitMQ cannot start is retired, and the others go on.
        three.kill("worker 3")
        broken = three.start_worker(3, broken=True)
        three.wait_for(broken, " cells at a time for ")
        for attempt in range(6):  # until it had two cells, which is for chance to say
            journal = str(tmp_path / f"retired-{attempt}")
            told = three.bisect(*RANGE, "--journal", journal, "--json", "-", FIRST)
            assert told.code == 0, told.said
            assert verdicts(told.stdout) == here[FIRST]
            if "is retired after 2 void cells; 2 workers go on" in told.stderr:
                break
        else:
            pytest.fail(told.said)
        assert three.processes.pop(broken).wait(hosts.SECONDS) == 3
        last = three.said(broken).splitlines()[-1]
        assert last.startswith("retired, for its cells came to nothing: ")
        assert "RabbitMQ" in last
        assert "does not start" in last

        # The scheduler dies in the middle: nothing is lost, and a new one is found again.
        kept = tmp_path / "kept"
        with three.start_client(*RANGE, "--journal", str(kept), FIRST) as client:
            while not kept.exists():
                assert client.poll() is None
                time.sleep(0.02)
            three.kill("scheduler")
            _, errors = client.communicate(timeout=hosts.SECONDS)
        assert client.returncode == 3, errors
        (line,) = errors.splitlines()
        assert "went away: what is known is kept" in line
        before = len(kept.read_text().splitlines())
        three.start_scheduler()
        for i in (1, 2):
            three.wait_for(f"worker {i}", " cells at a time for ", times=2)

        # A worker dies with a cell; what was known is not asked again.
        with three.start_client(*RANGE, "--journal", str(kept), "--json", "-", FIRST) as client:
            while len(kept.read_text().splitlines()) == before:
                assert client.poll() is None
                time.sleep(0.02)
            three.kill("worker 2", signal.SIGKILL)
            answer, errors = client.communicate(timeout=hosts.SECONDS)
        assert client.returncode == 0, errors
        assert verdicts(answer) == here[FIRST]
        assert "(known from the journal)" in errors
        assert json.loads(answer)["flips"]
    assert three.left() == []
