"""The real bisection: real releases, a real RabbitMQ, the command a user types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bisector.environments import releases
from tests.command import RANGE, TOOL, nox, run
from tests.schemas import validate, validate_journal


def check(answer: dict[str, Any]) -> None:
    """Check an answer over RANGE against what is known of these releases since 2024."""
    validate(answer, "bisect")
    (flip,) = answer["flips"]
    expected = {
        "before": "0.4.7", "after": "0.5.0rc0", "from": "bad", "to": "good",
        "first_stable": "0.5.0", "skipped": [],
    }  # fmt: skip
    assert {key: flip[key] for key in expected} == expected
    assert answer["scenario"] == "sibling-close"
    assert answer["package"] == "faststream"
    assert answer["seconds"] >= 0  # what is known already takes none
    assert answer["python"].startswith("3.11.")
    seen = {row["version"]: row for row in answer["releases"]}
    assert {"0.4.5", "0.4.7", "0.5.0rc0", "0.5.0", "0.5.1"} <= set(seen)
    assert seen["0.4.7"]["probes"] >= 2
    assert seen["0.5.0rc0"]["probes"] >= 2
    stuck = seen["0.4.7"]
    assert (stuck["verdict"], stuck["outcome"]) == ("bad", "hang")
    # Dependencies are those of the release's day.
    assert stuck["dependencies"]["aio-pika"] == "9.4.0"
    assert seen["0.5.0rc0"]["dependencies"]["aio-pika"] == "9.4.1"
    evidence = stuck["evidence"]
    assert any("RabbitBroker.publish" in step for step in evidence["await_chain"])
    assert evidence["control"]["answered"] is True
    assert evidence["control"]["seconds"] < evidence["deadline_seconds"]
    assert evidence["still_receives"] is True
    assert evidence["shared_objects"]
    assert seen["0.5.0rc0"]["evidence"]["shared_objects"] == []


def test_bisects_from_nothing(checkout: Path, tmp_path: Path) -> None:
    """No environment, no journal, no package and no RabbitMQ cached: as on a new machine."""
    json_file, markdown = tmp_path / "answer.json", tmp_path / "answer.md"
    ended = run(
        [*nox(), "-s", "bisect", "--", *RANGE, "--json", str(json_file), "--markdown",
         str(markdown)],
        checkout,
        UV_CACHE_DIR=str(tmp_path / "uv"),
        XDG_CACHE_HOME=str(tmp_path / "cache"),
    )  # fmt: skip
    assert ended.code == 0, ended.said
    check(json.loads(json_file.read_text()))
    answer = "Fixed in 0.5.0rc0, first stable release 0.5.0; broken from 0.4.5 to 0.4.7."
    assert answer in ended.stdout
    assert 'nox -s "release(0.4.7)" -- sibling-close' in ended.stdout
    assert "Where 0.4.7 hangs, innermost last:" in ended.stdout
    page = markdown.read_text()
    assert f"**{answer}**" in page
    assert "| 0.4.7 | bad |" in page
    for text in (page, json_file.read_text()):  # no trace of the machine
        assert str(tmp_path) not in text
        assert str(checkout) not in text


def test_asks_nothing_twice(checkout: Path) -> None:
    first = run([*TOOL, "bisect", *RANGE], checkout)
    assert first.code == 0, first.said
    journal = (checkout / ".bisector" / "journal.jsonl").read_text()
    validate_journal(journal)
    ended = run([*TOOL, "bisect", *RANGE, "--json", "-"], checkout)
    assert ended.code == 0, ended.said
    check(json.loads(ended.stdout))  # and nothing else on standard output
    assert "Fixed in 0.5.0rc0" in ended.stderr
    assert (checkout / ".bisector" / "journal.jsonl").read_text() == journal


def test_bisects_on_a_broker_of_the_users(checkout: Path, own_url: str) -> None:
    ended = run(
        [*TOOL, "bisect", *RANGE, "--fresh", "--confirm", "3", "--json", "-"],
        checkout, AMQP_URL=own_url,
    )  # fmt: skip
    assert ended.code == 0, ended.said
    answer = json.loads(ended.stdout)
    check(answer)
    assert [flip["seen"] for flip in answer["flips"]] == [[[3, 3], [3, 3]]]
    assert answer["affected"] == ">=0.4.5,<0.5.0rc0"
    assert answer["required"] == ">=0.5.0rc0,<=0.5.1"
    for line in ("To require: faststream>=0.5.0rc0,<=0.5.1", "each flip 3 of 3 fresh processes"):
        assert line in ended.stderr
    assert answer["rabbitmq_source"] == "AMQP_URL"
    assert answer["rabbitmq"].count(".") == 2
    password = own_url.split(":")[2].split("@", maxsplit=1)[0]
    assert password not in ended.said


def test_one_verdict_can_be_seen_again(checkout: Path, own_url: str) -> None:
    ended = run([*nox(), "-s", "release(0.4.7)", "--", "sibling-close"], checkout, AMQP_URL=own_url)
    assert ended.code == 1, ended.said
    assert "0.4.7: bad" in ended.stdout
    assert "Where 0.4.7 hangs, innermost last:" in ended.stdout
    ended = run(
        [*nox(), "-s", "release(0.5.0rc0)", "--", "sibling-close"], checkout, AMQP_URL=own_url
    )
    assert ended.code == 0, ended.said


def test_the_map_probes_every_release_and_ends(checkout: Path, own_url: str) -> None:
    ended = run(
        [*TOOL, "bisect", *RANGE, "--fresh", "--map", "--jobs", "4", "--no-blame", "--json", "-"],
        checkout, AMQP_URL=own_url,
    )  # fmt: skip
    assert ended.code == 0, ended.said
    answer = json.loads(ended.stdout)
    check(answer)
    versions = [row["version"] for row in answer["releases"]]
    assert versions == [r.version for r in releases.select(releases.load(), "0.4.5", "0.5.1")]


def test_same_at_both_ends_says_so(checkout: Path, own_url: str) -> None:
    ended = run(
        [*TOOL, "bisect", "--from", "0.5.0rc0", "--to", "0.5.1", "--json", "-"], checkout,
        AMQP_URL=own_url,
    )  # fmt: skip
    assert ended.code == 1, ended.said
    assert json.loads(ended.stdout)["flips"] == []
    assert "No flip found: good at both ends (0.5.0rc0, 0.5.1)" in ended.stderr


def test_a_range_that_cannot_be_tested_gives_no_answer(checkout: Path, own_url: str) -> None:
    ended = run([*TOOL, "bisect", "--from", "0.3.4", "--to", "0.3.5"], checkout, AMQP_URL=own_url)
    assert ended.code == 3, ended.said
    assert "none of the 2 releases" in ended.stdout
    assert "No module named 'packaging'" in ended.stdout


def test_todays_dependencies_are_another_question(checkout: Path, own_url: str) -> None:
    ended = run(
        [*TOOL, "bisect", "--from", "0.4.6", "--to", "0.4.7", "--deps", "today", "--json", "-"],
        checkout, AMQP_URL=own_url,
    )  # fmt: skip
    assert ended.code == 3, ended.said
    answer = json.loads(ended.stdout)
    assert {row["outcome"] for row in answer["releases"]} == {"unimportable"}
    assert (checkout / ".nox" / "release-0-4-7-today").is_dir()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--from", "0.4.99"], "there is no release 0.4.99; the nearest: 0.4.7, 0.5.0rc0"),
        (["--to", "bananas"], "there is no release bananas"),
        (["--from", "0.5.0", "--to", "0.4.0"], "comes after"),
        (["--from", "0.5.0", "--to", "0.5.0"], "takes two"),
        (["--from", "2031-01-01"], "no release is in that range"),
        (["no-such-scenario"], "the scenarios: close-warnings, "),
        (["--json", "no/such/folder/answer.json"], "no such folder"),
        (["--json", "-", "--markdown", "-"], "standard output"),
        (["--jobs", "0"], "--jobs"),
        (["--timeout", "-1"], "--timeout"),
        (["--deps", "yesterday"], "--deps"),
        (["--no-such-option"], "--no-such-option"),
    ],
)
def test_wrong_use_is_one_line(checkout: Path, arguments: list[str], line: str) -> None:
    ended = run([*TOOL, "bisect", *arguments], checkout)
    assert ended.code == 2, ended.said
    assert ended.stdout == ""
    assert line in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


def test_help_explains_every_option(checkout: Path) -> None:
    ended = run([*TOOL, "bisect", "--help"], checkout)
    assert ended.code == 0
    assert "sibling-close" in ended.stdout
    for option in ("--from", "--to", "--stable", "--map", "--deps", "--python", "--jobs", "--fresh",
                   "--timeout", "--json", "--markdown", "--journal"):  # fmt: skip
        assert option in ended.stdout


def test_update_prints_what_is_new(checkout: Path) -> None:
    snapshot = checkout / "bisector" / "environments" / "releases.json"
    whole = snapshot.read_text()
    lines = whole.splitlines(keepends=True)
    lines[-3:] = [lines[-3].rstrip(",\n") + "\n", lines[-1]]  # the newest is not known yet
    newest = json.loads(whole)["releases"][-1]["version"]
    snapshot.write_text("".join(lines))
    try:
        ended = run([*TOOL, "update"], checkout)
        assert ended.code == 0, ended.said
        assert f"new: {newest}, uploaded " in ended.stdout
        assert newest in snapshot.read_text()
        again = run([*TOOL, "update"], checkout)
        assert "new:" not in again.stdout
    finally:
        snapshot.write_text(whole)


def test_one_verdict_with_a_dependency_held(checkout: Path, own_url: str) -> None:
    ended = run(
        [*nox(), "-s", "release(0.4.7)", "--", "--with", "aio-pika==9.4.1", "sibling-close"],
        checkout,
        AMQP_URL=own_url,
    )
    assert ended.code == 1, ended.said
    assert "aio-pika 9.4.1" in ended.stdout


def test_files_are_named_from_where_the_user_stands(
    checkout: Path, tmp_path: Path, own_url: str
) -> None:
    (tmp_path / "repro.py").write_text("import faststream")
    command = [*nox(), "-f", str(checkout / "noxfile.py"), "-s", "bisect", "--", "--from", "0.4.6"]
    ended = run(
        [*command, "--to", "0.4.7", "--json", "answer.json", "repro.py"],
        tmp_path,
        AMQP_URL=own_url,
    )
    assert ended.code == 1, ended.said
    answer = json.loads((tmp_path / "answer.json").read_text())
    validate(answer, "bisect")
    assert answer["scenario"] == "repro.py"
