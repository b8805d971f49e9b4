"""Faults on three hosts, one after the other: `python -m tests.faults_on_dask --faults 20`.

Maps a scenario over some releases again and again; in the middle of each map something happens: a
worker is killed, a cable is pulled for 20 s, the scheduler is killed, the client is, or there is a
worker whose RabbitMQ cannot start.  Every verdict has to be the one that is known, and nothing may
be left.  `--whole` maps four scenarios over all releases, with no fault.  For root.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bisector import ROOT
from bisector.environments import building, recipes, releases
from tests import hosts
from tests.hosts import Hosts, truth, verdicts

DOWN = 20.0
"""Seconds for which a cable is pulled."""
WIDTH = 14
"""Releases that are mapped beside each fault."""
KINDS = ("worker killed", "link down", "scheduler killed", "client killed", "RabbitMQ cannot start")


def main() -> int:
    """Make faults and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--whole", action="store_true")
    args = parser.parse_args()
    if why := hosts.why_not():
        print(why)
        return 3
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # and tidy up
    chance = random.Random(args.seed)
    print(f"seed {args.seed}", flush=True)
    counted: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="hosts-") as folder:
        with hosts.three(Path(folder), ROOT) as three:
            if args.whole:
                _whole(three, Path(folder))
            else:
                for number in range(args.faults):
                    kind = KINDS[number] if number < len(KINDS) else chance.choice(KINDS)
                    _one(three, kind, number, chance, Path(folder))
                    counted[kind] += 1
        assert three.left() == [], three.left()
    for kind, count in counted.items():
        print(f"{count} x {kind}")
    print(f"{sum(counted.values())} faults: no wrong verdict, no cell lost, nothing left")
    return 0


def _whole(three: Hosts, folder: Path) -> None:
    _build([release.version for release in releases.select(releases.load())])
    for name in hosts.SCENARIOS:
        began = time.monotonic()
        told = three.bisect("--map", "--no-blame", "--journal", str(folder / "journal"),
                            "--json", "-", name)  # fmt: skip
        assert told.code in (0, 1), told.said
        found, known = verdicts(told.stdout), truth(name, [], ROOT)
        assert found == known, {v: (found[v], known.get(v)) for v in found if found[v] != known[v]}
        print(f"{name}: {len(found)} releases as known, {time.monotonic() - began:.1f} s;"
              f" {told.stderr.splitlines()[-1]}", flush=True)  # fmt: skip


def _one(three: Hosts, kind: str, number: int, chance: random.Random, folder: Path) -> None:
    name = chance.choice(hosts.SCENARIOS)
    line = [release.version for release in releases.select(releases.load())]
    first = chance.randrange(len(line) - WIDTH)
    words = ["--from", line[first], "--to", line[first + WIDTH - 1], "--map", "--no-blame"]
    journal = folder / f"journal-{number}"
    command = [*words, "--journal", str(journal), "--json", "-", name]
    _build(line[first : first + WIDTH])
    before = [*three.processes]
    began = time.monotonic()
    broken = ""
    if kind == "RabbitMQ cannot start":
        broken = three.start_worker(chance.choice((1, 2, 3)), broken=True)
        three.wait_for(broken, " cells at a time for ")
    with three.start_client(*command) as client:
        _wait_for_answers(journal, chance.randrange(1, WIDTH // 2), client)
        time.sleep(chance.random())
        _fault(three, kind, client, chance)
        answer, errors = client.communicate(timeout=300)
    lost = kind in ("scheduler killed", "client killed")
    ended_first = client.returncode in (0, 1) and lost
    if lost and not ended_first:
        assert client.returncode == (3 if kind == "scheduler killed" else -signal.SIGKILL), errors
        kept = len(journal.read_text().splitlines()) - 1
        assert kept, "the journal was not kept"
        if kind == "scheduler killed":
            assert "went away: what is known is kept" in errors.splitlines()[-1], errors
    _mend(three, before)
    if lost and not ended_first:
        told = three.bisect(*command)
        client.returncode, answer, errors = told.code, told.stdout, told.stderr
    assert client.returncode in (0, 1), errors
    found, known = verdicts(answer), truth(name, words, ROOT)
    assert found == known, (kind, name, {v: (found.get(v), known[v]) for v in known})
    if broken:
        _end_broken(three, broken, errors)
    flips = len(json.loads(answer)["flips"])
    print(f"{number + 1:3} {kind}: {name}, {words[1]} to {words[3]}: {len(found)} as known,"
          f" {flips} flips, {time.monotonic() - began:.1f} s", flush=True)  # fmt: skip


def _build(versions: Sequence[str]) -> None:
    """Build what is missing while there is a network, which hosts have not."""
    known = releases.load()
    made = [recipes.of(releases.find(known, version)) for version in versions]

    async def install() -> None:
        for environment in made:
            with contextlib.suppress(building.UninstallableError):
                await building.install(environment)

    asyncio.run(install())


def _wait_for_answers(journal: Path, answers: int, client: subprocess.Popen[str]) -> None:
    while client.poll() is None:
        if journal.exists() and len(journal.read_text().splitlines()) > answers:
            return
        time.sleep(0.02)


def _fault(three: Hosts, kind: str, client: subprocess.Popen[str], chance: random.Random) -> None:
    if kind == "worker killed":
        three.kill(f"worker {chance.choice((1, 2, 3))}")
    elif kind == "link down":
        host = chance.choice((2, 3))
        three.link(host, "down")
        time.sleep(DOWN)
        three.link(host, "up")
    elif kind == "scheduler killed":
        three.kill("scheduler")
    elif kind == "client killed":
        client.kill()


def _mend(three: Hosts, before: list[str]) -> None:
    """Start again what was killed."""
    if "scheduler" not in three.processes:
        alive = [name for name in before if name in three.processes]
        said = {name: three.said(name).count(" cells at a time for ") for name in alive}
        three.start_scheduler()
        for name in alive:
            three.wait_for(name, " cells at a time for ", said[name] + 1)
    for name in before:
        if name not in three.processes:
            said_before = three.said(name).count(" cells at a time for ")
            three.start_worker(int(name.split()[1]))
            three.wait_for(name, " cells at a time for ", said_before + 1)


def _end_broken(three: Hosts, broken: str, errors: str) -> None:
    """It was retired, if it had two cells; else it is ended here."""
    if "is retired after 2 void cells" in errors:
        assert three.processes.pop(broken).wait(hosts.SECONDS) == 3
    else:
        three.kill(broken, signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
