"""How long releases lived: what is written of them, said of them, and drawn."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from bisector.bisection.lifetimes import DIED, LIVES, NEVER, Lifetime, Lifetimes
from bisector.environments.releases import Release
from bisector.environments.uploads import Upload
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
