"""The suites of this machine's distribution, each of which may hold another RabbitMQ."""

from __future__ import annotations

import csv
import platform
import subprocess
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

_TABLES = Path("/usr/share/distro-info")
"""Of the package distro-info-data: all releases of Debian and Ubuntu, with their days."""
_KEYRINGS = Path("/usr/share/keyrings")
_ALIASES = {"debian": ("unstable", "testing", "stable", "oldstable", "oldoldstable"),
            "ubuntu": ("devel",)}  # fmt: skip
"""What mirrors call suites by, for machines that do not know their names."""
_GONE = timedelta(days=730)
"""So long after its last day a suite has been moved off the mirrors, or soon will be."""
_NEVER = ("experimental",)  # not a suite of its own


@dataclass(frozen=True)
class Suite:
    """A suite: its codename, and its line as in sources.list; empty: the machine's own sources."""

    name: str
    source: str = ""


def distribution() -> str:
    """Return the distribution's short name: `debian`."""
    return _system().get("ID", "debian")


def own() -> Suite:
    """Return the suite that this machine is installed from."""
    return Suite(_system().get("VERSION_CODENAME") or _system().get("VERSION_ID", "own"))


def every() -> list[Suite]:
    """Return the suites on this machine's own mirror, newest first, its own among them."""
    known, here = _known(distribution(), date.today()), own()  # noqa: DTZ011  # no matter of hours
    target = _mirror(known)
    if target is None:
        return [here]
    mirror, components = target
    keys = _KEYRINGS / f"{distribution()}-archive-keyring.gpg"
    signed = f"[signed-by={keys}] " if keys.exists() else ""  # else apt's trusted ones
    return ([] if here.name in known else [here]) + [
        here if name == here.name else Suite(name, f"deb {signed}{mirror} {name} {components}")
        for name in known
    ]


def _known(system: str, today: date) -> list[str]:
    """Names of the suites that mirrors still have, newest first."""
    try:
        with (_TABLES / f"{system}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError:
        return list(_ALIASES.get(system, ()))
    return [
        row["series"]
        for row in reversed(rows)
        if row["created"] <= today.isoformat()
        and (_last_day(row) or today) + _GONE >= today
        and row["series"] not in _NEVER
    ]


def _last_day(row: dict[str, str | None]) -> date | None:
    """The last day of a suite's support without a contract; None: it has none yet."""
    days = [row.get(name) for name in ("eol", "eol-lts", "eol-server")]
    return max((date.fromisoformat(day) for day in days if day), default=None)


def _mirror(known: list[str]) -> tuple[str, str] | None:
    """The address that this machine fetches its own suite from, and the components it takes."""
    form = "$(RELEASE) $(REPO_URI) $(COMPONENT)"
    told = subprocess.run(
        ["apt-get", "indextargets", "--format", form, "Created-By: Packages"],
        check=False, capture_output=True, text=True,
    ).stdout  # fmt: skip
    names = {*known, *_ALIASES.get(distribution(), ()), own().name, "sid"}
    rows = [row.split() for row in dict.fromkeys(told.splitlines())]
    suited = [row for row in rows if len(row) == 3 and row[0] in names]
    if not suited:
        return None
    first = suited[0]
    components = [row[2] for row in suited if row[:2] == first[:2]]
    return first[1], " ".join(dict.fromkeys(components))


def _system() -> dict[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}
