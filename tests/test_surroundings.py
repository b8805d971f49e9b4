"""Programs of a user's in surroundings that go wrong: never a verdict, one line, nothing left."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from bisector.environments import building, recipes, releases
from bisector.errors import OutsideError
from bisector.isolation.needs import NOTHING, Needs
from bisector.places import here
from bisector.places.here import Here
from bisector.questions import programs
from bisector.questions.behaviour import Observation
from bisector.questions.ending import Rules
from bisector.rabbitmq.broker import open_broker
from bisector.search.exact import Verdict
from tests.command import TOOL, Ended, all_gone, descendant, end, run, started

QUICK = ["--from", "0.4.6", "--to", "0.5.0rc1", "--no-blame", "--json", "-"]
"""Four releases."""
PUBLISHES = """
import asyncio, os
from faststream.rabbit import RabbitBroker
async def main():
    broker = RabbitBroker({url})
    await broker.start()
    await broker.publish("x", queue="q")
    print("published")
asyncio.run(main())
"""
ENDLESS = """
import asyncio, itertools
from faststream.rabbit import RabbitBroker
async def main():
    broker = RabbitBroker()
    await broker.start()
    for n in itertools.count():
        await broker.publish("x", queue="q")
        await asyncio.sleep(0.1)
asyncio.run(main())
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    return tmp_path / "app" / "repro.py"


def bisect(checkout: Path, script: Path, *options: str, **environ: str) -> Ended:
    return run([*TOOL, "bisect", *QUICK, *options, script.name], script.parent,
               PYTHONPATH=str(checkout), **environ)  # fmt: skip


def answer(ended: Ended) -> dict[str, Any]:
    return dict(json.loads(ended.stdout))


def verdicts(ended: Ended) -> set[str]:
    return {row["verdict"] for row in answer(ended)["releases"]}


@pytest.mark.parametrize(
    ("url", "line"),
    [
        (
            '"amqp://guest:guest@rabbit.invalid:5672/"',
            "at rabbit.invalid:5672, which is not the one",
        ),
        ('"amqp://app:geheim@localhost:5672/"', "is not let in at the RabbitMQ that it was given"),
        ('"amqp://guest:guest@localhost:5672/prod"', "is not let in at the RabbitMQ"),
    ],
)
def test_refused_elsewhere_is_no_verdict_and_one_line(
    checkout: Path, script: Path, url: str, line: str
) -> None:
    script.write_text(PUBLISHES.format(url=url))
    ended = bisect(checkout, script)
    assert ended.code == 3, ended.said
    last = ended.stderr.splitlines()[-1]
    assert line in last
    assert "--at" in last
    assert ": bad" not in ended.stderr


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ('"amqp://app:geheim@localhost:5672/prod"', ["--at=amqp://app:geheim@localhost:5672/prod"]),
        ('"amqp://guest:guest@localhost:5673/"', []),  # found out by itself
        ('os.environ["RABBITMQ_URL"]', ["--url-as=RABBITMQ_URL"]),
        ('os.environ["FROM_ENV"]', ["--env=FROM_ENV=amqp://guest:guest@127.0.0.1:5672/"]),
    ],
)
def test_it_finds_rabbitmq_where_it_looks_for_it(
    checkout: Path, script: Path, url: str, options: list[str]
) -> None:
    script.write_text(PUBLISHES.format(url=url))
    ended = bisect(checkout, script, *options)
    assert ended.code == 1, ended.said
    assert verdicts(ended) == {"good"}


def test_until_ends_it_and_alive_tells_it_from_one_that_hangs(checkout: Path, script: Path) -> None:
    script.write_text(
        "from importlib.metadata import version\n"
        "if version('faststream') < '0.5': print('ready', flush=True)\n" + ENDLESS
    )
    ended = bisect(checkout, script, "--until", "^ready", "--timeout", "3")
    assert ended.code == 0, ended.said
    assert [(f["before"], f["after"], f["to"]) for f in answer(ended)["flips"]] == [
        ("0.4.7", "0.5.0rc0", "bad")
    ]
    ended = bisect(checkout, script, "--alive", "1", "--timeout", "3")
    assert ended.code == 1, ended.said
    assert verdicts(ended) == {"good"}  # it writes nothing, but RabbitMQ hears from it
    ended = bisect(checkout, script, "--alive", "3", "--timeout", "3")
    assert ended.code == 2, ended.said
    assert "could never be seen silent" in ended.stderr


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("import time; time.sleep(60)", "It was silent at the deadline everywhere"),
        (ENDLESS, "It never ends, and was alive at the deadline everywhere"),
        ("while True: pass", "It was still computing at the deadline everywhere"),
        ("import nonsense_module", "It fails the same way everywhere"),
    ],
)
def test_what_does_the_same_everywhere_gets_a_line(
    checkout: Path, script: Path, text: str, hint: str
) -> None:
    script.write_text(text)
    ended = bisect(checkout, script, "--timeout", "2")
    assert ended.code == 1, ended.said
    (first, *_) = answer(ended)["hints"]
    assert first.startswith(hint)


def test_another_text_in_a_file_that_it_imports_is_another_question(
    checkout: Path, script: Path
) -> None:
    script.write_text("import helper, sys; sys.exit(helper.code)")
    helper = script.with_name("helper.py")
    helper.write_text("code = 0")
    assert verdicts(bisect(checkout, script)) == {"good"}
    again = bisect(checkout, script)
    assert "known from the journal" in again.stderr
    helper.write_text("code = 1")
    changed = bisect(checkout, script)
    assert verdicts(changed) == {"bad"}
    assert "known from the journal" not in changed.stderr
    assert "known from the journal" not in bisect(checkout, script, "--env=A=b").stderr


