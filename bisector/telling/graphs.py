"""The pages in .asv/html: asv's graphs, which need no internet here, behind the results page."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bisector import ROOT
from bisector.errors import OutsideError

HTML = ROOT / ".asv" / "html"
GRAPHS = "graphs.html"
UPSTREAM_RELEASE = "https://github.com/ag2ai/faststream/releases/tag/"


def publish(versions: Mapping[str, str], html: Path = HTML) -> None:
    """Have asv write its graphs, and put a page over them that brings its own scripts.

    Args:
        versions: by commit.

    Raises:
        OutsideError: asv or asv-tachyon failed.
    """
    _run("asv", "publish", "--html-dir", str(html))
    _run("asv_tachyon", "install", "--no-backup", str(html))
    (html / "index.html").rename(html / GRAPHS)
    # What serves asv's own page, which asks the internet for scripts.
    for name in ("asv.js", "asv_ui.js", "graphdisplay.js", "error.html", "summarylist.js",
                 "summarygrid.js", "regressions.js", "jquery.flot.axislabels.js"):  # fmt: skip
        (html / name).unlink(missing_ok=True)

    index = json.loads((html / "index.json").read_text(encoding="utf-8"))
    _write(html / "index.json", adapted(index, versions))
    for name in ("commits.json", "profiles.json", "regressions-ignore.json"):
        _write(html / name, {})  # it asks for them, and their want would be an error
    for graph in (html / "graphs").rglob("*.json"):
        _write(html / "samples" / graph.relative_to(html / "graphs"), {})


def adapted(index: Mapping[str, Any], versions: Mapping[str, str]) -> dict[str, Any]:
    """Return asv's table of contents as the page reads it right.

    Releases go by their versions instead of the hashes of commits that nobody knows.  Of what a
    ``track_`` function returns the page would take more for better, whatever the unit.
    """
    named = {rev: versions.get(commit, commit) for rev, commit in index["revision_to_hash"].items()}
    benchmarks = {
        name: {**row, "less_is_better": not row.get("higher_is_better", False)}
        for name, row in index["benchmarks"].items()
    }
    return {
        **index,
        "revision_to_hash": named,
        "hash_length": max(map(len, named.values()), default=0),
        "show_commit_url": UPSTREAM_RELEASE,
        "benchmarks": benchmarks,
    }


def open_on(page: str, files: Iterable[Path], html: Path = HTML) -> Path:
    """Make a page with the files that it shows the first one; returns its path."""
    for file in files:
        shutil.copy2(file, html)
    index = html / "index.html"
    index.write_text(page, encoding="utf-8")
    return index


def _run(module: str, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise OutsideError(
            f"`{module} {arguments[0]}` failed: --verbose shows what it said",
            (done.stdout + done.stderr).strip(),
        )


def _write(file: Path, table: Mapping[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(table), encoding="utf-8")
