"""From one whole environment to another: what lock files hold, and which changes do it."""

from __future__ import annotations

import asyncio
import json
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from bisector.axes.axis import Choice
from bisector.axes.between import of_files
from bisector.environments import locks
from bisector.errors import UserError
from tests.command import TOOL, Ended, run
from tests.schemas import validate

UV = """
version = 1
[[package]]
name = "mine"
version = "0.1"
source = { virtual = "." }
dependencies = [
    { name = "aio-pika" },
    { name = "colorama", marker = "sys_platform == 'nowhere'" },
    { name = "numpy", version = "2.0", marker = "python_full_version >= '3.11'" },
    { name = "numpy", version = "1.0", marker = "python_full_version < '3.11'" },
]
[package.dev-dependencies]
dev = [{ name = "pytest" }]
[[package]]
name = "aio-pika"
version = "9.4.0"
source = { registry = "the index" }
dependencies = [{ name = "aiormq", extra = ["fast"] }]
[[package]]
name = "aiormq"
version = "6.8"
source = { git = "https://example.org/aiormq?rev=main#abc" }
[package.optional-dependencies]
fast = [{ name = "quick" }]
[[package]]
name = "colorama"
version = "1"
[[package]]
name = "numpy"
version = "1.0"
[[package]]
name = "numpy"
version = "2.0"
[[package]]
name = "pytest"
version = "8"
[[package]]
name = "quick"
version = "3"
[[package]]
name = "unused"
version = "3"
"""
POETRY = """
[[package]]
name = "aio_pika"
version = "9.4.0"
optional = false
[package.dependencies]
yarl = "*"
colorama = {version = "*", markers = "sys_platform == 'nowhere'"}
[[package]]
name = "yarl"
version = "1"
optional = false
[[package]]
name = "colorama"
version = "1"
optional = false
[[package]]
name = "extra"
version = "1"
optional = true
"""
PYLOCK = """
lock-version = "1.0"
[[packages]]
name = "aio-pika"
version = "9.4.0"
[[packages]]
name = "elsewhere"
version = "1"
marker = "python_version < '3.0'"
[[packages]]
name = "mine"
directory = { path = "." }
"""


@pytest.mark.parametrize(
    ("name", "text", "pins"),
    [
        ("frozen.txt", "# all\nAio_Pika==9.4.0  # via mine\nx==1; python_version < '3'\n",
         ["aio-pika==9.4.0"]),
        ("requirements.txt", "--index-url https://h\na==1 \\\n  --hash=sha256:00\n",
         ["a==1"]),
        ("uv.lock", UV,
         ["aio-pika==9.4.0", "aiormq @ git+https://example.org/aiormq@abc", "numpy==2.0",
          "pytest==8", "quick==3"]),
        ("poetry.lock", POETRY, ["aio-pika==9.4.0", "yarl==1"]),
        ("pylock.toml", PYLOCK, ["aio-pika==9.4.0"]),
        ("pylock.dev.toml", PYLOCK, ["aio-pika==9.4.0"]),
    ],
)  # fmt: skip
def test_what_a_file_installs(tmp_path: Path, name: str, text: str, pins: list[str]) -> None:
    (tmp_path / name).write_text(text)
    assert sorted(locks.read(tmp_path / name, "3.11").values()) == pins


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("frozen.txt", None, "No such file"),
        ("frozen.txt", "", "no package in it"),
        ("frozen.txt", "a==1\nb>=2\n", "line 2: 'b>=2' names no single version"),
        ("frozen.txt", "-e .\n", "cannot be had on the index"),
        ("frozen.txt", "a @ file:///no/such/place\n", "which is not there"),
        ("Pipfile.lock", "{}", "a format that is not known; known are pip freeze"),
        ("uv.lock", "x = ", "not TOML"),
        ("uv.lock", "[[package]]\nname = 'a'\nsource = { path = '../a' }", "it cannot be had"),
        ("poetry.lock", "[[package]]\nversion = '1'", "not as such a lock file is"),
        ("pylock.toml", "[[packages]]\nname = 'a'", "no lock-version"),
    ],
)
def test_a_file_that_is_no_environment_is_one_line(
    tmp_path: Path, name: str, text: str | None, line: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match="between") as error:
        locks.read(tmp_path / name, "3.11")
    assert line in str(error.value)


@pytest.mark.parametrize(
    ("new", "line"), [("a==1\n", "both install the same"), ("b==1\n", "no package in common")]
)
def test_two_environments_have_to_differ_in_part(tmp_path: Path, new: str, line: str) -> None:
    (tmp_path / "old.txt").write_text("a==1\n")
    (tmp_path / "new.txt").write_text(new)
    with pytest.raises(UserError, match=line):
        asyncio.run(of_files(tmp_path / "old.txt", tmp_path / "new.txt", Choice()))


def wheel(folder: Path, name: str, version: str) -> None:
    """Make a wheel with one module, which knows its version."""
    about = f"{name}-{version}.dist-info"
    content = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/RECORD": f"{name}.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n",
    }
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for file, text in content.items():
            archive.writestr(file, text)


