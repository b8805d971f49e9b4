"""The map of releases, as text and as a figure."""

from __future__ import annotations

import random
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.transforms import Bbox

from bisector.environments import releases
from bisector.search.exact import Verdict
from bisector.telling import maps

VERSIONS = [release.version for release in releases.load()]
SERIES = {"0.1": 0, "0.2": 11, "0.3": 27, "0.4": 43}
"""Columns of their first releases of any kind; in the past, so that they stay."""


def row(changes: dict[str, str], *, skip: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Verdicts of all releases, which change at the versions given."""
    verdict, verdicts = "good", []
    for version in VERSIONS:
        verdict = changes.get(version, verdict)
        verdicts.append((version, "skip" if version in skip else verdict))
    return verdicts


ROWS = {
    "once": row({"0.1.0rc0": "bad", "0.4.2": "good"}, skip=("0.3.4", "0.3.5")),
    "never": row({}),
    "often": row(
        {"0.1.3": "bad", "0.1.4": "good", "0.1.5": "bad", "0.3.6": "good"}, skip=("0.3.4", "0.3.5")
    ),
    "unfinished": [(v, verdict) for v, verdict in row({"0.5.20": "bad"}) if v != "0.5.2"],
}
ONCE = "b" * 32 + "ss" + "b" * 12 + "g" * (len(VERSIONS) - 46)


def test_letters_where_there_are_no_colours() -> None:
    lines = maps.text(ROWS, width=200, plain=True).plain.splitlines()
    assert lines[0] == f"once       {ONCE}"
    assert lines[3][11:].index(".") == VERSIONS.index("0.5.2")
    assert len(lines) == len(ROWS) + 2
    assert all(line.isascii() for line in lines)
    for series, column in SERIES.items():
        assert lines[len(ROWS)].index(series) == 11 + column


def test_blocks_in_a_terminal() -> None:
    """Heights follow the verdicts too, and colours lie on the cells that they belong to."""
    shown = maps.text(ROWS, width=200)
    blocks = ONCE
    for verdict, letter in maps.LETTERS.items():
        blocks = blocks.replace(letter, maps.CELLS[verdict])
    assert shown.plain.splitlines()[0] == f"once       {blocks}"
    coloured = {
        (shown.plain[span.start], span.style) for span in shown.spans if span.style != "dim"
    }
    assert coloured == {("█", "red"), ("▂", "green"), ("╌", "yellow")}


def test_folded_at_minor_series() -> None:
    lines = maps.text(ROWS, width=70, plain=True).plain.splitlines()
    assert all(len(line) <= 70 for line in lines)
    blocks = [line[11:] for line in lines if line.startswith("once")]
    assert "".join(blocks) == ONCE
    assert len(blocks[0]) in SERIES.values() or len(blocks[0]) == VERSIONS.index("0.5.0rc0")


def test_very_narrow() -> None:
    lines = maps.text({"one": row({})}, width=1, plain=True).plain.splitlines()
    assert sum(line == "one g" for line in lines) == len(VERSIONS)


def test_rows_from_answers() -> None:
    """Of bisections, which probe some releases only: the columns are those that any of them did."""
    answers = [
        {"scenario": name, "releases": [{"version": v, "verdict": verdict} for v, verdict in pairs]}
        for name, pairs in {
            "a": [("0.2.0", "bad"), ("0.10.0", "good")],
            "b": [("0.9.0rc1", "skip"), ("0.10.0", "bad")],
        }.items()
    ]
    rows = maps.rows_of(answers)
    assert rows["b"] == [("0.9.0rc1", "skip"), ("0.10.0", "bad")]
    assert maps.text(rows, width=80, plain=True).plain.splitlines()[:2] == ["a b.g", "b .sb"]


def test_unknown_verdict() -> None:
    with pytest.raises(ValueError, match="perhaps"):
        maps.text({"a": [("0.1.0", "perhaps")]}, width=80)


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_the_figure_names_what_is_seen() -> None:
    figure = maps.draw(ROWS)
    assert (
        figure.get_suptitle()
        == f"6 changes of behaviour in 4 scenarios over {len(VERSIONS)} releases"
    )
    shown = words(figure)
    assert set(ROWS) <= set(shown)
    assert [text for text in shown if "broken" in text or "fixed" in text] == [
        "fixed in 0.4.2",
        "fixed in one of 0.3.4 - 0.3.6",
        "broken since 0.1.5",
        "fixed in 0.1.4",
        "broken since 0.1.3",
        "broken since 0.5.20",
    ]
    axes = figure.axes[0]
    ticks = dict(
        zip((t.get_text() for t in axes.get_xticklabels()), axes.get_xticks(), strict=True)
    )
    assert {series: ticks[series] for series in SERIES} == SERIES


def test_own_title() -> None:
    assert maps.draw(ROWS, "Which releases hang").get_suptitle() == "Which releases hang"


def boxes(figure: Figure) -> list[tuple[str, Bbox]]:
    figure.draw_without_rendering()  # puts the texts in their places
    texts = [*figure.axes[0].texts, *figure.axes[0].get_xticklabels(), *figure.texts]
    return [(t.get_text(), t.get_window_extent()) for t in texts if t.get_text()]


@pytest.mark.parametrize("seed", range(6))
def test_no_words_cross(seed: int) -> None:
    """Flips close together and at the last releases: all words stay apart, and on the page."""
    rng = random.Random(seed)
    rows = {}
    for name in ("a-scenario-with-a-long-name", "b", "c"):
        flips = rng.sample(VERSIONS[1:], rng.randrange(9)) + rng.sample(VERSIONS[-3:], 2)
        verdicts, verdict = {}, "good"
        for version in VERSIONS:
            if version in flips:
                verdict = "good" if verdict == "bad" else "bad"
            verdicts[version] = verdict
        rows[name] = row(verdicts)
    figure = maps.draw(rows)
    placed = boxes(figure)
    for (one, a), (other, b) in combinations(placed, 2):
        assert not a.overlaps(b), f"{one!r} lies on {other!r}"
    page = figure.bbox
    assert all(page.contains(b.x0, b.y0) and page.contains(b.x1, b.y1) for _, b in placed)
    for line in figure.axes[0].lines:
        if line.get_alpha() is None:  # from words to cells; the fainter ones mark minor series
            across = line.get_window_extent()
            named = [b for text, b in placed if " " in text]
            assert not any(b.x0 < across.x0 < b.x1 and across.y1 > b.y0 and across.y0 < b.y1
                           for b in named)  # fmt: skip


@pytest.mark.parametrize("rows", [{"one": [("0.1.0", "good")]}, {"one": [("0.1.0", "skip")]}])
def test_a_single_release(rows: maps.Rows, tmp_path: Path) -> None:
    figure = maps.draw(rows)
    assert figure.get_suptitle() == "0 changes of behaviour in 1 scenario over 1 release"
    maps.save(figure, tmp_path / "map")


def test_files(tmp_path: Path) -> None:
    """The same bytes for the same map, of any day and machine, on a ground that shows through."""
    first = maps.save(maps.draw(ROWS), tmp_path / "v1.map")
    again = maps.save(maps.draw(ROWS), tmp_path / "again")
    assert [file.name for file in first] == ["v1.map.svg", "v1.map.png"]
    for one, other in zip(first, again, strict=True):
        assert one.read_bytes() == other.read_bytes()
    svg = first[0].read_text(encoding="utf-8")
    assert "6 changes of behaviour" in svg  # for those who have it read out
    assert "dc:date" not in svg
    assert str(tmp_path) not in svg
    corners = imread(first[1])[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners[:, 3] == 0).all()


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2 defines it."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("page", ["#ffffff", "#0d1117"])
@pytest.mark.parametrize("colour", [maps.TEXT, *maps.COLOURS.values()])
def test_contrast_in_light_and_dark_mode(colour: str, page: str) -> None:
    low, high = sorted([luminance(colour), luminance(page)])
    assert (high + 0.05) / (low + 0.05) >= 4


def test_verdicts_differ_without_colour() -> None:
    assert set(maps.HEIGHTS) == set(Verdict)
    assert all(b - a >= 0.3 for a, b in pairwise(sorted(maps.HEIGHTS.values())))


@pytest.mark.parametrize(
    ("points", "marks"),
    [
        (["2024-09-30", "2024-10-14 anyio 4.6.2.post1", "2024-10-15"], "2024-09"),
        (["old.txt", "new.txt", "c0ffee"], ""),
    ],
)
def test_points_that_are_no_versions_stand_in_their_order(points: list[str], marks: str) -> None:
    rows = {"x": list(zip(points, ["good", "bad", "skip"], strict=True))}
    lines = maps.text(rows, width=80, plain=True).plain.splitlines()
    assert lines[0] == "x gbs"
    assert lines[1].strip().startswith(marks)
    assert isinstance(maps.draw(rows, "x"), Figure)
