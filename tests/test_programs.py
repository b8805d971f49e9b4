"""Programs that a user brings, along any axis: read by convention, by output, by deadline."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pypi_simple
import pytest

from bisector.errors import UserError
from bisector.questions import programs
from tests.command import TOOL, Ended, run

VERSION = "from importlib.metadata import version; new = version('faststream') >= '0.5'\n"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return tmp_path / "repro.py"


def bisect(checkout: Path, url: str, *arguments: str | Path) -> tuple[Ended, dict[str, Any]]:
    command = [*TOOL, "bisect", "--from", "0.4.6", "--to", "0.5.0rc1", "--no-blame", "--json", "-"]
    ended = run([*command, *map(str, arguments)], checkout, AMQP_URL=url)
    return ended, json.loads(ended.stdout) if ended.stdout else {}


def flips(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(flip["before"], flip["after"], flip["to"]) for flip in answer["flips"]]


def outcomes(answer: dict[str, Any]) -> set[str]:
    return {row["outcome"] for row in answer["releases"]}


def test_a_users_unchanged_script(checkout: Path, own_url: str, script: Path) -> None:
    """It knows no convention: it hangs when broken and prints when not."""
    script.write_text("""
import asyncio, os, sys, uuid
from faststream.rabbit import RabbitBroker, RabbitExchange
async def main():
    exchange = RabbitExchange("repro-" + uuid.uuid4().hex, auto_delete=True)
    first = RabbitBroker(os.environ["AMQP_URL"], logger=None)
    await first.start()
    await first.declare_exchange(exchange)
    await first.publish("one", queue="q", exchange=exchange)
    print("published once", flush=True)
    second = RabbitBroker(os.environ["AMQP_URL"], logger=None)
    await second.start()
    await second.close()
    await first.publish("two", queue="q", exchange=exchange)
    print("published twice", *sys.argv[1:])
    await first.close()
