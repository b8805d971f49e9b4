"""How long each release lived: as JSON, in sentences, and as a figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from bisector.bisection.lifetimes import DIED, LIVES, NEVER, Lifetime
from bisector.environments.releases import PACKAGE
from bisector.search.exact import Verdict
from bisector.telling.documents import SCHEMA
from bisector.telling.maps import BIG, COLOURS, NORMAL, SMALL, TEXT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KILLERS = ("#cf5a00", "#b5497b", "#008f6b", "#a08a00", "#7a5fc4")
"""After Okabe and Ito; bars are named, too, so that nobody has to tell two colours apart."""
OTHERS = "#7a7a7a"
NAMED = 4
"""So many releases with one killer are a mass extinction, and named."""

# Inches.
WIDTH, ROW, HEAD, FOOT = 10.0, 0.068, 0.78, 0.35


def to_json(found: Sequence[Lifetime], today: datetime) -> dict[str, Any]:
    """Return all that was found, releases oldest first and killers by how many they killed."""
    counted = Counter(one.upload for one in found if one.upload)
    return {
        "schema": SCHEMA,
        "package": PACKAGE,
        "today": today.isoformat(timespec="seconds"),
        "releases": [one.to_json() for one in found],
        "killers": [
            {**upload.to_json(), "killed": count}
            for upload, count in sorted(counted.items(), key=lambda i: (-i[1], i[0].uploaded))
        ],
    }


def sentences(told: Mapping[str, Any]) -> list[str]:
    """Say what became of the releases, and who killed most."""
    rows = told["releases"]
    states = Counter(row["state"] for row in rows)
    first = (
        f"Of {len(rows)} releases, installed without a lock file, {states[LIVES]} still import on"
        f" {told['today'][:10]}; {states[DIED]} died, {states[NEVER]} never imported."
    )
    lines = [first]
    for killer in told["killers"]:
        killed = [r["version"] for r in rows if _killer(r) == _key(killer)]
        several = f"{len(killed)} releases" if len(killed) > 1 else "1 release"
        lines.append(
            f"{killer['name']} {killer['version']} killed {several} on {killer['uploaded'][:10]}:"
            f" {', '.join(_ranges(killed, [r['version'] for r in rows]))}"
        )
    return lines


def draw(told: Mapping[str, Any]) -> Figure:
    """Draw a bar for each release from its birth to its death, coloured by its killer."""
    from matplotlib.figure import Figure  # noqa: PLC0415

    rows = told["releases"]
    today = _year(told["today"])
    mass = [killer for killer in told["killers"] if killer["killed"] >= NAMED]
    colours = {_key(k): c for k, c in zip(mass, KILLERS, strict=False)}
    height = HEAD + FOOT + ROW * len(rows)
    figure = Figure((WIDTH, height), facecolor="none")
    axes = figure.add_axes((0.07, FOOT / height, 0.91, ROW * len(rows) / height), facecolor="none")
    states = Counter(row["state"] for row in rows)
    figure.suptitle(
        f"{states[DIED] + states[NEVER]} of {len(rows)} releases of {told['package']} do not import"
        " when installed today, without a lock file",
        x=0.07, y=1 - 0.1 / height, ha="left", va="top", size=BIG, color=TEXT, weight="bold",
    )  # fmt: skip
    figure.text(
        0.07, 1 - 0.32 / height,
        "from a release's upload to the upload of a dependency with which a fresh install stopped"
        " importing",
        va="top", size=NORMAL, color=TEXT,
    )  # fmt: skip
    for place, row in enumerate(rows):
        born = _year(row["uploaded"])
        end = _year(row["upload"]["uploaded"]) if row["upload"] else today
        colour = COLOURS[Verdict.GOOD]
        if row["state"] == NEVER:
            axes.plot([born], [place], "x", color=OTHERS, markersize=4)
            continue
        if row["upload"]:
            colour = colours.get(_key(row["upload"]), OTHERS)
        axes.barh(place, end - born, 0.72, born, color=colour)
    for killer in told["killers"]:
        places = [n for n, row in enumerate(rows) if _killer(row) == _key(killer)]
        moment = _year(killer["uploaded"])
        colour = colours.get(_key(killer), OTHERS)
        axes.vlines(moment, min(places) - 0.5, max(places) + 0.5, color=colour, linewidth=1.2)
        big = killer in mass
        several = "1 release" if killer["killed"] == 1 else f"{killer['killed']} releases"
        axes.annotate(
            f"{killer['name']} {killer['version']}, {killer['uploaded'][:10]}: {several}",
            (moment, (min(places) + max(places)) / 2), (6, 0), textcoords="offset points",
            va="center", size=NORMAL if big else SMALL, color=colour,
            weight="bold" if big else "normal",
        )  # fmt: skip
    if never := [n for n, row in enumerate(rows) if row["state"] == NEVER]:
        axes.annotate(
            f"{', '.join(rows[n]['version'] for n in never)} never imported",
            (_year(rows[never[0]]["uploaded"]), sum(never) / len(never)), (-8, 0),
            textcoords="offset points", ha="right", va="center", size=SMALL, color=OTHERS,
        )  # fmt: skip
    if states[LIVES]:
        lives = [n for n, row in enumerate(rows) if row["state"] == LIVES]
        middle = lives[len(lives) // 2]
        axes.annotate(
            f"{states[LIVES]} still import", (_year(rows[middle]["uploaded"]), middle), (-20, -4),
            textcoords="offset points", ha="right", va="center", size=NORMAL,
            color=COLOURS[Verdict.GOOD], weight="bold",
        )  # fmt: skip
    minors = [
        (n, ".".join(row["version"].split(".")[:2]))
        for n, row in enumerate(rows)
        if not n or row["version"].split(".")[:2] != rows[n - 1]["version"].split(".")[:2]
    ]
    axes.set_yticks([n for n, _ in minors], [name for _, name in minors], size=SMALL, color=TEXT)
    axes.set_ylim(len(rows) - 0.3, -0.7)
    years = range(int(_year(rows[0]["uploaded"])), int(today) + 1)
    axes.set_xticks([*years], [str(year) for year in years])
    axes.tick_params(colors=TEXT, labelsize=SMALL, length=2)
    for side in axes.spines.values():
        side.set_visible(False)
    return figure


def _year(text: str) -> float:
    """A moment as a number of years."""
    moment = datetime.fromisoformat(text)
    start = moment.replace(month=1, day=1, hour=0, minute=0, second=0)
    return moment.year + (moment - start).total_seconds() / (365.25 * 86400)


def _killer(row: Mapping[str, Any]) -> tuple[str, str] | None:
    return _key(row["upload"]) if row["upload"] else None


def _key(upload: Mapping[str, Any]) -> tuple[str, str]:
    return upload["name"], upload["version"]


def _ranges(some: Sequence[str], of: Sequence[str]) -> list[str]:
    """Put neighbours together: `0.1.0 to 0.1.5`."""
    places = [of.index(version) for version in some]
    runs = [
        [of[place] for _, place in group]
        for _, group in groupby(enumerate(places), lambda pair: pair[1] - pair[0])
    ]
    return [run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]