NAMES = ("madeupa", "madeupb", "madeupc", "madeupd")


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index with two versions of four distributions, and a file with all old or all new ones."""
    folder = tmp_path_factory.mktemp("index")
    for name in NAMES:
        wheel(folder, name, "1.0")
        wheel(folder, name, "2.0")
    for file, version in (("old.txt", "1.0"), ("new.txt", "2.0")):
        (folder / file).write_text("".join(f"{name}=={version}\n" for name in NAMES))
    (folder / "nowhere.txt").write_text("madeupa==3.0\n")
    # Copied whole for each probe, so in a folder of its own.
    (folder / "program").mkdir()
    (folder / "program" / "pair.py").write_text(
        "import madeupb, madeupd\n"
        "assert (madeupb.VERSION, madeupd.VERSION) != ('2.0', '2.0'), 'both new'\n"
    )
    (folder / "program" / "same.py").write_text("import madeupa\n")
    return folder


def between(
    made_up: Path, checkout: Path, new: str = "new.txt", program: str = "pair.py",
    tool: Sequence[str] = TOOL,
) -> Ended:  # fmt: skip
    """Ask for what differs between the old environment and another one."""
    return run(
        [*tool, "bisect", "--between", str(made_up / "old.txt"), str(made_up / new), "--no-broker",
         "--json", "-", str(made_up / "program" / program)],
        checkout,
        UV_FIND_LINKS=str(made_up),
        UV_NO_INDEX="1",
    )  # fmt: skip


def test_finds_two_changes_that_only_fail_together(checkout: Path, made_up: Path) -> None:
    ended = between(made_up, checkout)
    assert ended.code == 0, ended.said
    answer = json.loads(ended.stdout)
    validate(answer, "bisect")
    (flip,) = answer["flips"]
    assert (flip["before"], flip["after"]) == ("old.txt", "new.txt")
    told = flip["blame"]
    assert [c["name"] for c in told["culprits"]] == ["madeupb", "madeupd"], ended.said
    assert told["minimal"]
    assert not told["welded"]
    assert "It is madeupb 2.0 and madeupd 2.0 together" in ended.stderr


def test_out_of_budget_it_tells_the_smallest_set_so_far(checkout: Path, made_up: Path) -> None:
    few = (
        "import sys; from bisector import __main__; from bisector.bisection.blame import blame;"
        " blame.__kwdefaults__['most'] = 4; sys.exit(__main__.main())"
    )
    ended = between(made_up, checkout, tool=[sys.executable, "-c", few])
    assert ended.code == 0, ended.said
    told = json.loads(ended.stdout)["flips"][0]["blame"]
    assert not told["minimal"]
    assert {"madeupb", "madeupd"} <= {c["name"] for c in told["culprits"]}
    assert "the smallest set so far, after 4 crosses" in ended.stderr


@pytest.mark.parametrize(
    ("new", "program", "code", "line"),
    [
        ("nowhere.txt", "same.py", 2, "nowhere.txt: it cannot be installed"),
        ("new.txt", "same.py", 1, "No flip found: good at both ends"),
    ],
)
def test_environments_without_an_answer_are_one_line(
    checkout: Path, made_up: Path, new: str, program: str, code: int, line: str
) -> None:
    ended = between(made_up, checkout, new, program)
    assert ended.code == code, ended.said
    assert line in ended.stderr


COMMON = """
aio-pika==9.4.3 aiormq==6.8.1 annotated-types==0.7.0 click==8.1.7 fast-depends==2.3.1
idna==3.10 markdown-it-py==3.0.0 mdurl==0.1.2 multidict==6.1.0 pamqp==3.3.0 propcache==0.2.0
pydantic==2.9.2 pydantic-core==2.23.4 pygments==2.18.0 rich==13.9.2 shellingham==1.5.4
sniffio==1.3.1 typer==0.12.5 typing-extensions==4.12.2
"""
"""What both environments hold: as of October 2024, with fast-depends held where 0.3 imports."""


def test_finds_two_changes_that_only_fail_together_on_the_index(
    checkout: Path, tmp_path: Path
) -> None:
    """From 0.3.6 on FastStream reads anyio's version as numbers, which 4.6.2.post1 is not."""
    for file, moved in (
        ("old.txt", "anyio==4.6.1 faststream==0.3.3 yarl==1.15.2"),
        ("new.txt", "anyio==4.6.2.post1 faststream==0.3.6 yarl==1.15.5"),
    ):
        (tmp_path / file).write_text("\n".join([*COMMON.split(), *moved.split()]))
    ended = run(
        [*TOOL, "bisect", "--between", str(tmp_path / "old.txt"), str(tmp_path / "new.txt"),
         "import-clean", "--json", "-"],
        checkout,
    )  # fmt: skip
    assert ended.code == 0, ended.said
    answer = json.loads(ended.stdout)
    validate(answer, "bisect")
    (flip,) = answer["flips"]
    told = flip["blame"]
    assert told["culprits"] == [
        {"name": "faststream", "before": "0.3.3", "after": "0.3.6"},
        {"name": "anyio", "before": "4.6.1", "after": "4.6.2.post1"},
    ]
    assert told["minimal"]
    assert not told["welded"]
    crosses = {name: verdict for name, verdict, _ in told["crosses"]}
    assert crosses["old.txt with faststream 0.3.6"] == "good"
    assert crosses["old.txt with anyio 4.6.2.post1"] == "good"
    assert crosses["new.txt with yarl 1.15.2"] == "bad"
    assert "It is faststream 0.3.6 and anyio 4.6.2.post1 together, none of them" in ended.stderr
