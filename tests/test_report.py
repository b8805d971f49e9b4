"""The report: its figures, its words and its pages, from made-up results of real releases."""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import re
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from bisector import ROOT
from bisector.environments import releases
from bisector.errors import UserError
from bisector.history import repository
from bisector.history import results as measured
from bisector.history.results import Point
from bisector.telling import figures, graphs, maps, results_page
from tests import asv_results
from tests.command import TOOL, run

KNOWN = releases.load()
VERSIONS = [release.version for release in releases.select(KNOWN)]
MEASURED = VERSIONS[20:60]
BROKEN = VERSIONS[10]
LAST_BAD, FIRST_GOOD = VERSIONS[38], VERSIONS[39]
SLOWER = VERSIONS[45]
"""From there on a publisher object takes twice as long."""


def value(version: str, name: str, params: Mapping[str, Any]) -> float:
    at = VERSIONS.index(version)
    if "SiblingCloseRatio" in name:
        return 2.0
    if "SiblingClose" in name:
        hangs = at <= 38 and params["moment"] == "after" and params["exchange"] == "named"
        return 0.0 if hangs else 2000.0 + at
    if "PublishRatio" in name:
        return 2.0 if at >= 45 and params["way"] == "publisher.publish" else 1.25 + at % 2 / 100
    if name.endswith("track_tasks"):
        return 3.0 if at in (30, 31, 50) else 0.0
    if name.endswith(("track_connections", "track_channels")):
        return 0.0
    return 2.0


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with all that the commands leave there."""
    folder = tmp_path_factory.mktemp("results")
    asv_results.write(folder, MEASURED, value, broken=[BROKEN])
    dump(folder / results_page.ANSWER, ANSWER)
    dump(folder / results_page.ADVICE, ADVICE)
    dump(folder / results_page.MAP, [ANSWER, {**ANSWER, "scenario": "another"}])
    dump(folder / results_page.CALIBRATION, CALIBRATION)
    dump(folder / results_page.COST_CALIBRATION, COST_CALIBRATION)
    dump(folder / results_page.STEPS, STEPS)
    return folder


CALIBRATION: dict[str, Any] = {
    "release": "1.0", "rabbitmq": "4.0", "python": "3.11", "benchmarks": 11,
    "rule": {"looks": [6, 16]}, "resampled_runs": 100,
    "points": [{
        "slowdown": 0.1, "runs": 5, "found": 4, "low": 0.28, "high": 0.99, "resampled": 0.875,
        "seconds": 61.0, "change": 0.113, "open": 0.2,
    }],
}  # fmt: skip
COST_CALIBRATION: dict[str, Any] = {
    "release": "1.0", "rabbitmq": "4.0", "python": "3.11", "points_of_line": 127, "least": 0.05,
    "minutes": 20.0, "noise": 0.008, "tried": 0.006,
    "machines": {"one-2cpu": 20, "other-2cpu": 25},
    "points": [{
        "slowdown": 0.1, "runs": 10, "exact": 9, "wrong": 1, "low": 0.55, "high": 0.99,
        "simulated": 0.987, "change": 0.1, "figures": 104, "seconds": 121.0,
    }],
    "simulated": [{"shape": "undone", "change": 0.1, "runs": 1000, "exact": 960, "wrong": 2}],
}  # fmt: skip
WITHDRAWN = VERSIONS[50]


def step(after: str, *, confirmed: bool) -> dict[str, Any]:
    before = VERSIONS[VERSIONS.index(after) - 1]
    return {
        "benchmark": "publisher object: time per message", "before": before, "after": after,
        "change": 0.602, "low": 0.55, "high": 0.65, "rounds": 9, "confirmed": confirmed,
        "first_stable": after, "blame": None, "commits": None,
        "dependencies": [["aio-pika", "9.0", "9.1"]],
        "sentence": f"{after} made publishing through a publisher object 60.2 % slower (55.0 to"
        f" 65.0 %, 9 rounds); first stable release {after}.",
    }  # fmt: skip


STEPS: dict[str, Any] = {
    # No command writes one that is not confirmed; no page may trust in that.
    "steps": [step(SLOWER, confirmed=True), step(WITHDRAWN, confirmed=False)],
    "withdrawn": [], "unplaced": [], "least": 0.04, "rounds": 30,
    "range": [VERSIONS[0], VERSIONS[-1], len(VERSIONS)], "started": "2026-01-02T03:04:05+00:00",
    "benchmarks": [{
        "benchmark": "publisher object: time per message", "change": 0.6, "low": 0.5, "high": 0.7,
        "noise": 0.01,
    }],
}  # fmt: skip
ANSWER: dict[str, Any] = {
    "scenario": "sibling-close",
    "title": "Publishing goes on after a sibling is closed",
    "report": "ag2ai/faststream#1",
    "answer": [f"Fixed in {FIRST_GOOD}, all of it."],
    "flips": [{
        "before": LAST_BAD, "after": FIRST_GOOD, "from": "bad", "to": "good",
        "first_stable": FIRST_GOOD, "skipped": [],
        "blame": {"guilty": "x", "sentence": "It was the code.",
                  "crosses": [["crossed", "bad", "hangs <all> of it"]]},
    }],
    "releases": [
        {"version": version, "reason": "it hangs" if at <= 38 else "it publishes",
         "verdict": "skip" if version == BROKEN else "bad" if at <= 38 else "good",
         "dependencies": {"aio-pika": "9.0" if at < 45 else "9.1"},
         "evidence": {"await_chain": ["Outer.publish", "Inner.wait"]} if at <= 38 else {}}
        for at, version in enumerate(VERSIONS)
    ],
    "rabbitmq": "3.10.8", "python": "3.11.7", "started": "2026-01-02T03:04:05+00:00",
}  # fmt: skip
ADVICE = {
    "release": LAST_BAD, "answer": ["Helps: a | b."], "rabbitmq": "3.10.8", "python": "3.11.7",
    "started": "2026-01-02T03:04:05+00:00", "meaning": {"helps": "it works", "no": "it does not"},
    "advice": [{"name": "a", "advice": "Do a | b", "answer": "helps", "reason": "works\nwell"}],
}  # fmt: skip


def dump(file: Path, table: object) -> None:
    file.write_text(json.dumps(table), encoding="utf-8")


@functools.cache
def commits() -> dict[str, str]:
    return repository.commits(repository.ensure(KNOWN))


def read(folder: Path, machine: str | None = None) -> measured.Measured:
    return measured.read(KNOWN, commits(), machine, folder / "asv")


def tell_of(folder: Path) -> dict[str, Any]:
    return results_page.tell(read(folder), closing(folder), folder)


def draw_of(folder: Path) -> dict[str, Figure]:
    return results_page.draw(read(folder), closing(folder), folder)


def closing(folder: Path) -> measured.Measured:
    """Of the machine that measured before and after the close."""
    having = results_page.BESIDE_PLAIN
    return measured.read(KNOWN, commits(), None, folder / "asv", having=having)


# --- figures ----------------------------------------------------------------------------------


def points(values: Sequence[float | None]) -> list[Point | None]:
    return [None if v is None else Point(v, 0.9 * v, 1.1 * v) for v in values]


def words(figure: Figure) -> list[str]:
    return [t.get_text() for axes in figure.axes for t in axes.texts]


def marks(figure: Figure, label: str) -> list[tuple[float, float]]:
    lines = {str(line.get_label()): line for axes in figure.axes for line in axes.lines}
    if label not in lines:
        return []
    xy: Any = lines[label].get_xydata()
    return [(float(x), float(y)) for x, y in xy]


NAMES = ["1.0", "1.1rc1", "1.1", "1.2", "2.0rc1", "2.0"]
BEFORE = points([0.9, 1.0, None, 1.0, 1.0, 1.0])
AFTER = [0.0, 0.0, None, 0.0, 0.95, 1.0]
DAYS = [date(2026, 1, day) for day in (2, 2, 2, 3, 3, 3)]


def throughput(after: Sequence[float | None]) -> Figure:
    found = points(after)
    return figures.throughput(NAMES, BEFORE, found, figures.history(found, {2}), DAYS)


def test_throughput_shows_every_release() -> None:
    figure = throughput(AFTER)
    (axes,) = figure.axes
    assert axes.get_xlim() == (0, len(NAMES))
    assert [t.get_text() for t in axes.get_xticklabels()] == ["1.0", "1.1", "1.2", "2.0"]
    assert axes.get_ylabel() == "share of plain aio-pika"
    hanging = marks(figure, "after it: hangs, nothing")
    assert [(int(x), y) for x, y in hanging] == [(0, 0), (1, 0), (3, 0)]
    assert [int(x) for x, _ in marks(figure, "cannot be tested")] == [2]
    assert [(int(x), y) for x, y in marks(figure, "after it")] == [(4, 0.95), (5, 1.0)]


def test_runs_of_different_days_are_told_apart_by_shade() -> None:
    (axes,) = throughput(AFTER).axes
    drawn = {
        line.get_alpha(): np.asarray(line.get_xdata()).astype(int).tolist()
        for line in axes.lines
        if line.get_marker() == "D"
    }
    assert drawn == {figures.SHADES[0]: [3, 4, 5], figures.SHADES[1]: [0, 1]}


@pytest.mark.parametrize(
    ("after", "named"),
    [
        ([0, 0, None, 0, 9, 9], ["works since 2.0rc1\nfirst stable release: 2.0"]),
        ([0, 9, None, 9, 9, 9], ["works since 1.1rc1\nfirst stable release: 1.2"]),
        ([9, 9, None, 0, 0, 0], ["hangs since 1.2,\na stable release"]),
        ([0, 0, None, 0, 9, 0], ["works since 2.0rc1", "hangs since 2.0,\na stable release"]),
        ([9, 9, None, 9, 9, 9], []),
    ],
)
def test_names_come_from_the_data(after: list[float | None], named: list[str]) -> None:
    assert words(throughput(after)) == named


def test_the_title_says_what_is_seen() -> None:
    assert throughput(AFTER).get_suptitle() == (
        "After a sibling closes, publishing hangs up to 1.2 and works from 2.0rc1 on"
    )
    several = throughput([0, 9, None, 0, 9, 9])
    assert several.get_suptitle() == "After a sibling closes, publishing hangs in 2 of 5 releases"


def test_what_is_not_measured_is_said() -> None:
    labels = [
        [t.get_text() for t in throughput(after).legends[0].texts] for after in (AFTER, [None] * 6)
    ]
    assert ["no mark: not measured" in each for each in labels] == [False, True]


def shares(steps: Sequence[figures.Step] = ()) -> Figure:
    low, high = [0.5, 0.51] * 5, [0.8, 0.81] * 5
    versions = [f"1.{minor}.{patch}" for minor in range(4) for patch in range(5)]
    days = [DAYS[0]] * 20
    lines = {"a": points([*low, *high]), "b": points(low * 2)}
    return figures.shares(versions, [
        figures.Panel("Publishing", lines, days, steps),
        figures.Panel("Receiving", {"c": points([None] * 20)}, days),
    ])  # fmt: skip


STEP = figures.Step("a", "1.2.0", 0.59)


def test_shares_name_confirmed_steps_and_no_others() -> None:
    assert not words(shares())
    figure = shares([STEP])
    assert words(figure) == ["1.2.0 +59.0 %"]
    assert "50 % to 81 %" in figure.get_suptitle()
    assert [axes.get_xlim() for axes in figure.axes] == [(0, 20)] * 2
    assert len(marks(figure, "a")) == 20
    assert not marks(figure, "c")
    assert figure.axes[0].yaxis.get_major_formatter()(0.5) == "50 %"


@pytest.mark.parametrize(
    "figure",
    [throughput(AFTER), shares([STEP]), shares()],
    ids=["hang", "share", "share without steps"],
)
def test_no_words_cross(figure: Figure) -> None:
    figure.draw_without_rendering()
    texts = [
        t
        for axes in figure.axes
        for t in (*axes.texts, *axes.get_xticklabels(), axes.xaxis.label, axes.title)
    ]
    legends = [legend for axes in figure.axes if (legend := axes.get_legend())]
    boxes = [
        t.get_window_extent()
        for t in (*texts, *figure.texts, *figure.legends, *legends)
        if not hasattr(t, "get_text") or t.get_text()
    ]
    for a, b in combinations(boxes, 2):
        assert not a.overlaps(b)
    for box in boxes:
        assert figure.bbox.contains(box.x0, box.y0)
        assert figure.bbox.contains(box.x1, box.y1)


def test_the_same_bytes(results: Path, tmp_path: Path) -> None:
    """Of any run; and without a ground, for light and dark pages."""
    files = [
        [f for name, figure in draw_of(results).items()
         for f in maps.save(figure, tmp_path / f"{name}{number}")]
        for number in range(2)
    ]  # fmt: skip
    assert [f.name for f in files[0]] == [
        f"{name}0.{suffix}" for name in ("throughput", "share", "map") for suffix in ("svg", "png")
    ]
    for one, other in zip(*files, strict=True):
        assert one.read_bytes() == other.read_bytes()
        if one.suffix == ".png":
            assert (imread(one)[[0, 0, -1, -1], [0, -1, 0, -1], 3] == 0).all()


# --- words ------------------------------------------------------------------------------------


def test_readme(results: Path) -> None:
    text = results_page.render("README.md", tell_of(results))
    for expected in (
        f"**Fixed in {FIRST_GOOD}, all of it.**",
        "19 releases hang here, 21 publish, 1 cannot be tested",
        "agree on 40 releases.",
        "It was the code.",
        "  Outer.publish\n  Inner.wait\n",
        "| Do a \\| b | **helps** | works well |",
        f"- {SLOWER} made publishing through a publisher object 60.2 % slower (55.0 to 65.0 %,",
        f"| {SLOWER} | +60.2 % | +55.0 %, +65.0 % | 9 | aio-pika 9.0 → 9.1 |",
        f"up to 3.00, in {VERSIONS[30]} - {VERSIONS[31]}, {VERSIONS[50]}",
        "- channels: none in any of 40 releases",
        "| another: ",
        "41 releases on Some CPU, 2 CPUs, 4 GiB, Linux; RabbitMQ 3.10.8, Python 3.11",
        "- helps: it works.",
        "| 10 % | +11.3 % | 4 of 5 | 28 % to 99 % | 87.5 % | 0.2 | 61 |",
        "| 10 % | +10.0 % | 9 of 10 | 55 % to 99 % | 1 | 98.7 % | 104 | 121 |",
        "| undone | 10 % | 96.0 % of 1000 | 2 |",
        "10 searches were really made",
        "20 on one-2cpu, 25 on other-2cpu: ",
    ):
        assert expected in text
    assert "it does not" not in text  # of no use where nothing has that answer
    rows = [line for line in text.splitlines() if re.match(r"\| \d+\.\d+\.\d+\S* \| 20", line)]
    assert [row.split()[1] for row in rows] == VERSIONS
    assert text == results_page.render("README.md", tell_of(results))


def named(text: str) -> set[str]:
    """The sentences of a page that say which release made something slower."""
    made = r"\b\d+\.\d+\.\d+\S* made [^.|\n]*? \d[\d.]* % (?:slower|faster|higher|lower)\b[^\n]*"
    return {sentence.rstrip(".") for sentence in re.findall(made, text)}


def test_no_page_names_a_step_that_is_not_confirmed(results: Path) -> None:
    told = tell_of(results)
    confirmed = {STEPS["steps"][0]["sentence"].rstrip(".")}
    assert named(results_page.render("README.md", told)) == confirmed
    assert SLOWER in words(draw_of(results)["share"])[0]
    assert len(words(draw_of(results)["share"])) == 1
    page = re.sub("<[^>]+>", "", results_page.render("index.html", told))
    assert named(page) == confirmed


def test_the_committed_pages_name_confirmed_steps_only() -> None:
    found = results_page.told_steps() or {"steps": []}
    confirmed = {step["sentence"].rstrip(".") for step in found["steps"]}
    results = (results_page.RESULTS / "README.md").read_text(encoding="utf-8")
    assert named(results) == confirmed
    for page in (ROOT / "README.md", *ROOT.glob("docs/**/*.md")):
        assert named(page.read_text(encoding="utf-8")) <= confirmed, page


def test_where_no_step_is_known_the_page_says_so(results: Path, tmp_path: Path) -> None:
    shutil.copytree(results, tmp_path, dirs_exist_ok=True)
    for steps, said in (
        ({**STEPS, "steps": STEPS["steps"][1:]}, "of 4 % or more, none is confirmed"),
        (None, "the search for steps has not been made yet, `nox -s bench -- --steps`"),
    ):
        (tmp_path / results_page.STEPS).unlink()
        if steps:
            dump(tmp_path / results_page.STEPS, steps)
        told = tell_of(tmp_path)
        text = results_page.render("README.md", told)
        assert f"No release is named: {said}" in text
        assert not named(text)
        assert "No release is named" in results_page.render("index.html", told)
        assert not words(draw_of(tmp_path)["share"])


def test_only_the_answer_is_needed(results: Path, tmp_path: Path) -> None:
    shutil.copytree(results, tmp_path, dirs_exist_ok=True)
    (tmp_path / results_page.ADVICE).unlink()
    (tmp_path / results_page.MAP).unlink()
    (tmp_path / results_page.CALIBRATION).unlink()
    (tmp_path / results_page.COST_CALIBRATION).unlink()
    told = tell_of(tmp_path)
    assert "What helps" not in results_page.render("README.md", told)
    assert "can be trusted" not in results_page.render("README.md", told)
    assert "What helps" not in results_page.render("index.html", told)
    assert set(draw_of(tmp_path)) == {"throughput", "share"}


def test_what_each_layer_costs_is_told_where_it_was_measured(results: Path, tmp_path: Path) -> None:
    assert "each layer" not in results_page.render("README.md", tell_of(results))
    shutil.copytree(results, tmp_path, dirs_exist_ok=True)
    dump(tmp_path / results_page.LAYERS, {
        "answer": ["A handler costs 41 µs."], "releases": [{}, {}], "changes": [{}], "compared": 9,
        "rounds": 8, "rabbitmq": "4.0", "started": "2026-11-29T22:00:00+00:00",
    })  # fmt: skip
    text = results_page.render("README.md", tell_of(tmp_path))
    for expected in (
        "- A handler costs 41 µs.",
        "2 releases side by side, 8 rounds",
        "1 change from one of them to the next is confirmed, of 9 comparisons",
    ):
        assert expected in text


def test_before_and_after_the_close_are_of_the_machine_that_measured_them(
    results: Path, tmp_path: Path
) -> None:
    """Where another one measured only that, later and better."""
    shutil.copytree(results, tmp_path, dirs_exist_ok=True)
    for file in (tmp_path / "asv" / "somewhere").glob("*-nox*.json"):  # as before there was such
        held = json.loads(file.read_text(encoding="utf-8"))
        del held["results"][results_page.BESIDE_PLAIN]
        dump(file, held)
    only = [results_page.THROUGHPUT, results_page.BESIDE_PLAIN]
    asv_results.write(tmp_path, MEASURED, lambda *of: value(*of) / 2, broken=[BROKEN],
                      machine="elsewhere", only=only)  # fmt: skip
    text = results_page.render("README.md", tell_of(tmp_path))
    assert "The files of asv are in [asv/](asv/somewhere)" in text
    assert "Publishing before and after the close (the first figure, and" in text
    assert "The files of asv are in [asv/](asv/elsewhere)" in text
    assert "Before and after the close: Some CPU" in results_page.render(
        "index.html", tell_of(tmp_path)
    )
    label = "before the sibling closes"
    before, now = (marks(draw_of(folder)["throughput"], label) for folder in (results, tmp_path))
    assert [y for _, y in now] == pytest.approx([2 * y for _, y in before])


def test_where_the_two_differ(results: Path, tmp_path: Path) -> None:
    shutil.copytree(results, tmp_path, dirs_exist_ok=True)
    rows = [{**row, "verdict": "good"} if row["version"] == LAST_BAD else row
            for row in ANSWER["releases"]]  # fmt: skip
    dump(tmp_path / results_page.ANSWER, {**ANSWER, "releases": rows})
    text = results_page.render("README.md", tell_of(tmp_path))
    assert f"agree on 39 releases, **but not on {LAST_BAD}**" in text


def test_no_release_is_written_in_the_code() -> None:
    rooms = {"history": ("results",),
             "telling": ("figures", "graphs", "results_page")}  # fmt: skip
    sources = [ROOT / "bisector" / room / f"{name}.py"
               for room, names in rooms.items() for name in names]  # fmt: skip
    for file in (*sources, *results_page.TEMPLATES.iterdir()):
        assert not re.search(r"\b\d+\.\d+\.\d+", file.read_text(encoding="utf-8")), file


def test_the_committed_results() -> None:
    """They hold all that the report needs, and what it says of them is committed, too."""
    if (
        not (results_page.RESULTS / results_page.ANSWER).is_file()
        or not (results_page.RESULTS / "asv").is_dir()
    ):
        pytest.skip("results/ is empty: `nox -s bisect` and `nox -s bench` fill it")
    text = results_page.render("README.md", tell_of(results_page.RESULTS))
    assert text == (results_page.RESULTS / "README.md").read_text(encoding="utf-8")


# --- bad input --------------------------------------------------------------------------------


def test_no_measurements(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no measurements: make them with `nox -s bench"):
        read(tmp_path)


def test_an_unknown_machine(results: Path) -> None:
    with pytest.raises(UserError, match=r"of elsewhere.*there are those of somewhere"):
        read(results, "elsewhere")


def test_a_benchmark_is_absent(results: Path, tmp_path: Path) -> None:
    shutil.copytree(results, tmp_path, dirs_exist_ok=True)
    file = tmp_path / "asv" / "benchmarks.json"
    table = json.loads(file.read_text(encoding="utf-8"))
    del table["consume.ConsumeRatio.track_time"]
    dump(file, table)
    with pytest.raises(UserError, match="needs the benchmark consume"):
        tell_of(tmp_path)


def test_a_parameter_is_absent(results: Path) -> None:
    with pytest.raises(UserError, match=r"track_throughput\(moment='later'"):
        read(results).series(results_page.THROUGHPUT, moment="later", **results_page.CASE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "is missing: write it with `nox -s bisect"),
        ("{", "cannot be read as JSON: write it with"),
        ("[3]", "lacks what the report needs: write"),
        ('{"scenario": "x"}', r"lacks what the report needs \(answer, flips"),
    ],
)
def test_a_bad_answer(results: Path, tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / results_page.ANSWER).write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=message):
        results_page.tell(read(results), closing(results), tmp_path)


# --- pages ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reported(checkout: Path, results: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which `nox -s report` was run on the made-up results."""
    copy = tmp_path_factory.mktemp("reported") / "project"
    shutil.copytree(checkout, copy, ignore=shutil.ignore_patterns("results", ".asv", ".nox"))
    shutil.copytree(results, copy / "results")
    ended = run([*TOOL, "report", "--verbose"], copy)
    assert ended.code == 0, ended.said
    assert "wrote .asv/html/index.html" in ended.stdout
    return copy


