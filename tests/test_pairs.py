"""A map of pairs: which points are its rows, what it says, and that it is right about real ones."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from bisector import ROOT
from bisector.axes import crossed
from bisector.axes.axis import UNDATED, Axis, Choice
from bisector.axes.crossed import Named, Row
from bisector.axes.releases import of_package
from bisector.bisection.journal import Journal, Question
from bisector.bisection.pairs import Pairs, Search
from bisector.environments import recipes
from bisector.environments.releases import Release
from bisector.errors import UserError
from bisector.places.beside import Beside
from bisector.questions import programs
from bisector.questions.behaviour import Observation
from bisector.questions.ending import Rules
from bisector.rabbitmq import debian, offers
from bisector.rabbitmq.fleet import Fleet
from bisector.rabbitmq.server import PrivateServer
from bisector.search.exact import History, Verdict
from bisector.telling import pairs as telling
from tests import schemas
from tests.command import TOOL, run

LARGE = programs.scenario("large-message")


def axis(name: str, *versions: str, held: str = "") -> Axis:
    environment = partial(recipes.of, deps=recipes.TODAY)
    line = [Release(v, UNDATED + timedelta(days=i)) for i, v in enumerate(versions)]
    return Axis(name, line, environment, held)


def a_map(*lines: str) -> Pairs:
    """Rows of letters, oldest first: g(ood), b(ad), s(kip)."""
    across = axis("faststream", *(f"0.{i}" for i in range(len(lines[0]))))
    rows = [Row(f"4.{i}", across, Choice()) for i in range(len(lines))]
    verdicts = {"g": Verdict.GOOD, "b": Verdict.BAD, "s": Verdict.SKIP}
    known = {(r, c): verdicts[x] for r, line in enumerate(lines) for c, x in enumerate(line)}
    return Pairs(LARGE, "RabbitMQ", rows, known)


@pytest.mark.parametrize(
    ("text", "name", "points"),
    [
        ("aio-pika", "aio-pika", ["9.4.0", "10.0.0rc1"]),
        ("Aio_Pika>=9.5", "aio-pika", ["10.0.0rc1"]),
        ("aio.pika == 9.4.0", "aio-pika", ["9.4.0"]),
        ("rabbitmq<4,>=3.9", "rabbitmq", []),
    ],
)
def test_an_axis_and_which_of_its_points(text: str, name: str, points: list[str]) -> None:
    read = Named.read(text)
    assert read.name == name
    assert [p for p in ("9.4.0", "10.0.0rc1") if read.only.contains(p)] == points


@pytest.mark.parametrize("text", ["", ">=9", "aio-pika>=", "aio-pika>=x", "a b", "-x"])
def test_what_is_no_axis(text: str) -> None:
    with pytest.raises(UserError, match="it takes a name, or a name and versions"):
        Named.read(text)


@pytest.mark.parametrize(
    ("one", "other", "down"),
    [
        ("faststream", "rabbitmq", "rabbitmq"),
        ("rabbitmq", "python", "rabbitmq"),
        ("faststream", "python", "python"),
        ("aio-pika", "faststream", "aio-pika"),
        ("aio-pika", "aiormq", "aiormq"),
        ("days", "faststream", "faststream"),
        ("days", "rabbitmq", "rabbitmq"),
    ],
)
def test_what_goes_down(one: str, other: str, down: str) -> None:
    named = [Named.read(one), Named.read(other)]
    assert crossed.order(*named)[0].name == down
    if "aiormq" not in (one, other):  # of two alike, the first one goes across
        assert crossed.order(*reversed(named))[0].name == down


def test_rows_hold_what_goes_down() -> None:
    asked = []

    async def walk(choice: Choice) -> Axis:
        asked.append(choice)
        return axis("faststream", "0.1", "0.2", "0.3")

    down, across = Named.read("aio-pika"), Named.read("faststream>=0.2")
    found = asyncio.run(crossed.rows(down, across, Choice(with_=("x==1",)), ["9", "10"], walk))
    assert [choice.with_ for choice in asked] == [("x==1", "aio-pika==9"), ("x==1", "aio-pika==10")]
    assert [r.version for r in crossed.columns(found)] == ["0.2", "0.3"]
    python = asyncio.run(crossed.rows(Named.read("python"), across, Choice(), ["3.12"], walk))
    assert python[0].choice.python == "3.12"
    with pytest.raises(UserError, match="there is no such point"):
        asyncio.run(crossed.rows(down, Named.read("faststream>9"), Choice(), ["9"], walk))
    with pytest.raises(UserError, match=r"python>9: none of 3\.8, 3\.14 is that"):
        crossed.points(Named.read("python>9"), Choice())


def test_lines_that_differ_are_put_together_in_time() -> None:
    one, other = axis("days", "a", "b"), axis("days", "b", "c")
    later = [replace(r, uploaded=r.uploaded + timedelta(days=1)) for r in other.releases]
    rows = [Row("1", one, Choice()), Row("2", replace(other, releases=later), Choice())]
    assert [r.version for r in crossed.columns(rows)] == ["a", "b", "c"]


SKIPPED = "cannot be tested with faststream 0.2."


def test_borders_in_words() -> None:
    assert a_map("ggsgg", "ggsgg", "bbsgg", "sssss").sentences() == [
        "RabbitMQ 4.0 to 4.1: good with all of faststream that can be tested; " + SKIPPED,
        "RabbitMQ 4.2: bad with faststream 0.0 to 0.1; good with faststream 0.3 to 0.4; " + SKIPPED,
        "RabbitMQ 4.3: cannot be tested with faststream 0.0 to 0.4.",
    ]
    assert a_map("b").sentences() == ["RabbitMQ 4.0: bad with all of faststream."]


@given(
    st.integers(1, 12).flatmap(
        lambda wide: st.lists(st.text("gbs", min_size=wide, max_size=wide), min_size=1, max_size=9)
    )
)
def test_folding_loses_nothing(lines: list[str]) -> None:
    found = a_map(*lines)
    folded, stretches = found.folded(), found.stretches()
    assert [r for span, _ in folded for r in span] == [*range(len(lines))]
    for span, row in folded:
        for r in span:
            assert "".join(v.value[0] for v in row if v) == lines[r]
    for (_, first), (_, after) in zip(
        stretches, [*stretches[1:], ("", len(lines[0]))], strict=True
    ):
        assert all(len({line[c] for c in range(first, after)}) == 1 for line in lines)
    table = telling.to_markdown(found).split("\n\n")[1].splitlines()
    assert len(table) == len(folded) + 2
    assert {row.count("|") for row in table} == {len(stretches) + 2}
    schemas.validate(telling.to_json(found), "pairs")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["faststream", "faststream"], "--along faststream twice"),
        (["faststream", "rabbitmq", "python"], "one axis, or two for a map of pairs; no more"),
        (["faststream", "aio-pika>>1"], "it takes a name, or a name and versions"),
        (["rabbitmq", "python"], "needs --with faststream==VERSION"),
    ],
)
def test_wrong_use(words: list[str], line: str, checkout: Path) -> None:
    options = [option for word in words for option in ("--along", word)]
    told = run([*TOOL, "bisect", *options, "import-clean"], checkout)
    assert (told.code, told.stdout) == (2, "")
    assert line in told.stderr


def test_releases_and_those_of_a_dependency(checkout: Path) -> None:
    command = [*TOOL, "bisect", "--along", "faststream", "--along", "aio-pika>=9.4.0,<=9.4.1"]
    told = run([*command, "--from", "0.4.7", "--to", "0.5.0rc0", "--json", "-"], checkout)
    assert told.code == 0, told.said
    answer = json.loads(told.stdout)
    schemas.validate(answer, "pairs")
    assert (answer["down"], answer["rows"]) == ("aio-pika", ["9.4.0", "9.4.1"])
    assert (answer["across"], answer["columns"]) == ("faststream", ["0.4.7", "0.5.0rc0"])
    # Neither release needs the other's aio-pika for what it does: as the blame of this flip says.
    assert answer["cells"] == [["bad", "good"], ["bad", "good"]]
    assert "cells, all probed" in told.stderr
    again = run([*command, "--from", "0.4.7", "--to", "0.5.0rc0", "--json", "-"], checkout)
    assert json.loads(again.stdout)["probes"] == 0  # the journal knows it all


def test_releases_and_rabbitmqs(two: tuple[str, str], checkout: Path) -> None:
    command = [*TOOL, "bisect", "--along", "faststream", "--along", "rabbitmq", "--json", "-"]
    told = run([*command, "--from", "0.7.7", "--to", "0.7.8", "large-message"], checkout)
    answer = json.loads(told.stdout)
    schemas.validate(answer, "pairs")
    assert {*two} <= {*answer["rows"]}
    for number, row in zip(answer["rows"], answer["cells"], strict=True):
        assert {*row} == {"bad" if Version(number) >= Version("4") else "good"}
    assert all(sentence.endswith("with all of faststream.") for sentence in answer["answer"])
    assert told.code == 0


class Watching:
    """A display that tells of the first observation."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.first = asyncio.Event()

    def stage(self, version: str, text: str) -> None:
        """Nobody looks."""

    def observed(self, observation: Observation, *, remembered: bool) -> None:  # noqa: ARG002
        """A cell is answered."""
        self.first.set()

    def line(self, points: Sequence[Release], verdicts: History) -> None:
        """Nobody looks."""

    def known(self, text: str) -> None:
        """Nobody looks."""

    def place(self, text: str) -> None:
        """Nobody looks."""

    def note(self, text: str) -> None:
        """Keep a line."""
        self.notes.append(text)


