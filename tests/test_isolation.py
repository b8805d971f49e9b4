"""What a probe has to itself: virtual host, address, files, network; each on the real thing."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aio_pika
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pamqp import frame

from bisector.errors import OutsideError, UserError
from bisector.isolation import files, sandbox
from bisector.isolation.leftovers import left_behind, other_arguments
from bisector.isolation.needs import Needs, read_definitions
from bisector.isolation.relay import GUEST, Identity, Relay, _Frames
from bisector.processes import process
from bisector.rabbitmq import BrokerError, PrivateServer, find
from bisector.rabbitmq.console import KEPT_VHOSTS

linux = pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")


async def start() -> PrivateServer:
    server = await (await find(print)).start()
    assert isinstance(server, PrivateServer)
    return server


@pytest.fixture(scope="module")
def node() -> Iterator[PrivateServer]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AMQP_URL", raising=False)
        running = asyncio.run(start())
    yield running
    asyncio.run(running.stop())


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[aio_pika.abc.AbstractChannel]:
    async with await aio_pika.connect(url) as connection:
        yield await connection.channel()


async def refused(url: str) -> bool:
    try:
        async with connected(url):
            return False
    except aio_pika.exceptions.AMQPError:
        return True


def test_each_has_a_virtual_host_that_goes_in_the_end(node: PrivateServer) -> None:
    async def use() -> None:
        async with node.alone() as one, node.alone() as two:
            assert one.url != two.url
            async with connected(one.url) as mine, connected(two.url) as theirs:
                await mine.declare_queue("orders", durable=True)
                await theirs.declare_queue("orders", durable=False)  # elsewhere, so no 406
            async with connected(one.others["AMQP_URL_OTHER_USER"]) as other:
                await other.declare_queue("orders", passive=True)  # the same virtual host
            gone = one.url
        assert node.console is not None
        for _ in range(KEPT_VHOSTS + 1):
            async with node.alone():
                pass
        await node.console.ask("waited_for.")
        assert await refused(gone)

    asyncio.run(use())


def test_many_virtual_hosts_at_once(node: PrivateServer) -> None:
    async def one() -> str:
        async with node.alone() as server, connected(server.url) as channel:
            await channel.declare_queue("orders", exclusive=True)
            return server.url

    async def all_() -> list[str]:
        return await asyncio.gather(*(one() for _ in range(20)))

    assert len(set(asyncio.run(all_()))) == 20


def test_a_node_that_dies_between_two_probes_is_a_brokers_error() -> None:
    async def dies() -> None:
        server = await start()
        try:
            async with server.alone():
                server.process.kill()
                server.process.wait()
            with pytest.raises(BrokerError, match="died"):
                async with server.alone():
                    pass
        finally:
            await server.stop()

    asyncio.run(dies())


def test_an_expression_that_raises_is_told_and_the_node_goes_on(node: PrivateServer) -> None:
    async def ask() -> str:
        assert node.console is not None
        with pytest.raises(BrokerError) as raised:
            await node.console.ask("erlang:error(oops).")
        assert "oops" in raised.value.details
        return await node.console.ask("1 + 1.")

    assert asyncio.run(ask()) == "{ok,2}"


class Through:
    """A relay at a port, before a virtual host of its own."""

    def __init__(self, node: PrivateServer, *known: Identity) -> None:
        self.node, self.known = node, known

    @asynccontextmanager
    async def open(self) -> AsyncIterator[tuple[Relay, str]]:
        async with self.node.alone() as server, Relay(server.url, self.known) as relay:
            port = await relay.open_port()
            self.behind = server.url
            yield relay, f"127.0.0.1:{port}"


def test_the_relay_lets_guest_in_and_leads_to_the_probes_own_host(node: PrivateServer) -> None:
    through = Through(node, GUEST)

    async def use() -> None:
        async with through.open() as (relay, at):
            before = relay.heard
            async with connected(f"amqp://guest:guest@{at}/") as channel:
                await channel.declare_queue("orders")
                async with connected(through.behind) as behind:
                    await behind.declare_queue("orders", passive=True)
            assert relay.opened == 1
            assert relay.heard > before
            assert relay.declared == {("queue", "orders")}
            assert not relay.denied

    asyncio.run(use())


@pytest.mark.parametrize("who", ["guest:wrong", "app:secret"])
def test_the_relay_lets_nobody_in_whom_rabbitmq_would_not(node: PrivateServer, who: str) -> None:
    through = Through(node, GUEST)

    async def use() -> None:
        async with through.open() as (relay, at):
            assert await refused(f"amqp://{who}@{at}/")
            assert relay.opened == 0
            assert relay.denied

    asyncio.run(use())


def test_the_relay_knows_who_was_named_and_no_other_virtual_host(node: PrivateServer) -> None:
    app = Identity("app", "secret", "prod")
    through = Through(node, app)

    async def use() -> None:
        async with through.open() as (relay, at):
            assert not await refused(f"amqp://app:secret@{at}/prod")
            assert await refused(f"amqp://app:secret@{at}/other-vhost")
            assert relay.opened == 1

    asyncio.run(use())


def test_the_relay_keeps_what_rabbitmq_complains_of(node: PrivateServer) -> None:
    through = Through(node, GUEST)

    async def use() -> list[str]:
        async with through.open() as (relay, at):
            async with connected(f"amqp://guest:guest@{at}/") as channel:
                with pytest.raises(aio_pika.exceptions.ChannelClosed):
                    await channel.get_exchange("read_exchange", ensure=True)
            return relay.complaints

    (complaint,) = asyncio.run(use())
    assert complaint.startswith("404 NOT_FOUND - no exchange 'read_exchange'")


def test_the_relay_carries_large_messages_whole(node: PrivateServer) -> None:
    body = os.urandom(3_000_000)
    through = Through(node, GUEST)

    async def use() -> bytes:
        async with through.open() as (_, at), connected(f"amqp://guest:guest@{at}/") as channel:
            queue = await channel.declare_queue("large", exclusive=True)
            await channel.default_exchange.publish(aio_pika.Message(body), "large")
            message = await queue.get(no_ack=True)
            assert message is not None
            return message.body

    assert asyncio.run(use()) == body


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=8), st.integers(1, 50))
def test_frames_are_cut_alike_however_the_bytes_arrive(bodies: list[bytes], size: int) -> None:
    from pamqp import body as pamqp_body  # noqa: PLC0415

    whole = [frame.marshal(pamqp_body.ContentBody(body), 1) for body in bodies]
    stream, frames = b"".join(whole), _Frames()
    chunks = [stream[i : i + size] for i in range(0, len(stream), size)]
    assert [raw for chunk in chunks for _, _, raw in frames.feed(chunk)] == whole


def test_a_copy_of_a_folder_is_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    (folder / "pkg").mkdir(parents=True)
    (folder / "logs").mkdir()
    (folder / "pkg" / "a.py").write_text("A = 1")
    (folder / "run.sh").write_text("#!/bin/sh")
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("pkg/a.py")
    (folder / "out").symlink_to("/etc/hostname")
    (folder / ".venv" / "lib").mkdir(parents=True)
    found = files.below(folder)
    found.copy(tmp_path / "copy")
    copy = tmp_path / "copy"
    assert (copy / "pkg" / "a.py").read_text() == "A = 1"
    assert (copy / "logs").is_dir()
    assert stat.S_IMODE((copy / "run.sh").stat().st_mode) == 0o755
    assert (copy / "link").resolve() == (copy / "pkg" / "a.py").resolve()
    assert str((copy / "out").readlink()) == "/etc/hostname"
    assert not (copy / ".venv").exists()
    (copy / "pkg" / "a.py").write_text("A = 2")
    assert (folder / "pkg" / "a.py").read_text() == "A = 1"
    assert files.below(copy).digest() != found.digest() == files.below(folder).digest()


def test_a_folder_that_holds_too_much_is_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_FILES", 3)
    for n in range(5):
        (tmp_path / f"{n}.txt").write_text("")
    found = files.below(tmp_path)
    assert found.names is None
    assert found.digest() == ""


@pytest.mark.parametrize(
    ("needs", "line"),
    [
        (Needs(declare=("exchange",)), "should look like exchange:NAME"),
        (Needs(declare=("topic:x",)), "should look like exchange:NAME"),
        (Needs(declare=("queue:a:b:c",)), "should look like exchange:NAME"),
        (Needs(declare=("queue:odd \x00 name",)), "Invalid value for"),
        (Needs(url_as=("colour=X",)), "host=RABBIT_HOST"),
        (Needs(url_as=("A B",)), "name a variable"),
        (Needs(environ=("NAME",)), "NAME=VALUE"),
        (Needs(at="http://localhost"), "name a port"),
        (Needs(at="amqp://elsewhere:5672/"), "name a port"),
        (Needs(at="99999"), "name a port"),
        (Needs(definitions="[]"), "export of definitions"),
        (Needs(definitions="{"), "export of definitions"),
    ],
)
def test_needs_that_cannot_be_read_are_one_line(needs: Needs, line: str) -> None:
    with pytest.raises(UserError, match=line):
        needs.check()


def test_the_address_is_given_under_any_name_and_in_parts() -> None:
    needs = Needs(url_as=("RABBITMQ_URL", "host=H", "port=P", "user=U", "password=W", "vhost=V"))
    assert needs.variables("amqp://me:p%40ss@10.0.0.1:5673/some%2Fhost") == {
        "RABBITMQ_URL": "amqp://me:p%40ss@10.0.0.1:5673/some%2Fhost",
        "H": "10.0.0.1", "P": "5673", "U": "me", "W": "p@ss", "V": "some/host",
    }  # fmt: skip


def test_what_has_to_be_there_is_there(node: PrivateServer, tmp_path: Path) -> None:
    exported = tmp_path / "definitions.json"
    exported.write_text(
        json.dumps(
            {
                "exchanges": [{"name": "e", "vhost": "/", "type": "fanout", "durable": True,
                               "auto_delete": False, "internal": False, "arguments": {}}],
                "queues": [{"name": "q", "vhost": "/", "durable": True, "auto_delete": False,
                            "arguments": {"x-max-length": 9}}],
                "bindings": [{"source": "e", "vhost": "/", "destination": "q",
                              "destination_type": "queue", "routing_key": "", "arguments": {}}],
                "policies": [{"vhost": "/", "name": "short", "pattern": "^orders$",
                              "apply-to": "queues", "definition": {"max-length": 1},
                              "priority": 0}],
            }
        )
    )  # fmt: skip
    needs = Needs(
        declare=("exchange:odd.na-me_1", "exchange:t:topic", "queue:orders", "binding:t:orders:k"),
        definitions=read_definitions(exported),
    )

    async def use() -> None:
        async with node.alone() as server:
            await needs.declare_at(server)
            async with connected(server.url) as channel:
                await channel.get_exchange("odd.na-me_1", ensure=True)
                exchange = await channel.get_exchange("t", ensure=True)
                for text in (b"first", b"second"):  # the policy keeps one
                    await exchange.publish(aio_pika.Message(text), "k")
                queue = await channel.get_queue("orders", ensure=True)
                assert queue.declaration_result.message_count == 1
                fanout = await channel.get_exchange("e", ensure=True)
                await fanout.publish(aio_pika.Message(b"x"), "")
                bound = await channel.get_queue("q", ensure=True)
                assert bound.declaration_result.message_count == 1

    asyncio.run(use())


def test_what_rabbitmq_does_not_take_is_one_line(node: PrivateServer) -> None:
    async def use() -> None:
        async with node.alone() as server:
            await Needs(declare=("exchange:x:nonsense",)).declare_at(server)

    with pytest.raises(OutsideError, match="does not take what --declare"):
        asyncio.run(use())


def test_what_is_left_on_a_users_rabbitmq_is_seen(node: PrivateServer) -> None:
    async def use() -> set[tuple[str, str]]:
        async with node.alone() as server:
            async with connected(server.url) as channel:
                await channel.declare_queue("stays")
                await channel.declare_exchange("stays, too")
            declared = {("queue", "stays"), ("queue", "gone"), ("exchange", "stays, too")}
            return await left_behind(server.url, declared)

    assert asyncio.run(use()) == {("queue", "stays"), ("exchange", "stays, too")}
    said = "PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'stays' in vhost '/'"
    assert other_arguments([said]) == {("queue", "stays")}


ASKS = """
import socket, sys
with socket.create_connection(("localhost", 5672), timeout=5) as s:
    s.sendall(b"x")