def test_files(reported: Path) -> None:
    for name in ("README.md", "throughput.svg", "throughput.png", "share.svg", "share.png"):
        assert (reported / "results" / name).stat().st_size > 1000
    page = (reported / ".asv" / "html" / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"""(src|<link[^>]*href)=["']?(https?:)?//""", page)
    assert str(reported) not in page + (reported / "results" / "README.md").read_text("utf-8")


def test_less_is_better_where_it_is() -> None:
    index = {
        "revision_to_hash": {"0": "a" * 40, "1": "b" * 40},
        "benchmarks": {"rate": {"higher_is_better": True}, "time": {}},
    }
    made = graphs.adapted(index, {"a" * 40: "1.0", "b" * 40: "1.1rc1"})
    assert made["revision_to_hash"] == {"0": "1.0", "1": "1.1rc1"}
    assert made["hash_length"] == len("1.1rc1")
    assert [made["benchmarks"][n]["less_is_better"] for n in ("rate", "time")] == [False, True]


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server for a folder."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@contextlib.contextmanager
def chromium(profile: Path) -> Iterator[webdriver.Chrome]:
    """A browser that finds nothing but this machine."""
    names = ("chromium", "chromium-browser", "google-chrome")
    browser = next(filter(None, map(shutil.which, names)), None)
    driver = shutil.which("chromedriver")
    if not browser or not driver:
        pytest.skip("there is no Chromium with its driver on PATH")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in (
        "headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run",
        "disable-background-networking", "disable-component-update", "disable-sync",
        "disable-dev-shm-usage", f"user-data-dir={profile}",
        "host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    ):  # fmt: skip
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield started
    finally:
        started.quit()


def test_in_a_browser(reported: Path, tmp_path: Path) -> None:
    """It opens on the results page and leads to the graph; nothing is asked of the internet."""
    with chromium(tmp_path) as browser, served(reported / ".asv" / "html") as address:
        wait = WebDriverWait(browser, 30)

        def script(text: str) -> Any:
            return browser.execute_script(text)

        browser.get("about:blank")
        browser.get_log("performance")  # type: ignore[no-untyped-call]  # of the page that Chromium itself opens first
        browser.get(address)
        wait.until(lambda _: script("return document.readyState") == "complete")
        body = browser.find_element(By.TAG_NAME, "body").text
        for expected in (f"Fixed in {FIRST_GOOD}", "It was the code.", "Inner.wait", "Do a | b"):
            assert expected in body
        shown = script("return [...document.images].map(i => i.complete && i.naturalWidth > 0)")
        assert shown == [True] * 3
        cells = "[...document.querySelectorAll('#releases ~ .wide td:first-child')]"
        versions = script(f"return {cells}.map(cell => cell.textContent)")
        assert versions == VERSIONS[::-1]

        browser.find_element(By.LINK_TEXT, "Its graph").click()
        drawn = """
            const canvas = document.querySelector('.uplot canvas');
            if (!canvas) return false;
            const all = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            return all.data.some(byte => byte > 0);
        """
        wait.until(lambda _: script(drawn))
        graph = browser.find_element(By.TAG_NAME, "body").text
        assert "sibling_close.SiblingClose.track_throughput" in graph
        newest = MEASURED[-5:]  # beside the curve; the others are drawn below it
        wait.until(lambda _: all(v in browser.find_element(By.TAG_NAME, "body").text
                                 for v in newest))  # fmt: skip
        chosen = [e.text for e in browser.find_elements(By.CSS_SELECTOR, ".u-legend, .uplot")]
        assert chosen
        assert "moment='after', exchange='named', in_flight=1" in graph

        messages = browser.get_log("browser")  # type: ignore[no-untyped-call]
        assert messages == []
        asked = [
            message["params"]["request"]["url"]
            for entry in browser.get_log("performance")  # type: ignore[no-untyped-call]
            if (message := json.loads(entry["message"])["message"])["method"]
            == "Network.requestWillBeSent"
        ]
        assert len(asked) > 5
        pages_own = (address, "data:", "blob:", "chrome:")
        assert [url for url in asked if not url.startswith(pages_own)] == []
