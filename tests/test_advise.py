"""The advice for those who are stuck, tried on real releases and a real RabbitMQ."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bisector import rabbitmq
from bisector.bisection import histories
from bisector.bisection.advice import HELPS, MEANING, NO_HELP, NOT_NEEDED, NOT_TRIED, WORSE
from bisector.environments import releases
from tests.command import TOOL, nox, run
from tests.schemas import validate

# What was measured by hand in 0.4.7 before any of this was written.
EXPECTED = {
    "upgrade": HELPS,
    "default-exchange": HELPS,
    "fresh-broker": HELPS,
    "plain-aio-pika": HELPS,
    "restart-on-timeout": HELPS,
    "single-broker": HELPS,
    "connection-pool": HELPS,
    "broker-pool": NO_HELP,
    "other-credentials": NO_HELP,
    "publish-timeout": NO_HELP,
    "wait-for-retry": NO_HELP,
    "watch-and-reconnect": NO_HELP,
    "other-vhost": WORSE,
}
LOST = {  # 0.4.7 has that fault, too; aio-pika alone is guilty
    "upgrade": HELPS,
    "hold-aio-pika": HELPS,
    "connected-first": HELPS,
    "wait-for": HELPS,
    "publish-timeout": NO_HELP,
    "ping-first": NOT_TRIED,
}
# 0.5.30 has others, and aio-pika 9.5.1 has one of its own.
OTHERS = {
    "close-warnings": {"let-go": HELPS},
    "publisher-after-connect": {
        "upgrade": HELPS,
        "publisher-first": HELPS,
        "start-after": HELPS,
        "through-the-broker": HELPS,
        "set-up-by-hand": HELPS,
    },
    "finish-on-stop": {
        "upgrade": HELPS,
        "graceful-timeout": HELPS,
        "subscribers-first": HELPS,
        "wait-for-handlers": HELPS,
    },
}
# Advice that nobody should follow: each makes something else worse, and must be found out.
HARMFUL = {
    "publishes_twice": ("[await case.publish(body) for _ in range(2)]", "arrived more than once"),
    "publishes_nothing": ("await asyncio.sleep(0)", "did not arrive"),
    "stops_receiving": (
        "await case.broker.close(); await case.broker.connect(case.url); await case.publish(body)",
        "no longer receives",
    ),
    "leaves_a_connection": (
        "await aio_pika.connect(case.url); await case.publish(body)",
        "left open after closing",
    ),
}
PROGRAM = '''"""Do harm."""
import asyncio, aio_pika
from benchmarks.scenarios._common import main
from benchmarks.workarounds.sibling_close._common import Case

async def probe(bench):
    case = await Case.begin(bench)
    async def publish(body):
        {act}
    return await case.judge(publish, prevents=True)

main(probe)
'''


@pytest.fixture(scope="module")
def own_url() -> Iterator[str]:
    """A broker of the user's."""

    async def start() -> rabbitmq.Server:
        return await (await rabbitmq.find(lambda _text: None)).start()

    server = asyncio.run(start())
    yield server.url
    asyncio.run(server.stop())


def answers(document: dict[str, Any]) -> dict[str, str]:
    return {row["name"]: row["answer"] for row in document["advice"]}


