"""`nox -s changes` on real releases: what it finds, that its programs tell, and what goes wrong."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from bisector import rabbitmq
from bisector.check.candidates import Named, sides
from bisector.environments.building import install, surroundings
from bisector.processes import process
from tests.command import TOOL, Ended, descendant, end, run, started
from tests.schemas import validate

LINES = 25
SECONDS = 20.0


def changes(checkout: Path, *arguments: str, **environ: str) -> tuple[Ended, dict[str, Any]]:
    """Run the command in a checkout; returns its JSON, too."""
    ended = run([*TOOL, "changes", *arguments, "--json", "found.json"], checkout, **environ)
    found = json.loads((checkout / "found.json").read_text(encoding="utf-8"))
    validate(found, "changes")
    return ended, found


async def _codes(side: Named, programs: list[str], server: rabbitmq.Server) -> list[int | None]:
    """How programs end in a release, each as a user runs it, with a virtual host of its own."""

    async def code(program: str) -> int | None:
        async with server.alone() as own:
            command: list[str | Path] = [side.environment.interpreter, "-c", program]
            environ = {**surroundings(side.environment), **own.variables}
            async with process.start(command, environ) as running:
                return await running.wait(SECONDS)

    return [await code(program) for program in programs]


async def _told_apart(old: str, new: str, rows: list[dict[str, Any]]) -> None:
    baseline, candidate = await sides(new, old)
    for side in (baseline, candidate):
        await install(side.environment)
    programs = [row["program"] for row in rows]
    async with await (await rabbitmq.find(lambda _text: None)).start() as server:
        ended = {
            name: await _codes(side, programs, server)
            for name, side in (("before", baseline), ("after", candidate))
        }
    for row, before, after in zip(rows, ended["before"], ended["after"], strict=True):
        passes = {"before": before, "after": after}
        assert passes.pop(row["passes"]) == 0, row["sentence"]
        assert list(passes.values()) == [1], row["sentence"]


def test_what_is_found_is_shown_by_programs_that_tell_the_sides_apart(checkout: Path) -> None:
    ended, found = changes(checkout, "0.5.33", "0.5.34", "--minutes", "0.3")
    assert ended.code == 1, ended.said
    rows = [row for row in found["findings"] if row["program"]]
    assert rows
    assert any(row["choices"] == [] and row["kind"] == "wire" for row in rows)  # a queue's type
    lines = [sum(1 for line in row["program"].splitlines() if line.strip()) for row in rows]
    assert median(lines) <= LINES
    files = sorted((checkout / "changes").glob("*.py"))
    assert [file.name for file in files] == [row["file"] for row in rows]
    asyncio.run(_told_apart("0.5.33", "0.5.34", rows))
    compared = found["compared"]
    assert compared["situations"] > 10
    assert set(compared) >= {"covered", "left_out", "masked", "complete"}
    assert "as far as was looked" in ended.said
    wire = next(row for row in rows if row["choices"] == [])
    bisected = run(
        [*TOOL, "bisect", "--from", "0.5.32", "--to", "0.5.35", "--no-blame", "--json", "flip.json",
         f"changes/{wire['file']}"],
        checkout,
    )  # fmt: skip
    assert bisected.code == 0, bisected.said
    (flip,) = json.loads((checkout / "flip.json").read_text(encoding="utf-8"))["flips"]
    assert (flip["before"], flip["after"]) == ("0.5.33", "0.5.34")


def test_a_release_does_not_differ_from_itself(checkout: Path) -> None:
    ended, found = changes(checkout, "0.5.34", "0.5.34", "--minutes", "0.15")
    assert (ended.code, found["findings"]) == (0, []), found["findings"]
    assert not list((checkout / "changes").glob("*.py"))
    assert "nothing differs" in ended.said
    assert found["compared"]["alike"] > 5  # what calls nothing that differs runs on one side first


def test_a_side_that_does_not_import_is_all_there_is_to_say(checkout: Path) -> None:
    ended, found = changes(checkout, "0.3.3", "0.3.4", "--deps", "release-day")
    (row,) = found["findings"]
    assert ended.code == 1
    assert (row["kind"], row["worse"], row["passes"]) == ("raises", True, "before")
    assert "packaging" in row["after"]
    ended = run([*TOOL, "changes", "0.3.4", "0.3.5", "--deps", "release-day"], checkout)
    assert ended.code == 3
    assert "neither" in ended.stderr


def test_only_what_an_application_uses(checkout: Path) -> None:
    app = (
        "import not_installed_anywhere\n"  # it is read, not run
        "from faststream.rabbit import RabbitBroker\nbroker = RabbitBroker()\n"
    )
    (checkout / "app.py").write_text(app)
    ended, found = changes(checkout, "0.5.33", "0.5.34", "--minutes", "0.15", "--for", "app.py")
    assert ended.code == 1, ended.said
    assert "queue" in found["compared"]["not_used"]
    assert not [c for c in found["compared"]["left_out"] if c.startswith("queue=")]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["0.5.33"], "OLD NEW"),
        (["--all", "0.5.33", "0.5.34"], "two sides"),
        (["--all", "--for", "app.py"], "--for"),
        (["0.5.33", "0.5.34", "--minutes", "0"], "minutes"),
        (["0.5.33", "0.5.34", "--for", "none.py"], "none.py"),
        (["0.5.33", "9.9"], "9.9"),
        (["0.5.33", "0.5.34", "--out", "no/such/folder"], "no/such/folder"),
        (["0.5.33", "0.5.34", "--json", "-", "--markdown", "-"], "--json"),
    ],
)
def test_wrong_use_is_one_line(checkout: Path, arguments: list[str], line: str) -> None:
    ended = run([*TOOL, "changes", *arguments], checkout)
    assert ended.code == 2
    assert line in ended.stderr.splitlines()[-1]


def test_ctrl_c_leaves_what_was_found(checkout: Path) -> None:
    (checkout / "found.json").unlink(missing_ok=True)
    command = [*TOOL, "changes", "0.5.33", "0.5.34", "--minutes", "1", "--json", "found.json"]
    with started(command, checkout) as running:
        _until(running.stdout, r"[1-9]\d* differences")
        running.send_signal(signal.SIGINT)
        ended = end(running)
    assert ended.code == 128 + signal.SIGINT
    assert ended.stderr.endswith("stopped\n")  # run again, it begins anew
    found = json.loads((checkout / "found.json").read_text(encoding="utf-8"))
    assert found["findings"]
    assert found["compared"]["stopped"]


def test_all_pairs_go_on_where_they_were_stopped(checkout: Path, tmp_path: Path) -> None:
    command = [*TOOL, "changes", "--all", "--minutes", "2", "--out", str(tmp_path)]
    compared: list[list[str]] = []
    for _ in range(2):
        with started(command, checkout) as running:
            _until(running.stdout, r" 1 of 12\d: ")
            running.send_signal(signal.SIGINT)
            ended = end(running)
        assert ended.code == 128 + signal.SIGINT, ended.said
        assert ended.stderr.endswith("run it again to go on\n")
        told = json.loads((tmp_path / "changes.json").read_text(encoding="utf-8"))
        compared.append([row["after"] for row in told["pairs"]])
        page = (tmp_path / "changes.md").read_text(encoding="utf-8")
        assert all(f"## {row['after']}" in page for row in told["pairs"] if row["findings"])
        for link in re.findall(r"\]\((changes/[^)]+)\)", page):
            assert (tmp_path / link).is_file()
    first, second = compared
    assert set(first) < set(second)
    assert len(set(second)) == len(second)
    other = run([*command, "--deps", "today"], checkout)
    assert other.code == 2
    assert "deps same-day" in other.stderr


def test_a_rabbitmq_that_dies_makes_what_was_under_way_void(checkout: Path) -> None:
    command = [*TOOL, "changes", "0.5.34", "0.5.34", "--minutes", "0.2", "--json", "found.json"]
    with started(command, checkout) as running:
        _until(running.stdout, r"[1-9]\d* situations")
        descendant(running, "beam").kill()
        ended = end(running)
    found = json.loads((checkout / "found.json").read_text(encoding="utf-8"))
    assert (ended.code, found["findings"]) == (0, []), ended.said
    assert found["compared"]["situations"] > 5


def _until(stream: Any, words: str) -> None:
    for line in stream:
        if re.search(words, line):
            return
    raise AssertionError(f"it never said {words!r}")
