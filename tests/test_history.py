"""The releases as a git history: the same everywhere and for ever."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from bisector import ROOT
from bisector.environments.releases import Release, load
from bisector.history import repository

FIRST = datetime(2023, 9, 15, tzinfo=timezone.utc)

versions = st.tuples(
    st.integers(0, 2), st.integers(0, 9), st.integers(0, 9), st.sampled_from(["", "rc0", "rc1"])
).map(lambda t: f"{t[0]}.{t[1]}.{t[2]}{t[3]}")


@st.composite
def some_releases(draw: st.DrawFn) -> list[Release]:
    """Releases in upload order, which is not that of their versions."""
    names = draw(st.lists(versions, min_size=1, max_size=8, unique=True))
    gaps = draw(st.lists(st.integers(0, 3), min_size=len(names), max_size=len(names)))
    day, found = FIRST, []
    for name, gap in zip(names, gaps, strict=True):
        day += timedelta(hours=gap)
        found.append(Release(name, day))
    return sorted(found, key=lambda r: (r.uploaded, Version(r.version)))


def git(path: Path, *arguments: str) -> str:
    command = ["git", "--git-dir", str(path), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@settings(max_examples=15)
@given(some_releases(), st.randoms(), st.integers(1, 8))
def test_it_only_grows(releases: list[Release], random: Random, cut: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        few, more = Path(folder) / "few.git", Path(folder) / "more.git"
        # As many as are surely older than the rest: of one moment the versions decide.
        while cut < len(releases) and releases[cut].uploaded == releases[cut - 1].uploaded:
            cut += 1
        before = repository.commits(repository.ensure(releases[:cut], few))
        shuffled = list(releases)
        random.shuffle(shuffled)
        after = repository.commits(repository.ensure(shuffled, more))
        extended = repository.commits(repository.ensure(releases, few))
        assert extended == after
        assert {v: after[v] for v in before} == before
        walked = git(more, "rev-list", "--reverse", "--date-order", "--all").split()
        assert walked == [after[r.version] for r in releases]
        times = git(more, "log", "--reverse", "--format=%at %ct", "main").splitlines()
        seconds = [int(r.uploaded.timestamp()) for r in releases]
        assert times == [f"{s} {s}" for s in seconds]


def test_the_hashes_that_results_are_filed_under(tmp_path: Path) -> None:
    known = [r for r in load() if r.uploaded < datetime(2026, 10, 23, tzinfo=timezone.utc)]
    started = time.monotonic()
    commits = repository.commits(repository.ensure(known, tmp_path / "releases.git"))
    assert time.monotonic() - started < 1
    assert len(commits) == len(known)
    # It depends on all before it.  Should it ever change, every result file is orphaned.
    assert commits["0.7.8"] == "98f82df16070daa36f09d001d03c6b9260b8392f"


def test_messages_name_the_release_and_what_changed_upstream(tmp_path: Path) -> None:
    path = repository.ensure(path=tmp_path / "releases.git")
    assert git(path, "log", "-1", "--format=%B", "0.5.0rc0") == (
        "faststream 0.5.0rc0\n\nhttps://github.com/ag2ai/faststream/compare/0.4.7...0.5.0rc0"
    )
    # Upstream has no tag 0.1.2, and nobody looked whether it has 0.7.8.
    assert git(path, "log", "-1", "--format=%B", "0.1.2") == "faststream 0.1.2"
    assert git(path, "log", "-1", "--format=%B", "0.7.8") == "faststream 0.7.8"
    assert git(path, "name-rev", "--name-only", "main") == "tags/0.7.8"
    git(path, "fsck", "--strict")


def test_what_the_user_has_set_for_git_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = repository.commits(repository.ensure(path=tmp_path / "plain.git"))
    (tmp_path / ".gitconfig").write_text(
        "[init]\ndefaultBranch = trunk\ndefaultObjectFormat = sha256\n"
        "[user]\nname = x\n[commit]\ngpgSign = true\n[core]\nhooksPath = /nowhere\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))  # as in a git hook
    monkeypatch.setenv("GIT_DEFAULT_HASH", "sha256")
    assert repository.commits(repository.ensure(path=tmp_path / "set.git")) == plain
    assert not (tmp_path / "elsewhere").exists()


def test_it_is_left_alone_when_it_is_up_to_date(tmp_path: Path) -> None:
    path = repository.ensure(path=tmp_path / "releases.git")
    inode = path.stat().st_ino
    assert repository.ensure(path=path).stat().st_ino == inode


def test_a_repository_of_another_layout_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "releases.git"
    subprocess.run(["git", "init", "--quiet", "--bare", path], check=True)
    (tmp_path / "releases.part").mkdir()  # what a killed run left
    (tmp_path / "releases.old").mkdir()
    assert "0.1.0" in repository.commits(repository.ensure(path=path))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["releases.git", "releases.lock"]


def test_several_processes_at_once(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from bisector.history import repository\n"
        "print(len(repository.commits(repository.ensure(path=Path(sys.argv[1])))))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "releases.git")]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = [
        subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    said = [process.communicate(timeout=60)[0].strip() for process in running]
    assert said == [str(len(load()))] * 4