own = socket.socket(); own.bind(("127.0.0.1", 8000)); own.listen()
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5)
except OSError as error:
    print("alone", error.errno)
"""


@linux
def test_a_namespace_has_its_own_ports_and_hands_out_what_listens_in_it() -> None:
    if not sandbox.namespaces():
        pytest.skip("the kernel lets nobody here make a namespace")

    async def one(port: int) -> tuple[str, int]:
        namespace = sandbox.Namespace([5672])
        arrived = 0

        async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal arrived
            arrived += 1
            writer.close()

        command = [sys.executable, "-c", ASKS, str(port)]
        async with process.start(command, namespace=namespace.theirs) as running:
            sockets = await asyncio.to_thread(namespace.sockets)
            servers = [await asyncio.start_server(accept, sock=s) for s in sockets]
            assert await running.wait(10) == 0, running.output
            for server in servers:
                server.close()
        namespace.close()
        return running.output, arrived

    async def four() -> list[tuple[str, int]]:
        outside = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
        port = outside.sockets[0].getsockname()[1]
        try:
            return await asyncio.gather(*(one(port) for _ in range(4)))
        finally:
            outside.close()

    for output, arrived in asyncio.run(four()):
        assert output.startswith("alone")  # nobody of this machine is in there
        assert arrived == 1


def test_scratch_and_listeners_go_with_the_probe(node: PrivateServer, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "repro.py").write_text("pass")

    async def use() -> int:
        with tempfile.TemporaryDirectory() as scratch:
            async with (
                node.alone() as server,
                sandbox.prepare(
                    server, files.below(tmp_path / "app"), Needs(), sandbox.Arrangement(),
                    Path(scratch),
                ) as made,
            ):  # fmt: skip
                assert (made.folder / "repro.py").is_file()
                assert str(made.variables["TMPDIR"]).startswith(scratch)
                port = urlsplit(str(made.variables["AMQP_URL"])).port
                assert port is not None
                assert sandbox.listens(port)
        return port

    assert not sandbox.listens(asyncio.run(use()))
