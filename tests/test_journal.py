"""The journal: what it keeps, for which question, and what it makes of a damaged file."""

from __future__ import annotations

import dataclasses
import multiprocessing
from pathlib import Path
from typing import Any

import pytest

from bisector.bisection.journal import Journal, Question
from bisector.environments.recipes import Environment
from bisector.errors import UserError
from bisector.questions.behaviour import Observation
from bisector.search.exact import Verdict
from tests.schemas import validate_journal

QUESTION = Question(
    "faststream", "sibling-close", "abc", "3.11", "release-day", "3.10.8", {"timeout": 1}
)
WHERE = Environment("1.0", ("faststream==1.0",))
SEEN = Observation(
    "1.0", Verdict.BAD, "hang", "it hangs", 1.5, {"aio-pika": "9.0"}, {"control": {"x": 1}},
    "3.11.7", "words\n",
)  # fmt: skip


def observation(version: str) -> Observation:
    return dataclasses.replace(SEEN, version=version)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "journal.jsonl"


def test_a_later_run_knows_what_was_observed(path: Path) -> None:
    journal = Journal(QUESTION, path)
    journal.add(SEEN, WHERE)
    journal.add(SEEN, WHERE)
    assert Journal(QUESTION, path).of("1.0", WHERE) == [SEEN, SEEN]
    assert Journal(QUESTION, path).of("1.1", WHERE) == []


@pytest.mark.parametrize("field", [f.name for f in dataclasses.fields(Question)])
def test_another_question_is_not_answered(path: Path, field: str) -> None:
    Journal(QUESTION, path).add(SEEN, WHERE)
    value: Any = {"timeout": 2} if field == "rules" else "another"
    other = dataclasses.replace(QUESTION, **{field: value})
    assert Journal(other, path).of("1.0", WHERE) == []


def test_another_environment_is_another_thing(path: Path) -> None:
    Journal(QUESTION, path).add(SEEN, WHERE)
    other = dataclasses.replace(WHERE, constraints=("aio-pika==9.0",))
    assert Journal(QUESTION, path).of("1.0", other) == []


def test_forgets_one_question_only(path: Path) -> None:
    other = dataclasses.replace(QUESTION, scenario="another")
    Journal(QUESTION, path).add(SEEN, WHERE)
    Journal(other, path).add(SEEN, WHERE)
    journal = Journal(QUESTION, path)
    journal.forget()
    assert journal.of("1.0", WHERE) == []
    assert Journal(QUESTION, path).of("1.0", WHERE) == []
    assert Journal(other, path).of("1.0", WHERE) == [SEEN]
    journal.add(SEEN, WHERE)
    assert Journal(QUESTION, path).of("1.0", WHERE) == [SEEN]
    validate_journal(path.read_text())


@pytest.mark.parametrize("lost", [1, 20, 200])
def test_a_cut_off_line_costs_only_itself(path: Path, lost: int) -> None:
    journal = Journal(QUESTION, path)
    journal.add(observation("1.0"), WHERE)
    journal.add(observation("1.1"), WHERE)
    path.write_bytes(path.read_bytes()[:-lost])
    notes: list[str] = []
    after = Journal(QUESTION, path, notes.append)
    assert after.of("1.0", WHERE) == [observation("1.0")]
    assert len(notes) == (lost > 1)  # only the line's end is missing: nothing is lost
    after.add(observation("1.2"), WHERE)
    again = Journal(QUESTION, path, notes.append)
    assert again.of("1.0", WHERE) == [observation("1.0")]
    assert again.of("1.2", WHERE) == [observation("1.2")]


@pytest.mark.parametrize(
    "text",
    [b"hello\n", b"{}\n", b'{"journal": "faststream-bisector", "layout": 99}\n', b"\xff\x00"],
)
def test_a_foreign_file_is_refused_and_left_alone(path: Path, text: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(text)
    with pytest.raises(UserError, match="journal"):
        Journal(QUESTION, path)
    assert path.read_bytes() == text


def write_many(path: Path, name: str) -> None:
    journal = Journal(QUESTION, path)
    for n in range(50):
        journal.add(observation(f"{name}.{n}"), WHERE)


def test_two_runs_may_write_at_once(path: Path) -> None:
    processes = [multiprocessing.Process(target=write_many, args=(path, n)) for n in "12"]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    notes: list[str] = []
    journal = Journal(QUESTION, path, notes.append)
    assert all(journal.of(f"{name}.{n}", WHERE) for name in "12" for n in range(50))
    assert notes == []
