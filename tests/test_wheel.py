"""The wheel works from any folder; what it and a checkout keep can be seen and removed."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from bisector.environments import keeping
from bisector.environments.keeping import Kept
from tests.command import TOOL, Ended, nox, run

NAME = "faststream-bisector"
UV = [nox()[0], "-m", "uv"] if len(nox()) > 1 else ["uv"]
SCRIPT = """\
from importlib.metadata import version
assert int(version("faststream").split(".")[1]) >= 5, "too old"
"""


@pytest.fixture(scope="module")
def installed(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a clean checkout and alone in an environment; returns its command."""
    folder = tmp_path_factory.mktemp("wheel")
    ended = run([*nox(), "-s", "build", "--", str(checkout), str(folder)], checkout)
    assert ended.code == 0, ended.said
    (wheel,) = folder.glob("*.whl")
    for command in (["venv", "--no-project", "env"], ["pip", "install", "-p", "env", str(wheel)]):
        subprocess.run([*UV, "-q", *command], cwd=folder, check=True)
    return folder / "env" / "bin" / NAME


def call(installed: Path, home: Path, *words: str, **environ: str) -> Ended:
    """Call it as a user whose cache and data are empty; what uv has fetched stays."""
    cache = subprocess.run([*UV, "cache", "dir"], capture_output=True, text=True, check=True)
    folders = {"XDG_CACHE_HOME": str(home / "cache"), "XDG_DATA_HOME": str(home / "data")}
    where = home / "elsewhere"
    where.mkdir(exist_ok=True)
    settings = {"UV_CACHE_DIR": cache.stdout.strip(), **folders, **environ}
    return run([str(installed), *words], where, **settings)


def test_bisects_from_a_foreign_folder(installed: Path, tmp_path: Path, own_url: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "repro.py").write_text(SCRIPT)
    words = ["bisect", "--from", "0.4.6", "--to", "0.5.0rc2", "--no-blame", "--json", "a.json"]
    ended = call(installed, tmp_path, *words, "repro.py", AMQP_URL=own_url)
    assert ended.code == 0, ended.said
    answer = json.loads((tmp_path / "elsewhere" / "a.json").read_text())
    assert answer["required"] == ">=0.5.0rc0,<=0.5.0rc2"
    assert f'{NAME} "release(0.4.7)" repro.py' in ended.stdout
    assert (tmp_path / "data" / NAME / ".bisector" / "journal.jsonl").is_file()
    assert not [*installed.parents[1].rglob("journal.jsonl")]

    shown = call(installed, tmp_path, "clean")
    assert shown.code == 0, shown.said
    assert "environments" in shown.stdout
    assert str(tmp_path / "data") in shown.stdout
    removed = call(installed, tmp_path, "clean", "all")
    assert removed.code == 0, removed.said
    assert not [*(tmp_path / "cache" / NAME / ".nox").glob("release-*")]
    assert (tmp_path / "data" / NAME / ".bisector" / "journal.jsonl").is_file()


def test_help_names_the_folders(installed: Path, tmp_path: Path) -> None:
    ended = call(installed, tmp_path, "--help")
    assert ended.code == 0
    assert str(tmp_path / "cache" / NAME) in ended.stdout
    assert str(tmp_path / "data" / NAME) in ended.stdout
    wrong = call(installed, tmp_path, "bissect")
    assert wrong.code == 2
    assert wrong.stderr.startswith("bissect: there is no such command")


def test_what_is_in_use_is_not_removed(checkout: Path) -> None:
    there = checkout / ".nox" / "release-x"
    there.mkdir(parents=True, exist_ok=True)
    holding = (
        "from bisector.environments import keeping\n"
        "with keeping.in_use(): print('in', flush=True); input()"
    )
    with subprocess.Popen(
        [*TOOL[:1], "-c", holding], cwd=checkout, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        assert other.stdout.readline() == "in\n"
        refused = run([*TOOL, "clean", "environments"], checkout)
        assert refused.code == 3, refused.said
        assert "another run is using it" in refused.stderr
        assert there.is_dir()
        other.communicate("\n")
    removed = run([*TOOL, "clean", "environments"], checkout)
    assert removed.code == 0, removed.said
    assert not there.exists()


def test_only_what_is_old_enough(checkout: Path) -> None:
    there = checkout / ".nox" / "wheels"
    for name in ("old", "new"):
        (there / name).mkdir(parents=True)
    os.utime(there / "old", (0, 0))
    ended = run([*TOOL, "clean", "wheels", "--older", "30"], checkout)
    assert ended.code == 0, ended.said
    assert {path.name for path in there.iterdir()} & {"old", "new"} == {"new"}
    for words, line in ((["whels"], "there is no such kind"), (["--older", "-1"], "--older")):
        wrong = run([*TOOL, "clean", *words], checkout)
        assert wrong.code == 2
        assert line in wrong.stderr


def test_sizes_and_ages(tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"x")
    (tmp_path / "large").mkdir()
    (tmp_path / "large" / "file").write_bytes(b"x" * 100_000)
    places = {"here": [tmp_path / "small", tmp_path / "large", tmp_path / "missing"]}
    now = (tmp_path / "small").stat().st_mtime + 3 * keeping.DAY
    large, small = keeping.find(places, now)
    assert (large.path.name, small.path.name) == ("large", "small")
    assert large.bytes >= 100_000 > small.bytes
    assert small == Kept("here", tmp_path / "small", small.bytes, 3.0)