def test_a_node_of_one_version_dies(two: tuple[str, str], tmp_path: Path) -> None:
    """Its cells are asked again beside another one; all others go on."""
    line = of_package(Choice(start="0.7.6", end="0.7.8"))
    found = Pairs(LARGE, "RabbitMQ", [Row(version, line, Choice()) for version in two])
    display = Watching()

    async def use() -> None:
        async with Fleet(display.note) as fleet:
            place = Beside(fleet, 2, display.note)
            journals = [
                Journal(Question("p", "s", "t", "py", "d", v, {}), tmp_path / "j") for v in two
            ]
            asks = [partial(place.beside, version) for version in two]
            search = Search(found, journals, asks, lambda: place.jobs, Rules(timeout=30), display)
            searching = asyncio.create_task(search.run(whole=True))
            await display.first.wait()
            async with fleet.lend(two[0]) as broker:
                server = (await broker.lease()).server
                assert isinstance(server, PrivateServer)
                os.kill(server.process.pid, signal.SIGKILL)
            await searching

    asyncio.run(use())
    assert any("RabbitMQ went away" in note for note in display.notes)
    assert len(found.known) == found.cells
    for (row, _), verdict in found.known.items():
        large = Version(two[row]) >= Version("4")
        assert verdict is (Verdict.BAD if large else Verdict.GOOD)


