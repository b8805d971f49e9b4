"""The broker's part, on real RabbitMQ nodes."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bisector import ROOT
from bisector.rabbitmq import (
    BrokerError,
    PrivateServer,
    Server,
    Watch,
    control,
    debian,
    find,
    libraries,
    node,
)
from bisector.rabbitmq.control import version

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture(scope="module", autouse=True)
def nothing_left_behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whatever else a test is about: no node leaves a folder."""
    folder = tmp_path_factory.mktemp("nodes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder))
        patch.setenv("TMPDIR", str(folder))
        yield
    assert not list(folder.iterdir())


async def start() -> PrivateServer:
    server = await (await find(print)).start()
    assert isinstance(server, PrivateServer)
    return server


@pytest.fixture(autouse=True)
def no_broker_of_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AMQP_URL", raising=False)


@pytest.fixture(scope="module")
def server() -> Iterator[PrivateServer]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AMQP_URL", raising=False)
        running = asyncio.run(start())
    yield running
    asyncio.run(running.stop())


def eventually(happened: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.01)
    return happened()


async def appears(folder: Path, pattern: str, while_: asyncio.Future[Any]) -> None:
    while not await asyncio.to_thread(lambda: list(folder.glob(pattern))):
        assert not while_.done(), while_
        await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def processes_of(folder: str | Path) -> set[int]:
    """The processes (Linux) that have the folder's name in their environment."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if str(folder).encode() in path.read_bytes():
                found.add(int(path.parent.name))
        except OSError:
            pass
    return found


def test_a_node_takes_messages_and_is_the_version_it_was_said_to_be(server: PrivateServer) -> None:
    assert 0 < asyncio.run(control(server.url)) < 5
    assert asyncio.run(version(server.url)) == server.version
    assert server.running()
    assert server.private


def test_the_password_is_random_and_not_shown(server: PrivateServer) -> None:
    password = server.url.split(":")[2].split("@")[0]
    assert len(password) == 32
    assert password not in repr(server)


def test_two_nodes_at_once_and_nothing_left_of_them() -> None:
    async def both() -> tuple[PrivateServer, PrivateServer]:
        one, two = await asyncio.gather(start(), start())
        async with one, two:
            assert one.url != two.url
            await asyncio.gather(control(one.url), control(two.url))
        return one, two

    for ended in asyncio.run(both()):
        assert not ended.running()
        assert ended.folder is not None
        assert not Path(ended.folder).exists()


def listening(folder: str | None) -> list[str]:
    """The addresses, as /proc/net has them, where the processes of this folder listen (Linux)."""
    sockets = set()
    for pid in processes_of(folder or "none"):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            if found := re.match(r"socket:\[(\d+)\]", str(descriptor.readlink())):
                sockets.add(found[1])
    rows = [
        row.split()
        for table in ("tcp", "tcp6")
        for row in Path("/proc/net", table).read_text().splitlines()[1:]
    ]
    return [row[1] for row in rows if row[3] == "0A" and row[9] in sockets]


def epmds() -> set[bytes]:
    """The process ids of all epmd on this machine."""
    return set(
        subprocess.run(["pgrep", "-x", "epmd"], check=False, capture_output=True).stdout.split()
    )


@linux
def test_it_listens_on_one_loopback_port_and_brings_no_epmd() -> None:
    before = epmds()
    running = asyncio.run(start())
    try:
        port = int(running.url.rsplit(":", 1)[1].strip("/"))
        assert listening(running.folder) == [f"0100007F:{port:04X}"]
        assert epmds() <= before
    finally:
        asyncio.run(running.stop())


def test_a_killed_parent_leaves_no_process_and_no_folder() -> None:
    program = """
import asyncio, time
from bisector.rabbitmq import find

async def main():
    server = await (await find(lambda stage: None)).start()
    print(server.process.pid, server.folder, flush=True)
    time.sleep(600)

asyncio.run(main())
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        pid, folder = parent.stdout.readline().split()
        assert alive(int(pid))
        assert Path(folder).exists()
        parent.kill()
    assert eventually(lambda: not alive(int(pid)))
    assert eventually(lambda: not Path(folder).exists())


def test_a_killed_node_is_seen() -> None:
    async def kill() -> None:
        async with await start() as running:
            assert isinstance(running, PrivateServer)
            async with Watch(running.url) as watch:
                assert not watch.lost
                running.process.send_signal(signal.SIGKILL)
                await asyncio.to_thread(running.process.wait)
                assert not running.running()
                for _ in range(1000):
                    if watch.lost:
                        break
                    await asyncio.sleep(0.01)
                assert watch.lost
            with pytest.raises(BrokerError, match="nobody listens"):
                await control(running.url)

    asyncio.run(kill())


def test_a_watch_that_we_close_lost_nothing(server: PrivateServer) -> None:
    async def look() -> bool:
        async with Watch(server.url) as watch:
            pass
        return watch.lost

    assert not asyncio.run(look())


@linux
def test_cancelled_while_it_boots_it_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = asyncio.run(find(print))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    async def cancel() -> None:
        booting = asyncio.ensure_future(source.start())
        await appears(tmp_path, "*/data", booting)  # RabbitMQ itself is at work
        assert processes_of(tmp_path)
        booting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await booting

    asyncio.run(cancel())
    assert not list(tmp_path.iterdir())
    assert eventually(lambda: not processes_of(tmp_path), 5)


def test_no_room_for_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = asyncio.run(find(print))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(BrokerError, match=r"cannot write temporary files: .*TMPDIR"):
        asyncio.run(source.start())


def test_a_taken_port_is_not_used(server: PrivateServer, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = int(server.url.rsplit(":", 1)[1].strip("/"))
    free = node.free_port()
    ports = iter([taken, free])
    monkeypatch.setattr(node, "free_port", lambda: next(ports))
    other = asyncio.run(start())
    assert f":{free}/" in other.url
    asyncio.run(other.stop())


WRONG = {
    "credentials": ("amqp://guest:secret@{at}/", "refused the credentials of user 'guest'"),
    "vhost": ("{url}nowhere", "has no virtual host 'nowhere'"),
    "no TLS": ("amqps://guest:secret@{at}/", "TLS to .* failed"),
    "nobody there": ("amqp://guest:secret@127.0.0.1:{free}/", "nobody listens at 127.0.0.1:"),
    "no host": ("amqp://guest:secret@nowhere.invalid/", "no host 'nowhere.invalid'"),
    "not AMQP": ("amqp://guest:secret@127.0.0.1:{garbage}/", "does not speak AMQP"),
    "silent": ("amqp://guest:secret@127.0.0.1:{silent}/", r"no AMQP answer from .* within 0\.5 s"),
    "silent TLS": ("amqps://guest:secret@127.0.0.1:{silent}/", "no AMQP answer"),
    "other scheme": ("http://guest:secret@localhost/", "malformed"),
    "no scheme": ("localhost:5672", "malformed"),
    "empty": ("", "malformed"),
    "port": ("amqp://guest:secret@localhost:70000/", "malformed"),
    "raw password": ("amqp://guest:12/secret@localhost/", "malformed"),
}


@pytest.mark.parametrize("case", WRONG)
def test_control_tells_what_is_wrong(
    case: str, server: PrivateServer, capfd: pytest.CaptureFixture[str]
) -> None:
    url, line = WRONG[case]

    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)  # the client's protocol header
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def ask() -> None:
        garbage = await asyncio.start_server(answers, "127.0.0.1", 0)
        silent = await asyncio.start_server(says_nothing, "127.0.0.1", 0)
        async with garbage, silent:
            await control(
                url.format(
                    url=server.url,
                    at=server.url.split("@")[1].strip("/"),
                    free=node.free_port(),
                    garbage=garbage.sockets[0].getsockname()[1],
                    silent=silent.sockets[0].getsockname()[1],
                ),
                timeout=0.5 if "silent" in case else 5,
            )

    with pytest.raises(BrokerError, match=line) as caught:
        asyncio.run(ask())
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value) + caught.value.details
    assert "".join(capfd.readouterr()) == ""  # aio-pika and aiormq log errors of their own


