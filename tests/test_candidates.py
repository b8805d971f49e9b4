"""What a user may name, on real builds, a real git repository and real releases."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from bisector.axes import axis
from bisector.axes.releases import package_environment
from bisector.check import candidates
from bisector.check.candidates import SAME_DAY, Named
from bisector.environments import recipes, releases
from bisector.environments.recipes import RELEASE_DAY, TODAY, Environment
from bisector.errors import OutsideError, UserError
from tests.command import run
from tests.test_releases import make

PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"
[project]
name = "{name}"
version = "{version}"
optional-dependencies = {{ rabbit = [] }}
[tool.setuptools]
packages = ["faststream", "faststream.rabbit"]
"""
INSTALL = """
import asyncio, json, sys
from bisector.check import candidates
from bisector.environments import building

async def main():
    sides = await candidates.sides(*sys.argv[1:3])
    for side in sides:
        await building.install(side.environment)
    found = [side.environment for side in sides]
    print(json.dumps([[str(e.interpreter), e.dependencies()] for e in found]))

asyncio.run(main())
"""
"""Needs a checkout of its own, not to leave environments in ours."""


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "WHEELS", tmp_path / "wheels")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))


def source_in(folder: Path, *, name: str = "faststream", version: str = "0.5.1") -> Path:
    package = folder / "faststream" / "rabbit"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("NOTHING = True\n")
    (package.parent / "__init__.py").touch()
    (folder / "pyproject.toml").write_text(PYPROJECT.format(name=name, version=version))
    return folder


def wheel_in(
    folder: Path,
    *,
    name: str = "faststream",
    version: str = "0.5.1",
    content: str = "",
    **more: str,
) -> Path:
    folder.mkdir(exist_ok=True)
    wheel = folder / f"faststream-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {more.get('told', version)}\n"
        archive.writestr(f"faststream-{version}.dist-info/METADATA", metadata)
        archive.writestr("faststream/__init__.py", content)
    return wheel


def repository_in(folder: Path) -> Path:
    source_in(folder)
    for command in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "."],
        ["-c", "user.name=n", "-c", "user.email=e", "commit", "--quiet", "--message=one"],
        ["branch", "feat/quick"],
        ["tag", "v1"],
    ):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def find(
    candidate: str | Path | None,
    baseline: str | Path | None = None,
    with_: tuple[str, ...] = (),
    deps: str = SAME_DAY,
    notes: list[str] | None = None,
) -> tuple[Named, Named]:
    return asyncio.run(
        candidates.sides(
            str(candidate) if candidate is not None else None,
            str(baseline) if baseline is not None else None,
            with_=with_,
            deps=deps,
            note=(notes if notes is not None else []).append,
        )
    )


def plain(version: str, deps: str = RELEASE_DAY) -> Environment:
    return recipes.of(releases.find(releases.load(), version), deps=deps)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("candidate", "before"),
    [("0.5.0", "0.4.7"), ("0.5.0rc1", "0.4.7"), ("v0.4.7", "0.4.6"), ("0.2.0", "0.1.6")],
)
def test_a_release_is_compared_with_the_stable_one_before_it(candidate: str, before: str) -> None:
    baseline, found = find(candidate)
    assert (baseline.name, found.name) == (before, candidate.removeprefix("v"))


def test_the_newest_release_is_neither_a_pre_release_nor_withdrawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    history = make("0.1.0", "0.2.0", "0.3.0", "0.4.0rc1", yanked="0.3.0")
    monkeypatch.setattr(releases, "load", lambda: history)
    assert [side.name for side in find(None)] == ["0.1.0", "0.2.0"]
    assert [side.name for side in find("0.4.0rc1")] == ["0.2.0", "0.4.0rc1"]
    assert [side.name for side in find("0.3.0")] == ["0.2.0", "0.3.0"]  # if it is named
    with pytest.raises(UserError, match=r"no stable release comes before 0\.1\.0"):
        find("0.1.0")


