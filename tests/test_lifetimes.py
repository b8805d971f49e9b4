"""How long releases lived: what is written of them, said of them, and drawn."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta, timezone
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from bisector import ROOT
from bisector.bisection.lifetimes import DIED, LIVES, NEVER, Lifetime, Lifetimes
from bisector.environments.recipes import Environment
from bisector.environments.releases import Release
from bisector.environments.uploads import Upload
from bisector.errors import OutsideError
from bisector.telling import lifetimes

START = datetime(2024, 1, 1, tzinfo=timezone.utc)
KILLER = Upload("a 2", START + timedelta(days=30), name="a", number="2")


def lifetime(version: str, upload: Upload | None = None, reason: str = "") -> Lifetime:
    return Lifetime(Release(version, START), upload, reason)


FOUND = [
    lifetime("0.1", KILLER, "no module"),
    lifetime("0.2", KILLER, "no module"),
    lifetime("0.3", reason="no packaging"),
    lifetime("0.4"),
]


@pytest.mark.parametrize("one", FOUND)
def test_what_is_written_is_read_again(one: Lifetime) -> None:
    assert Lifetime.from_json(json.loads(json.dumps(one.to_json()))) == one


def test_what_became_of_them_is_said() -> None:
    told = lifetimes.to_json(FOUND, START + timedelta(days=400))
    assert [row["state"] for row in told["releases"]] == [DIED, DIED, NEVER, LIVES]
    assert [row["days"] for row in told["releases"]] == [30.0, 30.0, 0.0, None]
    first, second = lifetimes.sentences(told)
    assert "Of 4 releases" in first
    assert "1 still import on 2025-02-04; 2 died, 1 never imported" in first
    assert second == "a 2 killed 2 releases on 2024-01-31: 0.1 to 0.2"
    assert "3 of 4 releases" in str(lifetimes.draw(told).get_suptitle())


def test_a_run_of_the_same_day_goes_on(tmp_path: Path) -> None:
    journal = tmp_path / "lifetimes.jsonl"
    first = Lifetimes(START, 1, print, journal)
    first._keep(FOUND[0])
    assert Lifetimes(START, 1, print, journal)._known() == {"0.1": FOUND[0]}
    journal.write_text(journal.read_text(encoding="utf-8") + '{"today"', encoding="utf-8")
    assert Lifetimes(START, 1, print, journal)._known() == {"0.1": FOUND[0]}
    assert not Lifetimes(START + timedelta(days=1), 1, print, journal)._known()


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """What is committed."""
    text = (ROOT / "results" / "lifetimes.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def test_the_page_tells_what_was_found(told: dict[str, Any]) -> None:
    page = (ROOT / "docs" / "explanation" / "lifetimes.md").read_text(encoding="utf-8")
    assert "\n".join(lifetimes.sentences(told)) in page
    rows = {row["version"]: row for row in told["releases"]}
    killed = {f"{k['name']} {k['version']}": k["killed"] for k in told["killers"]}
    anyio, pydantic = killed["anyio 4.6.2.post1"], killed["pydantic 2.10.0"]
    assert f"{anyio} releases stopped importing in one" in page
    assert f"**{killed['fast-depends 2.4.0']} releases died of `fast-depends" in page
    assert f"**{killed['pydantic 2.4.0']} died of pydantic 2.4.0" in page
    assert f"**{anyio + pydantic} misread a version" in page
    assert f"saved none of the {sum(killed.values())}:" in page
    lives = [version for version, row in rows.items() if row["state"] == LIVES]
    assert f"only {lives[0]} and later" in page
    assert list(rows)[-len(lives) :] == lives
    assert f"0.5.26 lived for {rows['0.5.26']['days']} days" in page
    first, second = (
        datetime.fromisoformat(rows[version]["upload"]["uploaded"])
        for version in ("0.3.13", "0.3.14")
    )
    assert f"by {(second - first).days} days" in page


def test_the_readme_tells_how_many_died(told: dict[str, Any]) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    dead = [row for row in told["releases"] if row["state"] != LIVES]
    most = told["killers"][0]
    assert f"{len(dead)} of {len(told['releases'])} releases do not import" in readme
    assert f"{most['killed']} of them died of {most['name']} {most['version']}" in readme


def test_nothing_in_the_figure_lies_on_something_else(told: dict[str, Any]) -> None:
    figure = lifetimes.draw(told)
    figure.draw_without_rendering()
    texts = [text for axes in figure.axes for text in axes.texts] + list(figure.texts)
    boxes = [text.get_window_extent() for text in texts]
    assert len(boxes) > len(told["killers"])
    for one, other in combinations(boxes, 2):
        assert not one.overlaps(other)
    for box in boxes:
        assert figure.bbox.x0 <= box.x0
        assert box.x1 <= figure.bbox.x1


def test_trouble_with_one_release_leaves_nothing_running(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nothing may be left for asyncio to cancel: it waits for ever for programs just starting."""
    started = asyncio.Event()

    async def resolve(_self: object, environment: Environment) -> Environment:
        if environment.version == "0.1":
            await started.wait()
            raise OutsideError("no network")
        return environment

    async def forever(_environment: Environment) -> str:
        started.set()
        await asyncio.Event().wait()
        return ""

    async def run() -> set[asyncio.Task[Any]]:
        before = asyncio.all_tasks()
        found = Lifetimes(START + timedelta(days=9), 2, print, tmp_path / "journal")
        with pytest.raises(OutsideError):
            await found.of([Release("0.1", START), Release("0.2", START)])
        return asyncio.all_tasks() - before

    monkeypatch.setattr("bisector.environments.uploads.Resolver.__call__", resolve)
    monkeypatch.setattr("bisector.bisection.lifetimes._import", forever)
    assert not asyncio.run(asyncio.wait_for(run(), 30))
