"""Which RabbitMQ can be had, and that each of them is what it is said to be."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from packaging.version import Version

from bisector.axes import brokers
from bisector.errors import UserError
from bisector.rabbitmq import BrokerError, control, debian, find, node, offers, suites
from bisector.rabbitmq.control import version
from bisector.rabbitmq.fleet import Fleet
from bisector.rabbitmq.server import Server
from bisector.rabbitmq.suites import Suite
from bisector.rabbitmq.unpack import matches, needed
from tests import schemas
from tests.command import TOOL, run

needs_apt = pytest.mark.skipif(not debian.usable(), reason="needs apt-get and dpkg-deb")


@pytest.fixture(autouse=True)
def no_broker_of_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AMQP_URLS", raising=False)


@pytest.mark.parametrize(
    ("wanted", "suited"),
    [
        ("4", ["4.3.6", "4.0.5"]),
        ("4.0", ["4.0.5"]),
        ("3.10.8", ["3.10.8"]),
        ("3.1", []),
        ("newest", ["4.3.6", "4.0.5", "3.10.8"]),
    ],
)
def test_what_is_wanted(wanted: str, suited: list[str]) -> None:
    assert [v for v in ("4.3.6", "4.0.5", "3.10.8") if matches(v, wanted)] == suited


TOLD = """\
rabbitmq-server
  PreDepends: debconf
  Depends: adduser
 |Depends: erlang-base
  Depends: esl-erlang
  Depends: erlang-ssl
erlang-base
  Depends: libc6
  Depends: procps
  Depends: <erlang-abi>
    erlang-base
erlang-ssl
  Depends: erlang-crypto
erlang-crypto
  Depends: libssl3
libssl3
  Depends: libc6
  Depends: debconf
esl-erlang
  Depends: libwx
procps
  Depends: libproc2
