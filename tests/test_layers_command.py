"""`nox -s layers` as it is typed: what it writes, wrong use, and being stopped in the middle."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from bisector.commands import layers as command
from bisector.environments import releases
from bisector.errors import FOUND, OutsideError, UserError
from bisector.layers import rounds
from bisector.layers.ladder import LADDER, RECEIVE
from bisector.layers.rounds import Plan, Rounds
from tests.schemas import validate

OLD, NEW = "0.4.7", releases.load()[-1].version
FEW = Plan([rung for rung in LADDER if rung.name in ("aio-pika", "bytes", "json", "model")],
           (RECEIVE,), many=1, one=0, rate=0)  # fmt: skip


def ran(*words: str) -> int:
    return asyncio.run(command.run(command.parser().parse_args(words)))


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command in a few seconds."""
    monkeypatch.setattr(command, "quick", lambda: FEW)
    monkeypatch.setattr(command, "LEAST", 2)
    monkeypatch.setattr(rounds, "HELD_UP", 1.0)


@pytest.mark.usefixtures("short")
def test_two_releases_side_by_side_as_json_as_a_page_and_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"--json": "a.json", "--markdown": "a.md", "--figure": "a"}
    words = [word for option, name in files.items() for word in (option, str(tmp_path / name))]
    assert ran(NEW, OLD, "--quick", "--minutes", "0.001", *words) == FOUND
    told = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    validate(told, "layers")
    assert [release["name"] for release in told["releases"]] == [OLD, NEW]  # oldest first
    assert told["rounds"] == 2
    assert told["gives_up"]
    names = [rung["rung"] for rung in told["releases"][1]["rungs"]]
    assert names == ["aio-pika", "bytes", "json", "model"]
    assert all(rung["cpu"]["value"][0] > 0 for rung in told["releases"][1]["rungs"])
    page = (tmp_path / "a.md").read_text(encoding="utf-8")
    assert "![" in page
    assert "(a.svg)" in page
    assert (tmp_path / "a.svg").stat().st_size > 10_000
    assert (tmp_path / "a.png").is_file()
    assert told["answer"][0] in capsys.readouterr().out.replace("\n", " ")


@pytest.mark.usefixtures("short")
def test_what_was_measured_until_it_was_stopped_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = Rounds.take

    async def stopped(self: Rounds) -> None:
        if self.count == 2:
            raise asyncio.CancelledError
        await take(self)

    monkeypatch.setattr(Rounds, "take", stopped)
    monkeypatch.setattr(command, "LEAST", 5)
    file = tmp_path / "a.json"
    with pytest.raises(asyncio.CancelledError):
        ran(NEW, "--quick", "--minutes", "0.001", "--json", str(file))
    told = json.loads(file.read_text(encoding="utf-8"))
    validate(told, "layers")
    assert told["rounds"] == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["0.0.99"], "0.0.99"),
        (["no/such.whl"], "there is no such path"),
        ([NEW, NEW], "named twice"),
        (["--lines", NEW], "name none beside it"),
        ([NEW, "--figure", "-"], "name their stem"),
        ([NEW, "--json", "no/folder/x.json"], "no such folder"),
    ],
)
def test_wrong_use_is_told_in_a_line(words: list[str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        ran(*words)


def test_a_release_that_cannot_be_measured_is_told() -> None:
    with pytest.raises(OutsideError, match=r"0\.3\.4 cannot be measured: does not import"):
        ran("0.3.4", "--quick")


@pytest.mark.parametrize("words", [["--load", "0"], ["--minutes", "soon"], ["--load", "-3"]])
def test_a_load_and_a_time_are_numbers_above_0(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        ran(*words)
    assert ended.value.code == 2


def test_lines_are_the_last_stable_release_of_each_and_the_newest_of_all() -> None:
    known = releases.load()
    named = command.lines()
    assert named[-1] == known[-1].version
    assert len(named) == len(set(named))
    minors = {version.rpartition(".")[0] for version in named}
    assert {".".join(r.version.split(".")[:2]) for r in known if r.stable} == minors
