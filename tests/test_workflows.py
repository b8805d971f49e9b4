"""What the workflow says in Python, and the action in the shell, run as they stand."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from bisector import ROOT
from bisector.environments import releases
from bisector.history import repository, runs

ACTION = ROOT / "action.yml"
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
def measured(tmp_path: Path) -> Path:
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


def test_lists_the_releases_that_no_machine_has_measured(measured: Path) -> None:
    newest = [release.version for release in releases.select(releases.load())[-2:]]
    assert list_releases(measured) == newest


def test_lists_the_release_asked_for_by_hand_though_it_is_known(measured: Path) -> None:
    assert list_releases(measured, "0.6.0") == ["0.6.0"]


@dataclass(frozen=True)
class Acted:
    """How a run of the action ended."""

    code: int
    said: str
    outputs: dict[str, str]
    summary: str


class Action:
    """Runs the shell steps of the action with inputs, as a runner does."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self.action = yaml.safe_load(ACTION.read_text())
        self._checkout, self._folder = checkout, folder
        _setup, self._install, self._ask = self.action["runs"]["steps"]

    def install(self) -> None:
        """Run the step that comes before asking."""
        self._run(self._install, {}, {"python-path": sys.executable})

    def __call__(self, **inputs: str) -> Acted:
        """Ask; inputs are named with underlines."""
        for name in ("output", "summary"):
            (self._folder / name).write_text("")
        given = {
            name: str(about.get("default", "")) for name, about in self.action["inputs"].items()
        }
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        assert given.keys() == self.action["inputs"].keys()
        ended = self._run(self._ask, given, {})
        told = (self._folder / "output").read_text()
        blocks = re.findall(r"^([\w-]+)<<(.+)\n((?:.*\n)*?)\2$", told, re.MULTILINE)
        return Acted(
            ended.returncode, ended.stdout, {name: text.strip() for name, _, text in blocks},
            (self._folder / "summary").read_text(),
        )  # fmt: skip

    def _run(
        self, step: dict[str, Any], inputs: dict[str, str], python: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        def value(match: re.Match[str]) -> str:
            kind, _, name = match[1].rpartition(".")
            return {"inputs": inputs, "steps.python.outputs": python}[kind][name]

        said = {k: re.sub(r"\$\{\{ *([\w.-]+) *\}\}", value, v) for k, v in step["env"].items()}
        assert "${{" not in step["run"], "what a user types must not become shell code"
        assert step["shell"] == "bash"
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self._folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            check=False,
            env={
                **os.environ, **said, "GITHUB_ACTION_PATH": str(self._checkout),
                "RUNNER_TEMP": str(self._folder), "GITHUB_OUTPUT": str(self._folder / "output"),
                "GITHUB_STEP_SUMMARY": str(self._folder / "summary"),
            },
        )  # fmt: skip


@pytest.fixture(scope="module")
def action(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Action]:
    snapshot = checkout / "bisector/environments/releases.json"
    before = snapshot.read_text()
    made = Action(checkout, tmp_path_factory.mktemp("action"))
    made.install()
    yield made
    snapshot.write_text(before)  # it was read from the index again


def test_the_action_bisects(action: Action) -> None:
    inputs = {"from": "0.4.6", "to": "0.5.0"}
    found = action(scenarios="sibling-close", options="--no-blame", **inputs)
    assert found.code == 0, found.said
    assert found.outputs == {
        "verdict": "found", "first-bad": "0.4.6", "specifier": ">=0.4.6,<0.5.0rc0",
    }  # fmt: skip
    assert "0.5.0rc0" in found.summary
    (action._folder / "fails.py").write_text("raise SystemExit(1)")
    none = action(program="fails.py --hard", **inputs)
    assert (none.code, none.outputs["verdict"]) == (0, "no flip"), none.said
    assert none.outputs["first-bad"] == "0.4.6"
    assert none.outputs["specifier"] == ""


def test_the_action_gates(action: Action) -> None:
    bad = action(candidate="0.1.4", baseline="0.1.3", options="--no-speed", report="gate")
    assert (bad.code, bad.outputs["verdict"], bad.outputs["first-bad"]) == (1, "regressed", "0.1.4")
    assert "constructor-url" in bad.summary
    assert (action._folder / "gate" / "junit.xml").is_file()


@pytest.mark.parametrize(
    "inputs", [{}, {"candidate": "0.1.4", "program": "fails.py"},
               {"program": "fails.py", "scenarios": "all"}]
)  # fmt: skip
def test_the_action_says_what_it_wants(tmp_path: Path, inputs: dict[str, str]) -> None:
    ended = Action(tmp_path, tmp_path)(**inputs)  # before anything is needed
    assert ended.code == 2
    assert ended.said.startswith("::error::")