def test_what_is_no_release_is_compared_by_its_own_version(tmp_path: Path) -> None:
    newest = find(None)[1].name
    assert find(wheel_in(tmp_path / "a", version="0.5.0"))[0].name == "0.4.7"
    assert find(wheel_in(tmp_path / "b", version="0.4.7+mine"))[0].name == "0.4.7"
    assert find(wheel_in(tmp_path / "c", version="99"))[0].name == newest
    assert find(wheel_in(tmp_path / "d", version="0.0.1"))[0].name == newest


def test_release_days_give_the_environments_of_the_bisection() -> None:
    sides = find("0.5.0", "0.4.7", deps=RELEASE_DAY)
    assert [side.environment for side in sides] == [plain("0.4.7"), plain("0.5.0")]
    sides = find("0.5.0", "0.4.7", deps=TODAY)
    assert [side.environment for side in sides] == [plain("0.4.7", TODAY), plain("0.5.0", TODAY)]


def test_the_same_day_is_the_later_one_and_another_environment() -> None:
    for sides in (find("0.5.0", "0.4.7"), find("0.4.7", "0.5.0")[::-1]):
        old, new = (side.environment for side in sides)
        assert new == plain("0.5.0")
        assert old.exclude_newer == new.exclude_newer
        assert new.plain
        assert not old.plain
        assert old.path not in (plain("0.4.7").path, plain("0.4.7", TODAY).path)


def test_the_same_day_gives_the_same_dependencies(checkout: Path) -> None:
    """0.4.7 of its own day has aio-pika 9.4.0."""
    ended = run([sys.executable, "-c", INSTALL, "0.5.0", "0.4.7"], checkout)
    assert ended.code == 0, ended.said
    (_, old), (_, new) = json.loads(ended.stdout)
    assert (old.pop("faststream"), new.pop("faststream")) == ("0.4.7", "0.5.0")
    assert old["aio-pika"] == new["aio-pika"] == "9.4.1"


def test_a_held_version_may_be_younger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "INDEX_CACHE", tmp_path / "index")
    held = ("aio-pika==9.5.8",)
    choice = axis.Choice(with_=held)
    for side in find("0.5.0", "0.4.7", held, RELEASE_DAY):
        release = releases.find(releases.load(), side.name)
        assert side.environment == package_environment(choice)(release)
    for side in find("0.5.0", "0.4.7", held):
        assert side.environment.exclude_newer is not None
        assert side.environment.exclude_newer > "2025"
        assert side.environment.requirements[1:] == held


@pytest.mark.parametrize("text", ["aio-pika", "aio-pika>=9", "aio-pika==9.*", "faststream==0.5.0"])
def test_what_cannot_be_held(text: str) -> None:
    with pytest.raises(UserError, match="--with"):
        find("0.5.0", with_=(text,))


def test_a_source_folder_is_built_and_left_as_it_was(tmp_path: Path) -> None:
    folder, notes = source_in(tmp_path / "mine"), list[str]()
    # What a checkout holds besides.
    (folder / ".venv").mkdir()
    os.mkfifo(folder / "pipe")
    before = tree(folder)
    baseline, found = find(folder, notes=notes)
    assert tree(folder) == before
    assert notes == [f"building {folder} ..."]
    assert found.name == f"{folder} (source)"
    assert baseline.environment == plain("0.5.1", TODAY)
    (built,) = (tmp_path / "wheels").glob("*/*.whl")
    assert found.environment.version == "0.5.1"
    assert found.environment.requirements == (f"faststream[rabbit] @ {built.as_uri()}",)
    assert found.environment.exclude_newer is None

    # The same again is the same environment, from the wheel that is there.
    assert find(folder)[1] == found
    with pytest.raises(UserError, match="are the same"):
        find(folder, built)
    (folder / "faststream" / "rabbit" / "__init__.py").write_text("NOTHING = False\n")
    assert find(folder)[1].environment.path != found.environment.path
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize("ref", ["", "@main", "@feat/quick", "@v1", "@HASH"])
def test_a_commit_is_fetched_and_built(tmp_path: Path, ref: str) -> None:
    repository, notes = repository_in(tmp_path / "repository"), list[str]()
    commit = (repository / ".git" / "refs" / "heads" / "main").read_text().strip()
    text = f"git+{repository.as_uri()}{ref.replace('HASH', commit)}"
    baseline, found = find(text, notes=notes)
    assert found.name == f"{text} ({commit[:10]})"
    assert baseline.name == "0.5.1"
    assert notes == [f"fetching {text} ...", f"building {text} ..."]
    assert find(repository)[1].environment == found.environment
    assert not list((tmp_path / "tmp").iterdir())


