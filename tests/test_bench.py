"""asv on real releases and a real RabbitMQ, with one cheap benchmark in place of the real ones."""

from __future__ import annotations

import asyncio
import getpass
import json
import platform
import re
import signal
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from bisector import ROOT, rabbitmq
from bisector.commands import bench as command
from bisector.environments import recipes, releases
from bisector.errors import UserError
from bisector.history import machine, repository, runs
from tests.command import TOOL, Ended, all_gone, copied, descendant, end, run, started

ASV = [sys.executable, "-m", "asv"]
GONE = "0.99.0"
"""A release that the index does not have (any more)."""
BENCHMARK = '''
import asyncio, importlib.metadata, os, time

def setup_cache():
    """Publish a message, and return 4 for 0.4.7."""
    import aio_pika

    async def publish():
        async with await aio_pika.connect(os.environ["AMQP_URL"]) as connection:
            channel = await connection.channel()
            while True:  # as long as the test holds us
                message = aio_pika.Message(b"")
                await channel.default_exchange.publish(message, "nowhere", mandatory=False)
                if not os.path.exists(os.environ.get("HOLD", "")):
                    break
                time.sleep(0.05)

    asyncio.run(publish())
    return int(importlib.metadata.version("faststream").split(".")[1])

class Tiny:
    params = [[1, 2]]
    param_names = ["factor"]

    def track_minor(self, minor, factor):
        return minor * factor

    track_minor.unit = "bytes"

def time_nothing(_minor):
    pass

time_nothing.repeat, time_nothing.number, time_nothing.warmup_time = 1, 1, 0
'''