asyncio.run(main())
""")
    ended, answer = bisect(checkout, own_url, "--timeout", "4", script, "--verbose", "x")
    assert ended.code == 0, ended.said
    assert flips(answer) == [("0.4.7", "0.5.0rc0", "good")]
    seen = {row["version"]: row for row in answer["releases"]}
    assert (seen["0.4.7"]["outcome"], seen["0.4.7"]["output"]) == ("hang", "published once\n")
    assert seen["0.5.0rc0"]["output"] == "published once\npublished twice --verbose x\n"
    assert "0.4.7 wrote" in ended.stderr  # side by side
    assert "0.5.0rc0 wrote" in ended.stderr


@pytest.mark.parametrize(
    ("code", "to", "outcome"),
    [
        ("raise SystemExit(0 if new else 1)", "good", "error"),
        ("raise SystemExit(127 if new else 0)", "bad", "error"),
        ("assert new", "good", "error"),
    ],
)
def test_exit_codes_by_the_convention_of_git_bisect_run(
    checkout: Path, own_url: str, script: Path, code: str, to: str, outcome: str
) -> None:
    script.write_text(VERSION + code)
    ended, answer = bisect(checkout, own_url, script)
    assert ended.code == 0, ended.said
    assert flips(answer) == [("0.4.7", "0.5.0rc0", to)]
    assert outcomes(answer) == {"works", outcome}


@pytest.mark.parametrize("code", ["raise SystemExit(128)", "import os; os.abort()"])
def test_a_program_can_stop_the_search(
    checkout: Path, own_url: str, script: Path, code: str
) -> None:
    script.write_text(VERSION + f"print('cannot go on')\nif new: {code}")
    ended, _ = bisect(checkout, own_url, script)
    assert ended.code == 3, ended.said
    last = ended.stderr.splitlines()[-1]
    assert re.search(r"asked to stop at 0\.5\.0rc[01]: it ended with exit code 1", last)


def test_a_program_can_leave_releases_out(checkout: Path, own_url: str, script: Path) -> None:
    script.write_text(
        "from importlib.metadata import version; v = version('faststream')\n"
        "raise SystemExit({'0.4.6': 1, '0.4.7': 125, '0.5.0rc0': 125}.get(v, 0))"
    )
    ended, answer = bisect(checkout, own_url, script)
    assert ended.code == 0, ended.said
    assert flips(answer) == [("0.4.6", "0.5.0rc1", "good")]
    assert answer["flips"][0]["skipped"] == ["0.4.7", "0.5.0rc0"]
    assert "one of these 3: 0.4.7, 0.5.0rc0, 0.5.0rc1" in ended.stderr


def test_another_failure_is_not_the_same_bug(checkout: Path, own_url: str, script: Path) -> None:
    script.write_text(
        VERSION + "import sys\nif version('faststream') == '0.4.7': raise KeyError('other')\n"
        "if not new: raise ValueError('the one')"
    )
    ended, answer = bisect(checkout, own_url, "--match", "ValueError: the one", script)
    assert ended.code == 0, ended.said
    assert flips(answer) == [("0.4.6", "0.5.0rc0", "good")]
    assert answer["flips"][0]["skipped"] == ["0.4.7"]


@pytest.mark.parametrize(("is_", "code"), [("skip", 3), ("abort", 3), ("bad", 1)])
def test_what_a_hang_is_can_be_chosen(
    checkout: Path, own_url: str, script: Path, is_: str, code: int
) -> None:
    script.write_text("import time; print('waiting', flush=True)\nwhile True: time.sleep(9)")
    ended, answer = bisect(checkout, own_url, "--timeout", "1", "--timeout-is", is_, script)
    assert ended.code == code, ended.said
    if is_ == "abort":
        assert "did not end; no answer within 1 s" in ended.stderr
    else:
        assert outcomes(answer) == {"hang"}
        assert {row["verdict"] for row in answer["releases"]} == {is_}


def test_what_the_program_needs_changes_nothing_else(
    checkout: Path, own_url: str, script: Path
) -> None:
    script.write_text(VERSION + "import tenacity\nassert new")
    ended, answer = bisect(checkout, own_url, "--requires", "tenacity", script)
    assert ended.code == 0, ended.said
    assert flips(answer) == [("0.4.7", "0.5.0rc0", "good")]
    seen = {row["version"]: row["dependencies"] for row in answer["releases"]}
    assert "tenacity" in seen["0.4.7"]
    assert seen["0.4.7"]["aio-pika"] == "9.4.0"  # as without it


def test_a_dependency_can_be_held(checkout: Path, own_url: str, script: Path) -> None:
    script.write_text(VERSION + "assert new")
    ended, answer = bisect(checkout, own_url, "--with", "aio-pika==9.4.1", script)
    assert ended.code == 0, ended.said
    assert {row["dependencies"]["aio-pika"] for row in answer["releases"]} == {"9.4.1"}
    assert 'nox -s "release(0.4.7)" -- --with=aio-pika==9.4.1 ' in ended.stderr


def test_a_release_that_does_not_import_is_not_bad(
    checkout: Path, own_url: str, script: Path
) -> None:
    script.write_text("import faststream.rabbit")
    command = [*TOOL, "bisect", "--from", "0.3.4", "--to", "0.3.6", "--json", "-", str(script)]
    ended = run(command, checkout, AMQP_URL=own_url)
    assert ended.code == 1, ended.said
    seen = {row["version"]: row["outcome"] for row in json.loads(ended.stdout)["releases"]}
    assert seen == {"0.3.4": "unimportable", "0.3.5": "unimportable", "0.3.6": "works"}


def test_a_release_that_does_not_import_is_bad_where_that_is_asked(
    checkout: Path, own_url: str, script: Path
) -> None:
    script.write_text("import faststream.rabbit")
    for program in (str(script), "sibling-close"):
        command = [*TOOL, "bisect", "--from", "0.3.5", "--to", "0.3.6", "--no-blame", "--json", "-",
                   "--unimportable", "bad", program]  # fmt: skip
        ended = run(command, checkout, AMQP_URL=own_url)
        seen = {row["version"]: row for row in json.loads(ended.stdout)["releases"]}
        assert (seen["0.3.5"]["verdict"], seen["0.3.5"]["outcome"]) == ("bad", "unimportable")
        assert "--unimportable" in seen["0.3.5"]["reason"]


def test_an_option_of_ours_after_the_program_gets_a_line(
    checkout: Path, own_url: str, script: Path
) -> None:
    script.write_text("import sys; print(sys.argv[1:])")
    ended, answer = bisect(checkout, own_url, script, "--json", "x", "--other")
    assert ended.code == 1, ended.said
    assert "--json: goes to the program" in ended.stderr
    assert answer["releases"][0]["output"] == "['--json', 'x', '--other']\n"
    ended, _ = bisect(checkout, own_url, script, "--other")
    assert "goes to the program" not in ended.stderr


def test_an_extra_is_installed_where_a_release_has_it(
    checkout: Path, own_url: str, script: Path
) -> None:
    script.write_text("import typer, watchfiles; print('both')")
    command = [*TOOL, "bisect", "--from", "0.5.22", "--to", "0.5.23", "--no-blame", "--json", "-"]
    ended = run([*command, "--extra", "cli", str(script)], checkout, AMQP_URL=own_url)
    seen = {row["version"]: row["verdict"] for row in json.loads(ended.stdout)["releases"]}
    assert seen["0.5.23"] == "good", ended.said
    assert "without the extra 'cli'" in ended.stderr
    assert "--extra=cli" in ended.stderr.splitlines()[-1] + ended.stderr
    plain = run([*command, str(script)], checkout, AMQP_URL=own_url)
    seen = {row["version"]: row["verdict"] for row in json.loads(plain.stdout)["releases"]}
    assert seen["0.5.23"] == "bad", plain.said


def test_a_flaky_program_is_called_when_it_is_certain(
    checkout: Path, own_url: str, script: Path
) -> None:
    script.write_text(VERSION + "import random\nassert new or random.random() > 0.6")
    ended, answer = bisect(checkout, own_url, "--flaky", "--confidence", "0.95", script)
    assert ended.code == 0, ended.said
    assert flips(answer) == [("0.4.7", "0.5.0rc0", "good")]
    assert answer["flips"][0]["probability"] >= 0.95
    assert "Probability 0.9" in ended.stderr


def test_a_flaky_program_that_runs_out_of_probes_is_not_called(
    checkout: Path, own_url: str, script: Path
) -> None:
    script.write_text("import random\nassert random.random() > 0.6")
    ended, answer = bisect(checkout, own_url, "--flaky", "--most", "2", script)
    assert ended.code == 4, ended.said
    assert "No answer that is certain enough" in ended.stderr
    assert (answer["flips"], answer["affected"]) == ([], None)


def test_walks_a_dependency(checkout: Path, own_url: str) -> None:
    ended = run(
        [*TOOL, "bisect", "--along", "aio-pika", "--with", "faststream==0.5.30", "--from",
         "9.4.3", "--to", "9.5.1", "close-warnings", "--json", "-"],
        checkout,
        AMQP_URL=own_url,
    )  # fmt: skip
    assert ended.code == 0, ended.said
    answer = json.loads(ended.stdout)
    assert answer["package"] == "aio-pika"
    assert flips(answer) == [("9.4.3", "9.5.0", "bad")]
    held = [{n: v for n, v in row["dependencies"].items() if n == "pydantic"}
            for row in answer["releases"]]  # fmt: skip
    assert all(row == held[0] for row in held)


AIORMQ = "from importlib import metadata\nassert metadata.version('aiormq') < '6.7'"


@pytest.mark.parametrize(
    ("package", "versions", "text"),
    [
        ("aiormq", ("6.6.4", "6.7.5"), AIORMQ),
        ("kombu", ("5.2.4", "5.3.0"), "import kombu\nassert kombu.__version__ < '5.3'"),
    ],
)  # fmt: skip
def test_walks_a_package_without_faststream(
    checkout: Path, script: Path, package: str, versions: tuple[str, str], text: str
) -> None:
    script.write_text(text)
    first, last = versions
    ended = run(
        [*TOOL, "bisect", "--along", package, "--no-broker", "--no-blame", "--from", first, "--to",
         last, "--json", "-", str(script)],
        checkout,
    )  # fmt: skip
    assert ended.code == 0, ended.said
    answer = json.loads(ended.stdout)
    assert (answer["package"], answer["rabbitmq"]) == (package, "none")
    (flip,) = answer["flips"]
    assert flip["before"] == first
    assert all("faststream" not in row["dependencies"] for row in answer["releases"])


def test_walks_interpreters(checkout: Path, own_url: str) -> None:
    ended = run(
        [*TOOL, "bisect", "--along", "python", "--with", "faststream==0.4.7", "--from", "3.10",
         "--to", "3.12", "import-clean", "--json", "-"],
        checkout,
        AMQP_URL=own_url,
        UV_PYTHON_DOWNLOADS="never",
    )  # fmt: skip
    assert ended.code == 1, ended.said
    seen = {row["version"]: row for row in json.loads(ended.stdout)["releases"]}
    assert seen["3.11"]["verdict"] == "good"
    assert all(row["verdict"] in ("good", "skip") for row in seen.values())


def test_goes_on_from_release_to_commit(checkout: Path, own_url: str, tmp_path: Path) -> None:
    clone = history_of(tmp_path / "clone", ["0.4.7", "0.5.0rc0"])
    ended = run(
        [*TOOL, "bisect", "--from", "0.4.6", "--to", "0.5.0rc1", "--no-blame", "--source",
         str(clone), "--json", "-"],
        checkout,
        AMQP_URL=own_url,
    )  # fmt: skip
    assert ended.code == 0, ended.said
    assert "all of 0.5.0rc0 (#42) (pull request 42)" in ended.stderr, ended.said
    (flip,) = json.loads(ended.stdout)["flips"]
    assert len(flip["commits"]) == 1


def history_of(clone: Path, versions: list[str]) -> Path:
    """Make a clone of FastStream whose commits hold the sources of its releases."""

    def git(*arguments: str) -> None:
        who = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(clone), *who, *arguments], check=True, capture_output=True)

    clone.mkdir()
    git("init", "--quiet", "--initial-branch=main")
    for version in versions:
        for old in clone.iterdir():  # what the release before left must not mix with this one
            if old.is_dir() and old.name != ".git":
                shutil.rmtree(old)
        unpack_sdist(version, clone)
        # All files of all sdists have one time, by which git would take them for unchanged.
        git("rm", "-r", "--quiet", "--cached", "--ignore-unmatch", ".")
        git("add", "--all", "--force", ".")
        git("commit", "--quiet", "-m", f"all of {version} (#42)")
        for n in range(2):
            if version == versions[0]:
                (clone / f"note-{n}").write_text("no change of behaviour")
                git("add", "--all", "--force", ".")
                git("commit", "--quiet", "-m", f"note {n}")
        git("tag", version)
    return clone


def unpack_sdist(version: str, target: Path) -> None:
    with pypi_simple.PyPISimple() as index:
        page = index.get_project_page("faststream")
        (sdist,) = [p for p in page.packages if p.version == version and p.package_type == "sdist"]
        archive = target.with_name(sdist.filename)
        index.download_package(sdist, archive)
    command = ["tar", "-x", "-f", str(archive), "-C", str(target), "--strip-components=1"]
    subprocess.run(command, check=True)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (None, "no file"),
        ("def broken(:", "line 1: "),
        ("x = '\0'", "not a Python program"),
    ],
)
def test_a_program_that_cannot_be_run_is_no_verdict(
    script: Path, text: str | None, line: str
) -> None:
    if text is not None:
        script.write_text(text)
    with pytest.raises(UserError, match=line):
        programs.load([str(script)])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_program_that_cannot_be_read_is_no_verdict(script: Path) -> None:
    script.write_text("")
    script.chmod(0)
    with pytest.raises(UserError, match="permissions"):
        programs.load([str(script)])


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["--package", "aio-pika", "sibling-close"], 2, "--package is now --along aio-pika"),
        (["--python-axis"], 2, "--python-axis is now --along python"),
        (["--along", "aio-pika", "sibling-close"], 2, "or --with faststream==VERSION"),
        (["--along", "flask", "--with", "faststream==0.4.7"], 2, "flask is not in the env"),
        (["--along", "python"], 2, "needs --with faststream=="),
        (["--along", "no-such-package-anywhere", "python", "-V"], 2, "knows no package"),
        (["--no-broker", "sibling-close"], 2, "needs a RabbitMQ"),
        (["--no-broker", "--at", "5673", "python", "-V"], 2, "are about a RabbitMQ"),
        (["--suspect", "0.4.9", "--from", "0.4.7"], 2, "--suspect 0.4.9 is not on the line"),
        (["--to", "git+file:///no/such/clone"], 2, "git says"),
        (["--with", "aio-pika"], 2, "name one version"),
        (["--with", "aio-pika==0.0.99"], 2, "there is no release 0.0.99"),
        (["--with", "faststream==0.4.7"], 2, "holds what the search walks along"),
        (["--with", "pydantic==1.8", "--from", "0.5.0", "--to", "0.5.1"], 3, "No solution found"),
        (["--match", "("], 2, "no regular expression"),
        (
            ["--source", "/no/such/clone", "--from", "0.4.7", "--to", "0.5.0rc0"],
            2,
            "no such folder",
        ),
        (["sibling-close", "argument"], 2, "takes no arguments"),
        (["--flaky", "--map"], 2, "choose one"),
    ],
)
def test_wrong_use_of_axes_and_programs_is_one_line(
    checkout: Path, own_url: str, arguments: list[str], code: int, line: str
) -> None:
    ended = run([*TOOL, "bisect", *arguments], checkout, AMQP_URL=own_url)
    assert ended.code == code, ended.said
    assert line in ended.said
    assert "Traceback" not in ended.said


def test_a_clone_without_the_tags_is_one_line(checkout: Path, own_url: str, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    ended = run(
        [*TOOL, "bisect", "--from", "0.4.7", "--to", "0.5.0rc0", "--source", str(tmp_path)],
        checkout,
        AMQP_URL=own_url,
    )
    assert ended.code == 2, ended.said
    assert "has no tag 0.4.7: fetch the tags" in ended.stderr


def test_lists_the_scenarios(checkout: Path) -> None:
    ended = run([sys.executable, "-m", "bisector", "bisect", "--list"], checkout)
    assert ended.code == 0
    for name in programs.names():
        assert name in ended.stdout