def test_a_repository_or_ref_that_is_not_there(tmp_path: Path) -> None:
    repository = repository_in(tmp_path / "repository")
    with pytest.raises(UserError, match="fatal: couldn't find remote ref nowhere"):
        find(f"git+{repository.as_uri()}@nowhere")
    with pytest.raises(UserError, match="does not appear to be a git repository"):
        find(f"git+{repository.as_uri()}-not")
    with pytest.raises(OutsideError, match="git says") as caught:
        find("git+https://me:secret-token@127.0.0.1:9/mine")
    assert "secret-token" not in str(caught.value) + caught.value.details
    assert not list((tmp_path / "tmp").iterdir())


def test_a_hook_of_another_repository_does_not_lead_astray(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository, other = repository_in(tmp_path / "one"), repository_in(tmp_path / "other")
    before = tree(other / ".git")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    find(f"git+{repository.as_uri()}")
    assert tree(other / ".git") == before


def test_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OutsideError, match="git is not on PATH"):
        find("git+https://127.0.0.1:9/mine")


def test_the_end_of_a_failed_build_is_shown(tmp_path: Path) -> None:
    folder = source_in(tmp_path / "mine")
    script = "import sys\nfor n in range(99): print(n, file=sys.stderr)\nraise OSError('no cheese')"
    (folder / "setup.py").write_text(script)
    with pytest.raises(OutsideError, match="does not build") as caught:
        find(folder)
    first, *shown = str(caught.value).splitlines()
    assert first.startswith(f"{folder} does not build")
    assert len(shown) == 15
    assert "OSError: no cheese" in "".join(shown)
    assert str(tmp_path / "tmp") not in str(caught.value)
    assert not list((tmp_path / "tmp").iterdir())


def test_a_missing_build_backend_is_shown(tmp_path: Path) -> None:
    folder = source_in(tmp_path / "mine")
    file = folder / "pyproject.toml"
    file.write_text(file.read_text().replace("setuptools.build_meta", "no_such_backend"))
    with pytest.raises(OutsideError, match="no_such_backend"):
        find(folder)


def test_a_wheel_under_the_same_path_with_other_content(tmp_path: Path) -> None:
    first = find(wheel_in(tmp_path / "dist"))[1]
    assert first.name == "faststream-0.5.1-py3-none-any.whl"
    assert find(wheel_in(tmp_path / "dist"))[1] == first
    second = find(wheel_in(tmp_path / "dist", content="1"))[1]
    assert second.environment.path != first.environment.path

    old, new = tmp_path / "old", tmp_path / "dist"
    sides = find(wheel_in(new, content="1"), wheel_in(old))
    assert [side.environment for side in sides] == [first.environment, second.environment]
    assert [Path(side.name).parent for side in sides] == [old, new]  # to tell them apart
    with pytest.raises(UserError, match="are the same"):
        find(wheel_in(new), wheel_in(old))


def test_a_built_wheel_and_a_release_are_installed(checkout: Path, tmp_path: Path) -> None:
    folder = source_in(tmp_path / "mine", version="0.5.1+mine")
    ended = run([sys.executable, "-c", INSTALL, str(folder), "0.5.0"], checkout)
    assert ended.code == 0, ended.said
    _, (interpreter, dependencies) = json.loads(ended.stdout)
    assert dependencies == {"faststream": "0.5.1+mine"}
    subprocess.run([interpreter, "-c", "import faststream.rabbit"], check=True)


def test_like_another_environment_but_for_the_wheel(tmp_path: Path) -> None:
    like = plain("0.5.0")
    found = candidates.of_wheel(wheel_in(tmp_path / "dist"), like)
    assert found.version == "0.5.1"
    assert found.exclude_newer == like.exclude_newer
    assert str(tmp_path / "wheels") in found.requirements[0]