@pytest.fixture(scope="module")
def project(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with a benchmark that takes no time, and no results."""
    target = copied(checkout, tmp_path_factory.mktemp("bench") / "project", "benchmarks", "results")
    (target / "benchmarks").mkdir()
    (target / "benchmarks" / "__init__.py").touch()
    (target / "benchmarks" / "tiny.py").write_text(BENCHMARK)
    known = releases.load(target / "bisector" / "environments" / "releases.json")
    gone = releases.Release(GONE, known[-1].uploaded + timedelta(days=1))
    releases.save([*known, gone], target / "bisector" / "environments" / "releases.json")
    return target


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A RabbitMQ for the runs that need none of their own, which saves them its start."""

    async def start() -> rabbitmq.Server:
        return await (await rabbitmq.find(lambda _text: None)).start()

    server = asyncio.run(start())
    yield server.url
    asyncio.run(server.stop())


def measure(project: Path, *arguments: str, **environ: str) -> Ended:
    return run([*TOOL, "bench", *arguments], project, **environ)


def filed(project: Path) -> dict[str, Path]:
    """The result files by release."""
    commits = repository.commits(project / ".asv" / "releases.git")
    short = {commit[:8]: version for version, commit in commits.items()}
    files = (project / "results" / "asv").glob("*/*-*.json")
    return {short[file.name[:8]]: file for file in files}


@pytest.fixture(scope="module")
def measured(project: Path) -> Ended:
    """The first run: two releases, one that does not import, and one that is not to be had."""
    return measure(project, "0.4.7", "0.3.4", GONE, "0.5.0")


def test_releases_are_measured_by_name(project: Path, measured: Ended) -> None:
    assert measured.code == 0, measured.said
    assert "RabbitMQ" in measured.stdout
    assert "1 of 4 releases in" in measured.stdout
    assert "4 releases in" in measured.stdout
    assert "a release\n" in measured.stdout
    assert filed(project).keys() == {"0.4.7", "0.3.4", GONE, "0.5.0"}
    row = json.loads(filed(project)["0.4.7"].read_text())["results"]["tiny.Tiny.track_minor"]
    assert row[0] == [4, 8]


def test_an_untestable_release_is_on_file_as_such(project: Path, measured: Ended) -> None:
    why = "0.3.4 does not import: ModuleNotFoundError: No module named 'packaging'"
    assert why in measured.said
    assert f"{GONE} cannot be installed: No solution found" in measured.said
    assert f"nothing can be measured of 0.3.4, {GONE}; that is on file, too" in measured.stdout
    for version in ("0.3.4", GONE):
        table = json.loads(filed(project)[version].read_text())
        assert {name: row[0] for name, row in table["results"].items()} == {
            "tiny.Tiny.track_minor": None,
            "tiny.time_nothing": None,
        }


@pytest.mark.usefixtures("measured")
def test_results_give_nothing_away(project: Path) -> None:
    text = "".join(file.read_text() for file in (project / "results").rglob("*.json"))
    for secret in (platform.node(), platform.release(), str(project), str(Path.home()), "/tmp"):
        assert secret not in text
    assert f'"{getpass.getuser()}"' not in text
    table = json.loads(filed(project)["0.5.0"].read_text())
    assert table["env_name"] == "nox-py3.11"
    assert table["params"]["rabbitmq"]
    assert "asv_runner" not in " ".join(
        p.name for p in (project / ".nox" / "release-0-5-0").rglob("site-packages/*")
    )


@pytest.mark.usefixtures("measured")
def test_asv_works_on_releases_as_on_commits(project: Path) -> None:
    shown = run([*ASV, "show", "0.4.7"], project)
    assert shown.code == 0, shown.said
    assert "tiny.Tiny.track_minor" in shown.stdout
    compared = run([*ASV, "compare", "0.4.7", "0.5.0"], project)
    assert compared.code == 0, compared.said
    assert "<0.4.7>" in compared.stdout
    assert "1.25" in compared.stdout
    assert "time_nothing" not in compared.stdout  # of another minute: it says nothing
    assert "Left out: 1 benchmarks in seconds" in compared.stdout
    published = run([*ASV, "publish"], project)
    assert published.code == 0, published.said
    index = json.loads((project / ".asv" / "html" / "index.json").read_text())
    assert index["tags"].keys() >= {"0.4.7", "0.5.0"}
    assert index["graph_param_list"][0]["rabbitmq"]


@pytest.mark.usefixtures("measured")
def test_asv_finds_a_release(project: Path, url: str) -> None:
    command = [*ASV, "find", "0.4.7^..0.5.0rc1", "tiny.Tiny.track_minor"]
    found = run(command, project, AMQP_URL=url)
    assert found.code == 0, found.said
    assert "Greatest regression found: e1d0e857 <0.5.0rc0>" in found.stdout


@pytest.mark.usefixtures("measured")
def test_two_runs_at_once_do_not_mix(project: Path, tmp_path: Path, url: str) -> None:
    hold = tmp_path / "hold"
    hold.touch()
    with started([*TOOL, "bench", "0.4.7"], project, HOLD=str(hold), AMQP_URL=url) as first:
        descendant(first, "setup_cache")
        second = measure(project, "0.5.0")
        direct = run([*ASV, "run", "0.5.0^!"], project, AMQP_URL=url)
        hold.unlink()
        assert end(first).code == 0
    assert (second.code, direct.code) == (3, 3)
    assert "another benchmark run is going on" in second.stderr
    assert "another benchmark run is going on" in direct.said


@pytest.mark.usefixtures("measured")
def test_a_broker_that_dies_leaves_nothing_on_file(project: Path, tmp_path: Path, url: str) -> None:
    hold = tmp_path / "hold"
    hold.touch()
    filed(project)["0.4.7"].unlink()
    with started([*TOOL, "bench", "0.4.7"], project, HOLD=str(hold)) as process:
        descendant(process, "setup_cache")
        descendant(process, "beam").kill()
        ended = end(process)
    assert ended.code == 3, ended.said
    assert "RabbitMQ failed while 0.4.7 was measured (the RabbitMQ node died)" in ended.said
    assert "0.4.7" not in filed(project)

    missing = ["--missing", "0.4.7..0.5.0rc0", "--bench", "Tiny"]
    resumed = measure(project, *missing, AMQP_URL=url)
    assert resumed.code == 0, resumed.said
    assert filed(project).keys() >= {"0.4.7", "0.5.0rc0"}
    again = measure(project, *missing, AMQP_URL=url)
    assert (again.code, again.stdout.splitlines()[-1]) == (0, "nothing is missing")


@pytest.mark.usefixtures("measured")
def test_a_stopped_run_leaves_nothing_behind(project: Path, tmp_path: Path, url: str) -> None:
    hold = tmp_path / "hold"
    hold.touch()
    before = filed(project)["0.5.0"].read_text()
    for by, environ in ((signal.SIGINT, {"AMQP_URL": url}), (signal.SIGKILL, {})):
        command = [*TOOL, "bench", "0.5.0"]
        with started(command, project, HOLD=str(hold), **environ) as process:
            descendant(process, "setup_cache")
            family = psutil.Process(process.pid).children(recursive=True)
            process.send_signal(by)
            process.communicate(timeout=30)
            assert all_gone(family)
        assert filed(project)["0.5.0"].read_text() == before
    assert measure(project, "0.5.0", "--quick", AMQP_URL=url).code == 0
    assert filed(project)["0.5.0"].read_text() == before
    assert not (project / ".asv" / "tmp").exists()


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('"version": 2', '"version": 1'), "has layout version 1, and this version reads 2"),
        (("4bcfc448c", "4bcfc448d"), "is foreign"),
        (("nox-py3.11", "virtualenv-py3.11"), "is foreign"),
        (('"machine": ', '"machine": "x", "was": '), "is foreign"),
        (("{", "["), "cannot be read as JSON"),
        (('"commit_hash"', '"hash"'), "is not a result file of asv's"),
    ],
)
def test_a_foreign_file_is_refused_by_name(
    project: Path, change: tuple[str, str], said: str
) -> None:
    file = filed(project)["0.4.7"]
    text = file.read_text()
    try:
        file.write_text(text.replace(*change))
        ended = measure(project, "0.5.0")
    finally:
        file.write_text(text)
    assert ended.code == 2, ended.said
    (line,) = ended.stderr.splitlines()
    assert f"{file.relative_to(project)} {said}" in line


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "name releases (0.6.0)"),
        (["0.98"], 2, "there is no release 0.98"),
        ([GONE], 3, "nothing can be measured of 0.99.0"),
        (["0.4.7", "--profile"], 2, "asv profile"),
        (["0.4.7", "--bogus"], 2, "unrecognized arguments: --bogus"),
        (["0.4.7", "--bench", "Nope"], 2, "No benchmarks selected"),
    ],
)
def test_wrong_use(project: Path, arguments: list[str], code: int, said: str) -> None:
    ended = measure(project, *arguments)
    assert ended.code == code, ended.said
    assert said in ended.said