"""


def test_erlang_and_the_libraries_below_it_are_needed() -> None:
    erlang = ["erlang-base", "erlang-crypto", "erlang-ssl"]
    assert needed(TOLD) == [*erlang, "libc6", "libssl3", "rabbitmq-server"]


SUITES = """\
version,codename,series,created,release,eol,eol-lts,eol-elts
10,Buster,buster,2017-06-17,2019-07-06,2022-09-10,2024-06-30,2029-06-30
11,Bullseye,bullseye,2019-07-06,2021-08-14,2024-08-14,2026-08-31,2031-06-30
14,Forky,forky,2025-08-09
15,Duke,duke,2027-08-01
,Sid,sid,1993-08-16
,Experimental,experimental,1993-08-16
"""


def test_suites_that_mirrors_still_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suites, "_TABLES", tmp_path)
    (tmp_path / "debian.csv").write_text(SUITES)
    assert suites._known("debian", date(2026, 11, 25)) == ["sid", "forky", "bullseye"]
    assert suites._known("kali", date(2026, 11, 25)) == []


@needs_apt
def test_this_machines_suite_is_one_of_them() -> None:
    found = suites.every()
    assert [s.source for s in found if s.name == suites.own().name] == [""]
    assert all(s.source.startswith("deb ") for s in found if s != suites.own())


def test_an_archive_tells_its_version(tmp_path: Path) -> None:
    home, erlang = tmp_path / "usr/lib/rabbitmq", tmp_path / "usr/lib/erlang"
    for file in (home / "plugins/rabbit-3.8.9.ez", erlang / "erts-11.1.8/bin/erlexec"):
        file.parent.mkdir(parents=True)
        file.touch()
    found = node.layout(tmp_path)
    assert found is not None
    assert found.version == "3.8.9"


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache in which all suites have been asked, and nothing was unpacked."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(node, "HOMES", ())
    folder = debian._folder()
    folder.mkdir(parents=True)
    now = datetime.now(timezone.utc)
    rows = {s.name: {"version": "3.10.8", "asked": now.isoformat()} for s in suites.every()}
    rows["gone"] = {"version": "3.6.1", "asked": (now - 2 * debian.FRESH).isoformat()}
    (folder / "suites.json").write_text(json.dumps(rows))
    return folder


@needs_apt
def test_what_nobody_has_is_wrong_use(asked: Path) -> None:
    with pytest.raises(UserError, match=r"no RabbitMQ 99 here: known are 3\.10\.8 .*AMQP_URLS"):
        asyncio.run(find(print, "99"))
    assert [offer.version for offer in offers.known()] == ["3.10.8", "3.6.1"]
    assert "gone" not in debian.known(asked_within=timedelta(days=1))
    (asked / "suites.json").write_text("{")
    assert offers.known() == []


REFUSED = {
    "another key": (
        "signed-by=[^]]*",
        "signed-by={empty}",
        "sid",
        "NO_PUBKEY|not signed",
    ),
    "no such suite": ("x^", "", "nowhere", "Release"),
    "no mirror": ("https?://[^ ]+", "http://mirror.invalid/", "sid", "mirror.invalid"),
}


@needs_apt
@pytest.mark.parametrize("case", REFUSED)
def test_a_suite_that_cannot_be_trusted_or_had(case: str, asked: Path, tmp_path: Path) -> None:
    pattern, other, name, line = REFUSED[case]
    (tmp_path / "empty.gpg").touch()
    known = next(s for s in suites.every() if s.source)
    text = re.sub(pattern, other.format(empty=tmp_path / "empty.gpg"), known.source)
    suite = Suite(name, text.replace(f" {known.name} ", f" {name} "))
    with pytest.raises(BrokerError, match=line) as caught:
        asyncio.run(debian._ask(suite, "newest", print))
    assert f" {name}: " in str(caught.value)
    assert "\n" not in str(caught.value)
    assert {path.name for path in asked.iterdir()} == {"lock", "suites.json"}


@needs_apt
def test_every_version_that_can_be_had_boots(monkeypatch: pytest.MonkeyPatch) -> None:
    booted, failed = dict[str, Server](), list[str]()

    async def use() -> None:
        failed.extend(await offers.look(print))
        async with contextlib.AsyncExitStack() as stack:
            for offer in offers.known():
                try:
                    source = await find(print, offer.version)
                except BrokerError as error:
                    failed.append(str(error))
                    continue
                server = await stack.enter_async_context(await source.start())
                assert await version(server.url) == source.version == offer.version
                async with server.alone() as alone:
                    await control(alone.url)
                booted[offer.version] = server
            monkeypatch.setenv("AMQP_URLS", ", ".join(server.url for server in booted.values()))
            for number, server in booted.items():
                async with await (await find(print, number)).start() as given:
                    assert (given.url, given.source) == (server.url, "AMQP_URLS")
            with pytest.raises(UserError, match=f"AMQP_URLS lead to {next(iter(booted))}"):
                await find(print, "99")

    asyncio.run(use())
    assert booted
    if failed:
        pytest.skip(f"booted {', '.join(booted)}; could not be had: {'; '.join(failed)}")


def test_a_version_is_a_number(checkout: Path) -> None:
    told = run([*TOOL, "bisect", "--rabbitmq", "three"], checkout)
    assert (told.code, told.stdout) == (2, "")
    assert "argument --rabbitmq: invalid version value: 'three'" in told.stderr


LINE = ["3.8.9", "3.10.8", "4.0.5", "4.3.6"]


@pytest.mark.parametrize(
    ("start", "end", "suited"),
    [
        (None, None, LINE),
        ("3.10", "4.0", ["3.10.8", "4.0.5"]),
        ("3.8.9", "4.0.5", ["3.8.9", "3.10.8", "4.0.5"]),
        ("4", "4", ["4.0.5", "4.3.6"]),
        ("3.10.9", "4.0.1", []),
    ],
)
def test_between_two_versions(start: str | None, end: str | None, suited: list[str]) -> None:
    assert brokers.between(LINE, start, end) == suited


@pytest.fixture(scope="module")
def two() -> tuple[str, str]:
    """The oldest and the newest RabbitMQ that were brought before."""
    found = [offer.version for offer in offers.known() if offer.place != "container"]
    if len(found) < 2:
        pytest.skip("there is only one RabbitMQ here")
    return found[-1], found[0]


def test_a_fleet_keeps_to_the_memory_there_is(two: tuple[str, str]) -> None:
    old, new = two
    notes: list[str] = []

    async def use() -> None:
        async with Fleet(notes.append, most=1) as fleet:
            waiting = asyncio.Event()

            async def second() -> Server:
                waiting.set()
                async with fleet.lend(new) as broker:
                    return (await broker.lease()).server

            async with fleet.lend(old) as broker:
                first = (await broker.lease()).server
                other = asyncio.create_task(second())
                await waiting.wait()
                async with fleet.lend(old) as same:  # is there already, and need not wait
                    assert same is broker
                assert not other.done()
                assert first.running()
            server = await other
            assert (first.version, server.version) == (old, new)
            assert not first.running()
            assert server.running()
        assert not server.running()

    asyncio.run(use())
    assert "memory for 1 RabbitMQ at a time: the others wait" in notes


def test_along_rabbitmq(two: tuple[str, str], checkout: Path) -> None:
    along = [*TOOL, "bisect", "--along", "rabbitmq"]
    held = ["--with", "faststream==0.7.8"]
    told = run([*along, *held, "--from", two[0], "--json", "-", "large-message"], checkout)
    answer = json.loads(told.stdout)
    schemas.validate(answer, "bisect")
    verdicts = {row["version"]: row["verdict"] for row in answer["releases"]}
    # 4.0 lowered what is the largest message.
    assert verdicts == {v: "bad" if Version(v) >= Version("4") else "good" for v in verdicts}
    assert {*two} <= {*verdicts}
    assert told.code == (0 if len({*verdicts.values()}) == 2 else 1)
    for flip in answer["flips"]:
        assert flip["blame"]["sentence"] == "It is RabbitMQ: nothing else differs."
    wrong = run([*along, "large-message"], checkout)
    assert (wrong.code, wrong.stdout) == (2, "")
    assert "needs --with faststream==VERSION" in wrong.stderr
    wrong = run([*along, *held, "--rabbitmq", "4", "large-message"], checkout)
    assert wrong.code == 2
    assert "leave out --rabbitmq" in wrong.stderr
