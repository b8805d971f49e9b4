"""Situations run in a real release: what they may do, and what is kept of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bisector.changes.runs import Runner, runner
from bisector.changes.traces import Run
from bisector.environments import recipes, releases
from bisector.environments.building import install
from bisector.rabbitmq.broker import open_broker
from bisector.tasks import together

SECONDS = 2.0
PRINTS = "while True:\n    print('x' * 10_000)\n"
LOGS = "import logging\nwhile True:\n    logging.getLogger('x').warning('y' * 10_000)\n"
NOTES = "seen = []\nfor n in range(100_000):\n    seen.append('z' * 1_000)\n"
FILLS = "with open('large', 'wb') as file:\n    while True:\n        file.write(bytes(1 << 20))\n"
DIES = "import os\nos.kill(os.getpid(), 9)\n"
FORKS = "import os, time\nif not os.fork():\n    time.sleep(60)\nprint('parent')\n"
WRITES = "open('left', 'w').write('x')\nimport os\nprint(os.getcwd(), os.listdir())\n"


def _run(*programs: str) -> list[Run]:
    newest = recipes.of(releases.load()[-1])

    async def both() -> list[Run]:
        await install(newest)
        async with (
            open_broker(lambda _text: None) as (broker, _),
            runner("newest", newest, broker, len(programs)) as made,
        ):
            return await together(_one(made, text) for text in programs)

    return asyncio.run(both())


async def _one(made: Runner, text: str) -> Run:
    return await made.run(text, SECONDS)


def test_what_fills_the_disk_or_the_log_or_never_ends_harms_no_other() -> None:
    prints, logs, notes, fills, dies, forks, first, second = _run(
        PRINTS, LOGS, NOTES, FILLS, DIES, FORKS, WRITES, WRITES
    )
    assert [e[1] for e in prints.events if e[0] == "end"] == ["stuck"]
    assert [e[1] for e in logs.events if e[0] == "end"] == ["stuck"]
    for run in (prints, logs, notes):
        assert len(run.output) <= 64 * 1024
        assert len(run.events) <= 402
        assert sum(len(str(event)) for event in run.events) < 3_000_000
    (ended,) = (e for e in fills.events if e[0] == "end")
    assert (ended[1], ended[2]["error"]) == ("raised", "OSError")
    assert dies.code == 128 + 9
    assert (forks.code, forks.output) == (0, "parent\n")
    assert "['left']" in first.output
    assert "['left']" in second.output  # each in a folder of its own, which is gone
    assert not Path(first.output.split()[0]).exists()