@pytest.mark.usefixtures("measured")
def test_results_of_another_machine_are_not_mixed_in(project: Path) -> None:
    file = filed(project)["0.4.7"].with_name("machine.json")
    text = file.read_text()
    try:
        file.write_text(text.replace(f'"cpu": "{machine.describe()["cpu"]}', '"cpu": "Z80'))
        ended = measure(project, "0.4.7")
    finally:
        file.write_text(text)
    assert ended.code == 2, ended.said
    assert "comes from another machine (Z80" in ended.stderr


def test_choosing_releases() -> None:
    known = releases.load()

    def chosen(*names: str, all_of_them: bool = False) -> list[str]:
        return [r.version for r in runs.choose(known, names, all_of_them=all_of_them)]

    assert chosen("0.5.0", "0.4.7", "0.5.0") == ["0.5.0", "0.4.7"]
    assert chosen("0.4.7..0.5.0") == ["0.4.7", "0.5.0rc0", "0.5.0rc1", "0.5.0rc2", "0.5.0"]
    assert chosen("0.4.6..0.4.7", "0.4.5..0.4.6") == ["0.4.6", "0.4.7", "0.4.5"]
    assert chosen("..0.1.0") == ["0.1.0rc0", "0.1.0rc1", "0.1.0"]
    assert len(chosen(all_of_them=True)) == sum(not r.yanked for r in known)
    with pytest.raises(UserError, match="--all or --missing"):
        chosen()


@pytest.mark.parametrize(
    ("arguments", "named", "asv", "flags"),
    [
        (["0.4.7", "0.5.0"], ["0.4.7", "0.5.0"], [], (False, False)),
        (["--all"], [], [], (True, False)),
        (["--missing", "--bench", "X", "--quick"], [], ["--bench", "X", "--quick"], (False, True)),
        (["0.4.7", "-b", "X", "--missing"], ["0.4.7"], ["-b", "X"], (False, True)),
        (["--missing", "0.4.0..0.5.3"], ["0.4.0..0.5.3"], [], (False, True)),
    ],
)
def test_what_follows_an_option_of_asvs_is_asvs(
    arguments: list[str], named: list[str], asv: list[str], flags: tuple[bool, bool]
) -> None:
    args = command.parser().parse_args(arguments)
    assert (args.releases, args.asv, (args.all, args.missing)) == (named, asv, flags)


def test_a_release_lacks_a_benchmark() -> None:
    result = runs.Result(Path("x"), "c", "3", {"a": [[1.0], [], "1"], "b": [None, [], "1", 9]})
    assert not runs.missing(result, {"a": "1", "b": "1"})
    assert runs.missing(result, {"a": "2"})
    assert runs.missing(result, {"c": "1"})
    assert runs.missing(None, {})
    assert result.usable


def test_the_interpreter_is_the_one_of_all_environments() -> None:
    assert f'"pythons": ["{recipes.PYTHON}"]' in (ROOT / "asv.conf.json").read_text()


def test_what_is_better_when_higher_stays_off_asvs_regression_page() -> None:
    text = "".join(file.read_text() for file in (ROOT / "benchmarks").glob("*.py"))
    names = set(re.findall(r"higher_is_better=True\)\s+def (\w+)", text))
    patterns = re.findall(r'"(.*)": null', (ROOT / "asv.conf.json").read_text())
    assert names
    assert [n for n in names if not any(re.match(p, n) for p in patterns)] == []
    # What asv_plugin takes for trouble with RabbitMQ.
    assert "class NoRabbitMQError(" in text