def test_what_is_left_on_a_users_rabbitmq_is_never_a_verdict(
    checkout: Path, script: Path, own_url: str
) -> None:
    name = f"left-{time.time_ns()}"
    script.write_text(f"""
import asyncio, os
from importlib.metadata import version
from faststream.rabbit import RabbitBroker, RabbitQueue
broker = RabbitBroker(os.environ["AMQP_URL"])
async def main():
    await broker.start()
    await broker.declare_queue(RabbitQueue("{name}", durable=version("faststream") < "0.5"))
    print("declared")
asyncio.run(main())
""")
    ended = bisect(checkout, script, AMQP_URL=own_url)
    assert ended.code == 3, ended.said
    assert f"queue {name} is left on your RabbitMQ" in ended.stderr
    assert "stands in the way of this one: delete it" in ended.stderr.splitlines()[-1]
    assert ": bad" not in ended.stderr


def scratch(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def listeners(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_programs_run_nothing_is_left(
    checkout: Path, script: Path, tmp_path: Path, signum: signal.Signals
) -> None:
    script.write_text(ENDLESS)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    with started([*TOOL, "bisect", *QUICK, "--fresh", "repro.py"], script.parent,
                 PYTHONPATH=str(checkout), TMPDIR=str(temporary)) as process:  # fmt: skip
        descendant(process, "repro.py", "release-")
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signum)
        ended = end(process)
    assert ended.code == 128 + signum, ended.said
    assert all_gone(family)
    assert scratch(temporary) == []
    assert scratch(script.parent) == ["repro.py"]


def test_rabbitmq_killed_beside_a_program_is_no_verdict(checkout: Path, script: Path) -> None:
    script.write_text(PUBLISHES.format(url="") + "import time; time.sleep(2)")
    with started([*TOOL, "bisect", *QUICK, "--fresh", "repro.py"], script.parent,
                 PYTHONPATH=str(checkout)) as process:  # fmt: skip
        descendant(process, "repro.py", "release-")
        descendant(process, "beam").kill()
        ended = end(process)
    assert ended.code == 1, ended.said
    assert verdicts(ended) == {"good"}
    assert "RabbitMQ went away: starting another" in ended.stderr


@pytest.fixture(scope="module")
def environment() -> recipes.Environment:
    found = recipes.of(releases.find(releases.load(), "0.7.8"))
    asyncio.run(building.install(found))
    return found


Ask = Callable[..., tuple[list[Observation], list[str]]]


@pytest.fixture
def ask(environment: recipes.Environment, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Probe a program several times at once where the kernel gives no namespaces."""
    monkeypatch.setattr(here, "namespaces", lambda: False)

    def several(script: Path, needs: Needs = NOTHING, timeout: float = 15
                ) -> tuple[list[Observation], list[str]]:  # fmt: skip
        monkeypatch.chdir(script.parent)
        notes: list[str] = []

        async def all_() -> list[Observation]:
            async with open_broker(notes.append) as (broker, _):
                place = Here(broker, 3, notes.append)
                program = programs.load([script.name], needs)
                probes = [
                    place.answer("0.7.8", environment, program, Rules(timeout)) for _ in range(3)
                ]
                return await asyncio.gather(*probes)

        return asyncio.run(all_()), notes

    return several


def free_here(port: int) -> None:
    if listeners(port):
        pytest.skip(f"somebody listens at port {port} of this machine")


def test_without_namespaces_the_default_address_is_served_to_one_at_a_time(
    ask: Ask, script: Path
) -> None:
    free_here(5672)
    script.write_text(PUBLISHES.format(url=""))
    seen, notes = ask(script)
    assert {o.verdict for o in seen} == {Verdict.GOOD}
    assert any("5672, where nobody listens: RabbitMQ is put there" in note for note in notes)
    assert any("port 5672 of this machine itself: one at a time" in note for note in notes)
    assert not listeners(5672)


def test_without_namespaces_a_port_that_is_taken_is_void_and_asked_again_alone(
    ask: Ask, script: Path
) -> None:
    free_here(8123)
    script.write_text(
        "import socket, time\ns = socket.socket()\n"
        "s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
        "s.bind(('127.0.0.1', 8123)); s.listen(); time.sleep(0.5); print('served')"
    )
    seen, _ = ask(script)
    assert {o.verdict for o in seen} == {Verdict.GOOD}
    assert any(o.alone for o in seen)


def test_what_listens_where_a_program_dials_is_left_alone(ask: Ask, script: Path) -> None:
    script.write_text(PUBLISHES.format(url=""))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(OutsideError, match=f"listens at 127.0.0.1:{port} already"):
            ask(script, Needs(at=str(port)))


def test_a_folder_that_holds_too_much_is_run_where_it_is_one_at_a_time(
    ask: Ask, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bisector.isolation.files.MOST_FILES", 1)
    script.with_name("data.txt").write_text("data")
    script.with_name("more.txt").write_text("data")
    script.write_text(
        "import os; print(os.getcwd()); open('beside', 'x').close(); os.remove('beside')"
    )
    seen, notes = ask(script)
    assert {o.verdict for o in seen} == {Verdict.GOOD}
    assert any("holds too much to be copied" in note for note in notes)
    assert all(o.alone for o in seen)