@pytest.fixture(scope="module")
def two() -> tuple[str, str]:
    """The oldest and the newest RabbitMQ that were brought before."""
    found = [offer.version for offer in offers.known() if offer.place != "container"]
    if len(found) < 2 or not debian.usable():
        pytest.skip("there is only one RabbitMQ here")
    return found[-1], found[0]


RESULTS = ROOT / "results" / "pairs"


@pytest.mark.parametrize("file", sorted(RESULTS.glob("*.json")), ids=lambda file: str(file.stem))
def test_results_of_real_runs_keep_to_the_schema(file: Path) -> None:
    told = json.loads(file.read_text(encoding="utf-8"))
    for document in told if isinstance(told, list) else [told]:
        schemas.validate(document, "pairs")
        assert document["answer"]


def test_pairs_and_map_say_the_same() -> None:
    """What was seen beside a RabbitMQ is the same in the map of releases and in that of pairs."""
    pairs = {a["scenario"]: a for a in json.loads((RESULTS / "rabbitmq.json").read_text())}
    compared = 0
    for answer in json.loads((ROOT / "results" / "map.json").read_text()):
        found = pairs[answer["scenario"]]
        row = found["cells"][found["rows"].index(answer["rabbitmq"].split(",")[0])]
        there = dict(zip(found["columns"], row, strict=True))
        for release in answer["releases"]:
            both = [there.get(release["version"]), release["verdict"]]
            if {*both} <= {"good", "bad"}:  # 0.6.0rc0 receives only sometimes, and is skipped then
                compared += 1
                assert both[0] == both[1], (answer["scenario"], release["version"])
    assert compared > 100