def test_the_same_on_both_sides() -> None:
    with pytest.raises(UserError, match=r"the same, 0\.5\.0: name another --baseline"):
        find("0.5.0", "v0.5.0")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("0.4.77", "there is no release 0.4.77; the nearest: 0.4.7, 0.5.0rc0"),
        ("0.4.x", "there is no release 0.4.x; the nearest"),
        ("newest", "newest: neither a release, nor the path"),
        ("", "the name of a side is empty"),
        ("dist/x.whl", "dist/x.whl: there is no such path"),
        ("x.whl", "x.whl: there is no such path"),
        ("empty", "empty: no pyproject.toml in it"),
        ("other", "other: is not FastStream but other"),
        ("broken", "broken: its pyproject.toml is broken: "),
        ("unnamed", "unnamed: is not FastStream but other"),
        ("faststream-1.tar.gz", "faststream-1.tar.gz: neither a wheel"),
        ("faststream.whl", "faststream.whl: a wheel is called NAME-VERSION-TAGS.whl"),
        ("faststream-1-py3-none-any.whl", "the wheel is broken: File is not a zip file"),
        ("cut/faststream-0.5.1-py3-none-any.whl", "the wheel is broken: "),
        ("flipped/faststream-0.5.1-py3-none-any.whl", "the wheel is broken: Bad CRC-32"),
        ("empty/faststream-0.5.1-py3-none-any.whl", "its METADATA names no package and version"),
        ("wrong/faststream-0.5.1-py3-none-any.whl", "its METADATA is of version 0.5.2"),
        ("other/faststream-0.5.1-py3-none-any.whl", "is not FastStream but other"),
        ("https://127.0.0.1/x.whl", "a repository is git+URL[@REF]"),
        ("git+ext::sh", "needs an https://, ssh:// or file:// address"),
        ("git+git@127.0.0.1:x", "needs an https://, ssh:// or file:// address"),
        ("git+https://127.0.0.1/x@", "no branch, tag or commit after the @"),
    ],
)
def test_bad_input_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    source_in(tmp_path / "other", name="other")
    (source_in(tmp_path / "broken") / "pyproject.toml").write_text("[project\n")
    unnamed = source_in(tmp_path / "unnamed") / "pyproject.toml"
    unnamed.write_text(PYPROJECT.partition("[project]")[0])
    (unnamed.parent / "setup.cfg").write_text("[metadata]\nname = other\nversion = 1\n")
    for name in ("faststream-1.tar.gz", "faststream.whl", "faststream-1-py3-none-any.whl"):
        (tmp_path / name).write_text("no zip")
    whole = wheel_in(tmp_path / "whole", content="content").read_bytes()
    for name, content in (("cut", whole[:-30]), ("flipped", whole.replace(b"content", b"cOntent"))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "faststream-0.5.1-py3-none-any.whl").write_bytes(content)
    wheel_in(tmp_path / "wrong", told="0.5.2")
    wheel_in(tmp_path / "other", name="other")
    (tmp_path / "empty").mkdir()
    with zipfile.ZipFile(tmp_path / "empty" / "faststream-0.5.1-py3-none-any.whl", "w"):
        pass
    with pytest.raises(UserError) as caught:
        find(text)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_a_killed_build_left_is_removed(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    left, busy = (tmp_path / "tmp" / f"bisector-build-{p}-x" for p in (gone.pid, os.getppid()))
    for folder in (left, busy):
        (folder / "source").mkdir(parents=True)
    with candidates.scratch_folder():
        assert not left.exists()
        assert busy.exists()


def test_plain_environments_are_of_a_releases_own_day() -> None:
    known = releases.find(releases.load(), "0.4.7")
    later = recipes.as_of(known.release_day + timedelta(days=1))
    other = Environment("0.4.7", (recipes.requirement("0.4.7"),), later)
    assert plain("0.4.7").plain
    assert plain("0.4.7", TODAY).plain
    assert not other.plain
    assert Environment.from_json(other.to_json()).path == other.path
