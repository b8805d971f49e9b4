"""Days: which uploads are walked, what a fresh install resolved to, and with which it broke."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from bisector import ROOT
from bisector.axes.axis import Choice
from bisector.axes.days import between, of_days
from bisector.environments.building import UninstallableError
from bisector.environments.recipes import Environment
from bisector.environments.uploads import Upload
from bisector.errors import OutsideError, UserError
from tests.command import TOOL, run
from tests.schemas import validate

NOON = datetime(2024, 10, 14, 12, tzinfo=timezone.utc)


def test_uploads_of_the_days_between_are_walked() -> None:
    line = [Upload(f"a {n}", NOON + timedelta(hours=n), name="a", number=f"{n}") for n in range(5)]
    found = between(line, NOON + timedelta(hours=1), NOON + timedelta(hours=3))
    assert [upload.number for upload in found] == ["2", "3"]


@pytest.mark.parametrize(
    ("choice", "project", "line"),
    [
        (Choice(), (), "needs something to install"),
        (Choice(), ("faststream[rabbit]",), "needs a beginning: --from DATE"),
        (Choice(with_=("faststream==0.4.7",), start="0.5.0"), (), "it takes a date"),
        (Choice(with_=("faststream==0.4.7",), end="2020-01-01"), (), "swap them"),
    ],
)
def test_days_that_cannot_be_walked_are_one_line(
    choice: Choice, project: tuple[str, ...], line: str
) -> None:
    with pytest.raises(UserError, match=line):
        asyncio.run(of_days(choice, project))


def test_the_upload_that_broke_fresh_installs_is_named(checkout: Path) -> None:
    ended = run(
        [*TOOL, "bisect", "--along", "days", "--with", "faststream==0.4.7", "--from", "2024-10-13",
         "--to", "2024-10-16", "--json", "-"],
        checkout,
    )  # fmt: skip
    assert ended.code == 0, ended.said
    answer = json.loads(ended.stdout)
    validate(answer, "bisect")
    assert answer["rabbitmq"] == "none"
    (flip,) = answer["flips"]
    lifetimes = json.loads((ROOT / "results" / "lifetimes.json").read_text(encoding="utf-8"))
    (row,) = (row for row in lifetimes["releases"] if row["version"] == "0.4.7")
    assert flip["upload"] == row["upload"]
    assert [c["name"] for c in flip["blame"]["culprits"]] == [flip["upload"]["name"]]
    assert "Fresh installs of faststream[rabbit]==0.4.7 stopped importing on 2024-" in ended.stderr


def test_an_index_without_upload_times_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def nothing_fits(_self: object, _environment: Environment) -> Environment:
        raise UninstallableError("no version")  # as uv says of files without a date

    monkeypatch.setattr("bisector.environments.uploads.Resolver.__call__", nothing_fits)
    monkeypatch.setattr("bisector.environments.releases.files", lambda _package: [])
    monkeypatch.setattr("bisector.environments.uploads.INDEX_CACHE", tmp_path)
    with pytest.raises(OutsideError, match="no upload times for mine"):
        asyncio.run(of_days(Choice(start="2024-01-01"), ["mine>=1", "./here"]))
