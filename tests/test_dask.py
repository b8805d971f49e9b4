"""The same questions on dask: cells, who may answer them, and the same answers as here."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from bisector.axes.axis import Choice
from bisector.axes.releases import of_package
from bisector.environments.recipes import Environment
from bisector.errors import UserError
from bisector.isolation.needs import Needs
from bisector.places.dask import cells, sent, workers
from bisector.questions import programs
from bisector.questions.ending import Rules
from bisector.tasks import within
from tests.command import TOOL, run

ENDS = ["--from", "0.4.6", "--to", "0.5.0rc1"]
"""Four releases, and a flip between them."""


def test_the_same_answer_as_here(checkout: Path, tmp_path: Path) -> None:
    answers: list[dict[str, Any]] = []
    for on in ([], ["--on", "local:2"]):
        journal = str(tmp_path / f"journal{len(answers)}.jsonl")
        command = [*TOOL, "bisect", *ENDS, *on, "--journal", journal, "--json", "-"]
        told = run(command, checkout)
        assert told.code == 0, told.said
        answers.append(json.loads(told.stdout))
        assert ("1 worker, 2 slots" in told.stderr) == bool(on)
    here, there = answers
    for field in ("affected", "required", "rabbitmq", "rabbitmq_source"):
        assert here[field] == there[field], field
    ((one,), (other,)) = here["flips"], there["flips"]
    for field in ("before", "after", "from", "to", "first_stable", "skipped", "seen"):
        assert one[field] == other[field], field
    assert one["blame"]["sentence"] == other["blame"]["sentence"]


# --- cells ----------------------------------------------------------------------------------------


def cell_of(program: programs.Program, environment: Environment, **changed: Any) -> cells.Cell:
    rules = Rules(program.timeout)
    return cells.probe(
        **{
            "version": "1", "environment": environment, "program": program, "rules": rules,
            "rabbitmq": "3.10.8", "wishes": {}, "alone": False, **changed,
        }
    )  # fmt: skip


@pytest.fixture
def environment() -> Environment:
    axis = of_package(Choice(start="0.4.6", end="0.5.0"))
    return axis.environment(axis.releases[0])


def test_a_cell_has_the_name_of_all_that_it_is(environment: Environment) -> None:
    program = programs.scenario(programs.SIBLING_CLOSE)
    plain = cell_of(program, environment)
    assert plain == cell_of(program, environment)
    others = [
        cell_of(programs.scenario("import-clean"), environment),
        cell_of(program, environment, rabbitmq="4.0.5"),
        cell_of(program, environment, rules=Rules(1.0)),
        cell_of(program, environment, alone=True),
        cell_of(program, of_package(Choice()).environment(of_package(Choice()).releases[0])),
    ]
    assert len({plain.key, *(other.key for other in others)}) == 1 + len(others)


def test_a_program_arrives_with_all_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: Environment
) -> None:
    folder = tmp_path / "orders"
    (folder / "parts").mkdir(parents=True)
    (folder / "parts" / "__init__.py").write_text("NUMBER = 7\n")
    (folder / "main.py").write_text("import parts, sys; sys.exit(parts.NUMBER)\n")
    (folder / "main.py").chmod(0o755)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sent, "SENT", tmp_path / "sent")
    program = programs.load(["main.py", "1", "two"], Needs(environ=("A=b",)))
    cell = cell_of(program, environment)
    assert str(tmp_path) not in cell.text
    told = json.loads(cell.text)
    there = cells.read_program(told["program"], dict(cell.sent))
    assert there.digest == program.digest
    assert there.needs == program.needs
    assert there.folder.is_relative_to(tmp_path / "sent")
    assert there.files is not None
    assert program.files is not None
    assert there.files.digest() == program.files.digest()
    assert there.arguments == (str(there.folder / "main.py"), "1", "two")
    assert (there.folder / "main.py").stat().st_mode == (folder / "main.py").stat().st_mode
    again = cells.read_program(told["program"], dict(cell.sent))
    assert again == there


def test_a_file_beside_the_program_is_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: Environment
) -> None:
    (tmp_path / "program").mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "program" / "main.py").write_text("")
    (tmp_path / "here" / "data.json").write_text("")
    monkeypatch.chdir(tmp_path / "here")
    program = programs.load(["../program/main.py", "data.json"])
    with pytest.raises(UserError, match=r"data\.json is not sent to other machines"):
        cell_of(program, environment)


def test_a_wheel_arrives_with_the_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: Environment
) -> None:
    monkeypatch.setattr(sent, "SENT", tmp_path / "sent")
    wheel = tmp_path / "it-1-py3-none-any.whl"
    wheel.write_bytes(b"content")
    made = Environment("1", (f"it[extra] @ {wheel.as_uri()}", "other==2"))
    cell = cell_of(programs.scenario("import-clean"), made)
    assert str(tmp_path) not in cell.text
    there = cells.read_environment(json.loads(cell.text)["environment"], dict(cell.sent))
    first, second = there.requirements
    assert first.startswith(f"it[extra] @ {(tmp_path / 'sent').as_uri()}/")
    assert Path(first.partition("file://")[2]).read_bytes() == b"content"
    assert second == "other==2"
    assert environment == cells.read_environment(
        json.loads(cell_of(programs.scenario("import-clean"), environment).text)["environment"], {}
    )


# --- who may answer them --------------------------------------------------------------------------


def known(**resources: float) -> dict[str, Any]:
    return {"resources": resources, "nthreads": 3}


def test_what_a_worker_offers_is_read_again() -> None:
    rabbitmqs = {"4.0.5": "installed RabbitMQ", "3.10.8": "unpacked Debian packages"}
    offered = workers.resources(3, rabbitmqs, ["3.8", "3.11"])
    told = {"tcp://a:1": known(**offered), "tcp://b:2": known(GPU=1), "tcp://c:3": known()}
    found = workers.read({"workers": told})
    assert found.keys() == {"tcp://a:1"}
    worker = found["tcp://a:1"]
    assert (worker.name, worker.slots, worker.first) == ("a:1", 3, "4.0.5")
    assert worker.rabbitmqs == rabbitmqs
    assert worker.other() is None
    assert worker.meets({workers.PYTHON: "3.8", workers.RABBITMQ: "3.10.8"})
    assert not worker.meets({workers.PYTHON: "3.9"})


@pytest.mark.parametrize(
    ("kind", "line"),
    [(workers.SUITE, "runs the suite in version 0, and "),
     (workers.DASK, "runs dask 0, and "), (workers.INTERPRETER, "is run by Python 0, and ")],
)  # fmt: skip
def test_another_version_is_named(kind: str, line: str) -> None:
    offers = {k: [v] for k, v in workers.versions().items()}
    other = workers.Worker("tcp://a:1", 1, {**offers, kind: ["0"]}).other()
    assert other is not None
    assert other.startswith(line)


@pytest.mark.parametrize("steps", range(6))
def test_a_cancellation_that_comes_as_it_ends_is_not_lost(steps: int) -> None:
    async def told() -> None:
        over = asyncio.Event()

        async def work() -> None:
            await over.wait()

        task = asyncio.create_task(within(work(), 10))
        await asyncio.sleep(0.01)
        over.set()
        for _ in range(steps):
            await asyncio.sleep(0)
        if task.cancel():
            with pytest.raises(asyncio.CancelledError):
                await task
        else:
            await task

    asyncio.run(told())