def test_find_takes_amqp_url_and_leaves_that_broker_alone(
    server: PrivateServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMQP_URL", server.url)

    async def use() -> Server:
        source = await find(print)
        assert (source.source, source.version) == ("AMQP_URL", server.version)
        async with await source.start() as given:
            pass
        return given

    given = asyncio.run(use())
    assert (given.url, given.version, given.private) == (server.url, server.version, False)
    assert given.running()
    asyncio.run(control(server.url))  # `stop` did not stop it


def test_find_tells_what_is_wrong_with_amqp_url(
    server: PrivateServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMQP_URL", server.url + "nowhere")
    with pytest.raises(BrokerError, match=r"^AMQP_URL: RabbitMQ at .* has no virtual host"):
        asyncio.run(find(print))


def test_find_with_nothing_there_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(node, "HOMES", ())
    with pytest.raises(BrokerError, match=r"^no RabbitMQ here: .*install.*AMQP_URL") as caught:
        asyncio.run(find(print))
    assert "\n" not in str(caught.value)


LAYOUTS = {
    "Debian": ("usr/lib/rabbitmq/lib/rabbitmq_server-{version}", "usr/lib/erlang"),
    "RPM": ("usr/lib/rabbitmq/lib/rabbitmq_server-{version}", "usr/lib64/erlang"),
    "Homebrew": ("opt/homebrew/opt/rabbitmq", "opt/homebrew/opt/erlang/lib/erlang"),
    "Homebrew on Intel": ("usr/local/opt/rabbitmq", "usr/local/opt/erlang@26/lib/erlang"),
    "tarball": ("opt/rabbitmq_server-{version}", "usr/local/lib/erlang"),
}


@pytest.fixture(scope="module")
def real() -> node.Layout:
    return node.layout() or asyncio.run(debian.default(print))


@pytest.mark.parametrize("name", LAYOUTS)
def test_an_installed_rabbitmq_is_found(name: str, real: node.Layout, tmp_path: Path) -> None:
    for place, target in zip(LAYOUTS[name], (real.home, real.erlang), strict=True):
        link = tmp_path / place.format(version=real.version)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)
    found = node.layout(tmp_path)
    assert found is not None
    assert found.version == real.version
    assert found.home.is_relative_to(tmp_path)
    assert (found.bin / "erlexec").exists()


def test_the_newest_of_several_is_taken(real: node.Layout, tmp_path: Path) -> None:
    for number in ("3.9.29", "3.13.7", "3.8.2"):
        (tmp_path / f"opt/rabbitmq_server-{number}/plugins/rabbit-{number}").mkdir(parents=True)
    (tmp_path / "usr/lib").mkdir(parents=True)
    (tmp_path / "usr/lib/erlang").symlink_to(real.erlang)
    found = node.layout(tmp_path)
    assert found is not None
    assert found.version == "3.13.7"


KNOWN = """{lists:sort(maps:keys(rabbit_feature_flags:list(enabled))),
 lists:sort([Type || {Type, _} <- rabbit_registry:lookup_all(exchange)])}."""


def test_what_is_not_looked_through_had_nothing_to_do(
    real: node.Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def text(log: Path) -> str:
        return log.read_text()

    async def boot(log: Path) -> tuple[list[str], str]:
        with log.open("wb") as out:
            booting = node._launch(real, "", out)
            assert await node.ready(booting, node.BOOT_SECONDS), text(log)
            async with booting:
                assert booting.console is not None
                known = await booting.console.ask(KNOWN)
        steps = re.findall(r"Running boot step (\S+) defined by app (\S+)", text(log))
        return steps, known

    async def both() -> None:
        fast = await boot(tmp_path / "fast")
        monkeypatch.setattr(libraries, "loading", lambda _libraries: "ok.")
        assert await boot(tmp_path / "slow") == fast
        assert len(fast[0]) > 10
        assert "topic" in fast[1]

    asyncio.run(both())


def test_where_all_modules_are_listed_to_rabbitmq(tmp_path: Path) -> None:
    module = tmp_path / "one-1.0/ebin/one.beam"
    module.parent.mkdir(parents=True)
    module.write_bytes(b"not to be read")
    assert "'one'" in libraries.loading([tmp_path / "one-1.0"])
    (tmp_path / "two-1.0.ez").touch()
    (tmp_path / "khepri-0.18.1").mkdir()
    for other in ("two-1.0.ez", "khepri-0.18.1"):
        assert libraries.loading([tmp_path / "one-1.0", tmp_path / other]) == "ok."


def test_a_tarball_on_path_boots(
    real: node.Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home/sbin").mkdir(parents=True)
    (tmp_path / "home/sbin/rabbitmq-server").touch(0o755)
    (tmp_path / "home/plugins").symlink_to(real.home / "plugins")
    (tmp_path / "erlang/bin").mkdir(parents=True)
    (tmp_path / "erlang/bin/erl").touch(0o755)
    for entry in real.erlang.iterdir():
        if entry.name != "bin":
            (tmp_path / "erlang" / entry.name).symlink_to(entry)
    (tmp_path / "erlang/bin/start_sasl.boot").symlink_to(real.erlang / "bin/start_sasl.boot")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/rabbitmq-server").symlink_to(tmp_path / "home/sbin/rabbitmq-server")
    (tmp_path / "bin/erl").symlink_to(tmp_path / "erlang/bin/erl")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    async def use() -> None:
        source = await find(print)
        assert (source.source, source.version) == ("installed RabbitMQ", real.version)
        async with await source.start() as running:
            await control(running.url)

    asyncio.run(use())
    assert (node.layout() or real).home == tmp_path / "home"


needs_apt = pytest.mark.skipif(not debian.usable(), reason="needs apt-get and dpkg-deb")


@needs_apt
def test_packages_are_unpacked_once_whoever_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    stages: list[str] = []

    async def twice() -> list[node.Layout]:
        both = (debian.default(stages.append) for _ in range(2))
        return list(await asyncio.gather(*both))

    one, two = asyncio.run(twice())
    assert one == two
    # One of them fetched and unpacked, the other waited.
    assert sum(stage.startswith(("fetching", "unpacking")) for stage in stages) == 2, stages
    folder = next(tmp_path.glob("*/rabbitmq/*"))
    assert {path.name for path in folder.iterdir()} == {one.version, "lock", "suites.json"}


@needs_apt
@linux
def test_cancelled_while_it_fetches_it_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    async def cancel() -> None:
        fetching = asyncio.ensure_future(debian.default(print))
        await appears(tmp_path, "*/rabbitmq/*/partial-*/apt/debs", fetching)
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetching

    asyncio.run(cancel())
    assert {path.name for path in tmp_path.glob("*/rabbitmq/*/*")} <= {"lock", "suites.json"}
    assert not processes_of(tmp_path) - {os.getpid()}