def test_what_helps_who_is_stuck(checkout: Path, tmp_path: Path) -> None:
    json_file, markdown = tmp_path / "advice.json", tmp_path / "advice.md"
    ended = run(
        [*nox(), "-s", "advise", "--", "0.4.7", "--json", str(json_file), "--markdown",
         str(markdown)],
        checkout,
    )  # fmt: skip
    assert ended.code == 0, ended.said
    document = json.loads(json_file.read_text())
    validate(document, "advise")
    assert answers(document) == EXPECTED
    assert document["meaning"] == MEANING
    rows = {row["name"]: row for row in document["advice"]}
    assert rows["upgrade"]["advice"] == "Upgrade to 0.5.0"
    faults = {fault["scenario"]: fault for fault in document["faults"]}
    assert answers(faults["publish-connection-lost"]) == LOST
    assert "aio-pika" in faults["publish-connection-lost"]["fixed"]["blame"]
    assert faults["import-clean"]["upload"].startswith("anyio 4.6.2")  # that killed it
    assert faults["import-clean"]["source"] == "results/lifetimes.json"
    assert answers(faults["import-clean"]) == {"as-of-its-day": HELPS}
    verdicts = {row["scenario"]: row["today"]["verdict"] for row in document["scenarios"]}
    assert verdicts.pop("import-clean") == "bad"
    assert set(verdicts.values()) == {"skip"}
    assert all(rows["watch-and-reconnect"]["evidence"]["well"].values())
    for name, row in rows.items():
        if name == "upgrade":
            continue
        evidence = row["evidence"]
        assert evidence["broker_receives"] is True, name
        assert evidence["published"] - evidence["lost"] == 5 * (row["answer"] == HELPS), name
        assert evidence["connections_left"] == evidence["arrived_twice"] == 0, name
        if row["answer"] == HELPS:  # only what really hangs has been helped
            assert any("RabbitBroker.publish" in step for step in evidence["hang"]), name
    assert rows["other-vhost"]["evidence"]["lost"] == 1
    assert "went to the sibling's virtual host instead" in rows["other-vhost"]["reason"]
    assert rows["wait-for-retry"]["evidence"]["attempts"] == ["TimeoutError"] * 3
    assert "until the new one is closed" in rows["fresh-broker"]["reason"]
    assert "Makes it worse in 0.4.7: other-vhost." in document["answer"]
    assert "; makes it worse: other-vhost." in ended.stdout
    assert "| Upgrade to 0.5.0 (`upgrade`) | helps |" in markdown.read_text()
    for text in (json_file.read_text(), markdown.read_text()):  # no trace of the machine
        assert str(checkout) not in text


def test_newest_that_hangs_on_a_broker_of_the_users(checkout: Path, own_url: str) -> None:
    """Nothing is named: the release is found; and harmful advice is found out on the way.

    What killed it for fresh installs is not known either, and bisected.
    """
    folder, snapshot, lifetimes = (
        checkout / "benchmarks" / "workarounds" / "sibling_close",
        checkout / "bisector/environments/releases.json",
        checkout / "results" / "lifetimes.json",
    )
    before = {path: path.read_text() for path in [snapshot, lifetimes, *folder.glob("[a-z]*.py")]}
    lifetimes.unlink()
    releases.save(releases.select(releases.load(snapshot), "0.4.6", "0.5.0"), snapshot)
    for path in folder.glob("[a-z]*.py"):
        if not path.name.startswith("other_"):  # the others are tried above
            path.unlink()
    for name, (act, _reason) in HARMFUL.items():
        (folder / f"{name}.py").write_text(PROGRAM.format(act=act))
    try:
        ended = run([*TOOL, "advise", "--json", "-"], checkout, AMQP_URL=own_url)
    finally:
        for name in HARMFUL:
            (folder / f"{name}.py").unlink()
        for path, text in before.items():
            path.write_text(text)
    assert ended.code == 0, ended.said
    document = json.loads(ended.stdout)
    assert document["release"] == "0.4.7"
    (stopped,) = (f for f in document["faults"] if f["scenario"] == "import-clean")
    assert stopped["upload"] == histories.read_deaths()["0.4.7"]
    assert stopped["source"].startswith("bisected along days")
    harmful = {name.replace("_", "-"): reason for name, (_act, reason) in HARMFUL.items()}
    assert answers(document) == {
        "upgrade": HELPS,
        "other-vhost": NOT_TRIED,
        "other-credentials": NOT_TRIED,
        **dict.fromkeys(harmful, WORSE),
    }
    reasons = {row["name"]: row["reason"] for row in document["advice"]}
    for name, reason in harmful.items():
        assert reason in reasons[name]
    assert "name it in AMQP_URL_OTHER_VHOST" in reasons["other-vhost"]
    assert own_url.split(":")[2].split("@", maxsplit=1)[0] not in ended.said


