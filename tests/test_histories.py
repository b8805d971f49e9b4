"""What is known of all releases, and where to go from one of them: tables, no release is run."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

from bisector.bisection import histories
from bisector.bisection.histories import BETTER, NEWEST, NOTHING_BAD, Change, Cost, History
from bisector.environments.releases import Release
from bisector.search.exact import Verdict

VERSIONS = ["1.0.0", "1.0.1", "1.0.2", "1.1.0rc0", "1.1.0", "1.2.0", "1.3.0"]
LETTERS = {"g": Verdict.GOOD, "b": Verdict.BAD, "s": Verdict.SKIP}
DAY = datetime(2024, 1, 1, tzinfo=timezone.utc)
KNOWN = [Release(v, DAY + timedelta(days=n)) for n, v in enumerate(VERSIONS)]


def history(name: str, letters: str) -> History:
    verdicts = {v: LETTERS[x] for v, x in zip(VERSIONS, letters, strict=True) if x in LETTERS}
    return History(name, "a table", verdicts, ())


def go(version: str, *known: History, costs: tuple[Cost, ...] = ()) -> list[histories.Target]:
    here = {h.scenario: h.verdicts[version] for h in known}
    return histories.targets(version, here, KNOWN, known, costs)


def test_each_kind_of_target() -> None:
    found = go("1.0.0", history("x", "bbgggbg"), history("y", "bbbggbg"), history("z", "ggggbgg"))
    assert [(t.version, t.why) for t in found] == [
        ("1.0.2", (BETTER,)),  # 1.0.1 mends nothing; 1.1.0rc0 is no stable release
        ("1.3.0", (NOTHING_BAD, NEWEST)),  # z is bad in 1.1.0, x and y in 1.2.0
    ]
    patch, newest = found
    assert (patch.mends, patch.keeps, patch.breaks) == (("x",), ("y",), ())
    assert (newest.mends, newest.keeps, newest.breaks) == (("x", "y"), (), ())
    assert newest.on_the_way == (("z", "1.1.0", "1.1.0"),)


def test_what_the_newest_breaks_is_said() -> None:
    (newest,) = go("1.0.0", history("x", "ggggggb"), history("y", "bbbbbbb"))
    assert (newest.why, newest.breaks, newest.keeps) == ((NEWEST,), ("x",), ("y",))


def test_a_release_that_was_not_looked_at_is_never_one_to_go_to() -> None:
    found = go("1.0.0", history("x", "bg.gsg."), history("y", "ggggggg"))
    assert [(t.version, t.why) for t in found] == [
        ("1.0.1", (BETTER, NOTHING_BAD)),
        ("1.2.0", (NEWEST,)),
    ]


def test_nowhere_to_go_from_the_newest() -> None:
    assert go("1.3.0", history("x", "bbbbbbb")) == []
    assert histories.targets("1.0.0", {}, KNOWN, [history("x", "b......")]) == []


def test_only_costs_on_the_way_count() -> None:
    costs = tuple(Cost("publish", v, 0.1) for v in ("1.0.0", "1.0.1", "1.2.0"))
    near, far = go("1.0.0", history("x", "bgggggg"), costs=costs)
    assert [c.after for c in near.costs] == ["1.0.1"]
    assert [c.after for c in far.costs] == ["1.0.1", "1.2.0"]


def test_the_changes_around_a_release() -> None:
    broke = Change("1.0.0", "1.0.1", Verdict.BAD, "1.0.1", "")
    mended = Change("1.1.0", "1.2.0", Verdict.GOOD, "1.2.0", "")
    known = History("x", "", {}, (broke, mended))
    assert (known.since("1.0.1"), known.until("1.0.1")) == (broke, mended)
    assert (known.since("1.0.0"), known.until("1.2.0")) == (None, None)


def test_what_cannot_be_compared_or_read_is_not_known(tmp_path: Path) -> None:
    mine = histories.read_map("3.11")
    assert "sibling-close" in mine
    assert histories.read_map("3.13") == {}
    broken = tmp_path / "map.json"
    for text in ("", "{}", '[{"deps": "release-day"}]'):
        broken.write_text(text)
        assert histories.read_map("3.11", broken) == {}
    assert histories.read_map("3.11", tmp_path / "none.json") == {}


def test_costs_are_those_that_were_confirmed(tmp_path: Path) -> None:
    file = tmp_path / "steps.json"
    assert histories.read_costs(file) is None
    step = {"benchmark": "publish: CPU time", "after": "1.0.1", "change": 0.12, "confirmed": True}
    file.write_text(json.dumps({"steps": [step, {**step, "confirmed": False}]}))
    assert histories.read_costs(file) == [Cost("publish: CPU time", "1.0.1", 0.12)]


def test_what_killed_a_release_is_known(tmp_path: Path) -> None:
    found = histories.read_deaths()
    assert found["0.1.0rc0"] == "pydantic 2.4.0 of 2023-09-25"
    assert KNOWN[-1].version not in found
    assert histories.read_deaths(tmp_path / "none.json") == {}


def test_a_guilty_dependency_can_be_held() -> None:
    known = histories.read_map("3.11")["publish-connection-lost"]
    (mended,) = known.changes
    assert [pin.split("==")[0] for pin in mended.held] == ["aio-pika", "aio-pika"]
