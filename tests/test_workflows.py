"""What the workflow itself says in Python: which releases have no results yet."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from bisector import ROOT
from bisector.environments import releases
from bisector.history import repository, runs

WORKFLOW = ROOT / ".github" / "workflows" / "releases.yml"


def list_releases(checkout: Path, asked: str = "") -> list[str]:
    """Run the workflow's own lines in a checkout; returns the value of its output `releases`."""
    found = re.search(r"<<'END'\n(.*?)^ *END$", WORKFLOW.read_text(), re.DOTALL | re.MULTILINE)
    assert found
    said = subprocess.run(
        [sys.executable, "-"], input=textwrap.dedent(found[1]), cwd=checkout, text=True,
        capture_output=True, check=True, env={**os.environ, "RELEASE": asked, "PYTHONPATH": ""},
    ).stdout  # fmt: skip
    name, _, value = said.partition("=")
    assert name == "releases"
    assert said.count("\n") == 1, "GITHUB_OUTPUT takes one line"
    return [str(version) for version in json.loads(value)]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a checkout with the results of all releases but the newest two."""
    shutil.copytree(ROOT / "bisector", tmp_path / "bisector")
    results = tmp_path / "results" / "asv"
    (results / "a-machine").mkdir(parents=True)
    machine = {"machine": "a-machine", "version": 1}
    (results / "a-machine" / "machine.json").write_text(json.dumps(machine))
    known = releases.load()
    repository.ensure(known, tmp_path / "history")
    commits = repository.commits(tmp_path / "history")
    for release in releases.select(known)[:-2]:
        commit = commits[release.version]
        result = {
            "version": runs.LAYOUT, "commit_hash": commit, "env_name": "nox-py3.11",
            "params": {"machine": "a-machine"}, "results": {},
        }  # fmt: skip
        file = results / "a-machine" / f"{commit[:8]}-nox-py3.11.json"
        file.write_text(json.dumps(result))
    return tmp_path


def test_lists_the_releases_that_no_machine_has_measured(checkout: Path) -> None:
    newest = [release.version for release in releases.select(releases.load())[-2:]]
    assert list_releases(checkout) == newest


def test_lists_the_release_asked_for_by_hand_though_it_is_known(checkout: Path) -> None:
    assert list_releases(checkout, "0.6.0") == ["0.6.0"]