def test_a_release_without_that_hang_has_other_faults(
    checkout: Path, own_url: str, tmp_path: Path
) -> None:
    """From a requirements file, in which only what matters here has to be pinned."""
    file = tmp_path / "requirements.txt"
    file.write_text("-e .\nuvicorn>=0.20\nFastStream[rabbit]==0.5.30\naio_pika==9.5.1\n")
    ended = run([*TOOL, "advise", str(file), "--json", "-"], checkout, AMQP_URL=own_url)
    assert ended.code == 0, ended.said
    document = json.loads(ended.stdout)
    validate(document, "advise")
    assert document["pinned"] == ["aio-pika==9.5.1"]
    assert document["dependencies"]["aio-pika"] == "9.5.1"
    assert set(answers(document).values()) == {NOT_NEEDED}
    assert document["answer"] == ["0.5.30 does not hang: no advice is needed."]
    faults = {fault["scenario"]: fault for fault in document["faults"]}
    assert {name: answers(fault) for name, fault in faults.items()} == OTHERS
    late, stops = faults["publisher-after-connect"], faults["finish-on-stop"]
    assert (late["since"]["after"], late["fixed"]["after"]) == ("0.5.0rc0", "0.5.34")
    assert (stops["since"], stops["fixed"]["after"]) == (None, "0.7.6")
    assert faults["close-warnings"]["since"] is None
    newest = document["targets"][-1]
    assert "newest" in newest["why"]
    assert newest["mends"] == sorted(OTHERS.keys() - {"close-warnings"})
    assert newest["today"]["close-warnings"]["verdict"] == "bad"  # as long as that is pinned
    assert "Bad in 0.5.30: " in ended.stderr


def test_a_release_that_does_not_import_is_told_where_to_go(checkout: Path, own_url: str) -> None:
    ended = run([*TOOL, "advise", "0.3.4", "--markdown", "-"], checkout, AMQP_URL=own_url)
    assert ended.code == 0, ended.said
    assert "No module named 'packaging'" in ended.stdout
    assert "| Upgrade to 0.3.6 (`upgrade`) | helps |" in ended.stdout
    assert "- since: 0.3.4. It is faststream's own code" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["0.4.99"], "there is no release 0.4.99; the nearest: 0.4.7, 0.5.0rc0"),
        (["99.1"], "there is no release 99.1; the nearest: "),  # the index was asked
        (["nonsense"], "nonsense: neither a release nor a file"),
        (["pyproject.toml"], "pyproject.toml: a format that is not known"),
        (["docs/requirements.txt"], "docs/requirements.txt: neither a release nor a file"),
        (["0.4.7", "--json", "no/such/folder/advice.json"], "no such folder"),
        (["0.4.7", "--json", "-", "--markdown", "-"], "standard output"),
        (["0.4.7", "--deps", "yesterday"], "--deps"),
        (["0.4.7", "0.5.0"], "0.5.0"),
    ],
)
def test_wrong_use_is_one_line(checkout: Path, arguments: list[str], line: str) -> None:
    ended = run([*TOOL, "advise", *arguments], checkout)
    assert ended.code == 2, ended.said
    assert ended.stdout == ""
    assert line in ended.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("uvicorn==0.20.0\n", "no faststream in it: name a release, or another file"),
        ("faststream[rabbit]>=0.5\n", "line 1: 'faststream[rabbit]>=0.5' names no single version"),
        ("faststream @ https://example.org/faststream-0.5.0-py3-none-any.whl", "no release"),
    ],
)
def test_a_file_that_pins_no_release_is_wrong_use(
    checkout: Path, tmp_path: Path, text: str, line: str
) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(text)
    ended = run([*TOOL, "advise", str(file)], checkout)
    assert ended.code == 2, ended.said
    assert ended.stdout == ""
    last = ended.stderr.splitlines()[-1]
    assert line in last
    assert str(file) in last
