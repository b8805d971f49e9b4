"""A private, throw-away RabbitMQ node: one loopback port, no epmd, no Erlang distribution."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import re
import secrets
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from bisector.processes.janitor import SYSTEM_PATH, janitor

from . import libraries
from .console import OTHER, USER, Console
from .server import BrokerError, PrivateServer, Server, Source

# Where installations put RabbitMQ: Debian and RPM, Homebrew (Apple silicon, Intel, Linux), the
# generic tarball and the container images.
HOMES = (
    "/usr/lib/rabbitmq/lib/rabbitmq_server-*",
    "/usr/lib64/rabbitmq/lib/rabbitmq_server-*",
    "/usr/lib/rabbitmq",
    "/opt/homebrew/opt/rabbitmq",
    "/usr/local/opt/rabbitmq",
    "/home/linuxbrew/.linuxbrew/opt/rabbitmq",
    "/opt/rabbitmq*",
    "/usr/local/rabbitmq*",
    "/usr/local/lib/rabbitmq*",
)
# ... and Erlang, likewise; Homebrew's RabbitMQ may want a versioned Erlang, which it does not link.
ERLANGS = (
    "/usr/lib/erlang",
    "/usr/lib64/erlang",
    "/opt/homebrew/opt/erlang*/lib/erlang",
    "/usr/local/opt/erlang*/lib/erlang",
    "/home/linuxbrew/.linuxbrew/opt/erlang*/lib/erlang",
    "/usr/local/lib/erlang",
    "/opt/erlang/lib/erlang",
)
BOOT_SECONDS = 60.0
ROOM = 10_000_000
"""Bytes that a node needs for its folder, generously."""

# Runs before RabbitMQ boots. Reads standard input to its end (our parent closed it, or died), and
# stops at once. A line meanwhile is an Erlang expression that we want the value of: see `Console`.
_WATCH = """spawn(fun() -> P = open_port({fd,0,%d},[{line,1048576},eof,binary]),
 Value = fun(Text) -> {ok,Tokens,_} = erl_scan:string(binary_to_list(Text)),
  {ok,Parsed} = erl_parse:parse_exprs(Tokens), {value,V,_} = erl_eval:exprs(Parsed,[]), V end,
 Say = fun(Said) -> port_command(P, io_lib:format("~w~n", [Said])) end,
 Do = fun(Text) -> spawn(fun() -> Say(try {ok,Value(Text)} catch C:R -> {C,R} end) end) end,
 L = fun(L) -> receive {P,eof} -> erlang:halt(0,[{flush,false}]); {P,{data,{eol,Text}}} ->
  Do(Text), L(L); _ -> L(L) end end, L(L) end)."""
# Run after it. RabbitMQ would otherwise start epmd, in a whole extra Erlang VM, every 60 s.
_AFTER = "supervisor:terminate_child(rabbit_sup, rabbit_epmd_monitor_sup)."
# A second virtual host and a second user, with the first one's password. Nobody waits for them.
_OTHERS = f"""{{ok, P}} = application:get_env(rabbit, default_pass), All = <<".*">>,
 catch rabbit_vhost:add(<<"{OTHER}">>, <<"boot">>),
 catch rabbit_auth_backend_internal:add_user(<<"{OTHER}">>, P, <<"boot">>),
 [catch rabbit_auth_backend_internal:set_permissions(U, V, All, All, All, <<"boot">>)
  || {{U, V}} <- [{{<<"{USER}">>, <<"{OTHER}">>}}, {{<<"{OTHER}">>, <<"/">>}}]]."""


@dataclass(frozen=True)
class Layout:
    """Where RabbitMQ (`home`, with plugins/) and Erlang (`erlang`, with erts-*/) are."""

    home: Path
    erlang: Path

    @property
    def version(self) -> str:
        """RabbitMQ's, like "3.10.8"."""
        name = _newest(self.home / "plugins", "rabbit-[0-9]*")[0].name
        return name.removeprefix("rabbit-").removesuffix(".ez")  # an archive up to 3.8

    @property
    def bin(self) -> Path:
        """The folder of `erlexec`, Erlang's own launcher."""
        return _newest(self.erlang, "erts-*/bin/erlexec")[0].parent


def layout(base: Path | None = None) -> Layout | None:
    """The RabbitMQ installed on this machine, or unpacked below `base`; None if there is none."""
    homes, erlangs = _places(HOMES, base), _places(ERLANGS, base)
    if base is None:
        homes, erlangs = _beside("rabbitmq-server") + homes, _beside("erl") + erlangs
    home = next((h for h in homes if _newest(h / "plugins", "rabbit-[0-9]*")), None)
    erlang = next((e for e in erlangs if _newest(e, "erts-*/bin/erlexec")), None)
    if not home or not erlang:
        return None
    return Layout(home, erlang)


def source(found: Layout, words: str) -> Source:
    """Nodes from this layout; `words` say where it came from."""

    async def starter() -> Server:
        return await boot(found, words)

    return Source(words, found.version, starter, isolates=True)


async def boot(found: Layout, words: str) -> Server:
    """Start a node and wait until it lets us in: 1.5-6 s. Raises `BrokerError`."""
    log = ""
    for _ in range(3):  # somebody else may take the port before the node does
        try:
            if shutil.disk_usage(tempfile.gettempdir()).free < ROOM:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # it would hang, half booted
            with tempfile.TemporaryFile() as out:
                node = _launch(found, words, out)
                if await ready(node, BOOT_SECONDS):
                    return node
                out.seek(0)
                log = out.read().decode(errors="replace")
        except OSError as error:
            raise BrokerError(
                f"cannot write temporary files: {error.strerror};"
                " make room there, or set TMPDIR to another folder"
            ) from error
        if "eaddrinuse" not in log:
            break
    line = f"RabbitMQ {found.version} ({words}) does not start: {reason(log)}"
    raise BrokerError(line + "; repair it, or set AMQP_URL to a broker of yours", details=log)


def _launch(found: Layout, words: str, out: IO[bytes]) -> PrivateServer:
    """Start the process; nothing here awaits, so that no cancellation comes in between."""
    port, password = free_port(), secrets.token_hex(16)
    folder = tempfile.mkdtemp(prefix="bisector-rabbitmq-")
    remover, held = janitor(folder)
    answers, said = os.pipe()
    try:
        needed = libraries.needed(found.home / "plugins")
        _furnish(Path(folder), needed, port, password)
        process = subprocess.Popen(
            _command(found, needed, port, said),
            env=_environ(Path(folder), found, port),
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            pass_fds=[held, said],
            start_new_session=True,  # Ctrl-C is for us; we end the node
        )
    except BaseException:
        os.close(held)
        os.close(answers)
        remover.wait()
        raise
    finally:
        os.close(said)
    os.close(held)
    at = f"{password}@127.0.0.1:{port}/"
    return PrivateServer(
        url=f"amqp://{USER}:{at}",
        version=found.version,
        source=words,
        others={
            "AMQP_URL_OTHER_VHOST": f"amqp://{USER}:{at}{OTHER}",
            "AMQP_URL_OTHER_USER": f"amqp://{OTHER}:{at}",
        },
        process=process,
        folder=folder,
        janitor=remover,
        console=Console(process, answers),
    )


def _furnish(folder: Path, needed: Sequence[Path], port: int, password: str) -> None:
    """Write the node's configuration, and links to only those libraries that it needs."""
    for name in ("home", "lib"):
        (folder / name).mkdir()
    for library in needed:
        (folder / "lib" / library.name).symlink_to(library)
    (folder / "enabled_plugins").write_text("[].\n")
    (folder / "advanced.config").write_text(  # mkdtemp made the folder ours alone
        f'[{{rabbit,[{{tcp_listeners,[{{"127.0.0.1",{port}}}]}},'
        f'{{default_user,<<"{USER}">>}},{{default_pass,<<"{password}">>}},'
        "{loopback_users,[]},{disk_free_limit,1000000}]}].\n"
    )


def _environ(folder: Path, found: Layout, port: int) -> dict[str, str]:
    """All the node's variables: none of ours, and nothing of /etc/rabbitmq."""
    variables: dict[str, str | Path] = {
        "PATH": f"{found.bin}:{SYSTEM_PATH}",
        "HOME": folder / "home",
        "LANG": "C.UTF-8",
        # what the `erl` script would set
        "ROOTDIR": found.erlang,
        "BINDIR": found.bin,
        "EMU": "beam",
        "PROGNAME": "erl",
        "ERL_LIBS": folder / "lib",
        "ERL_MAX_ETS_TABLES": "50000",
        "ERL_MAX_PORTS": "65536",
        "ERL_CRASH_DUMP_SECONDS": "0",
        # never an epmd of somebody else's
        "ERL_EPMD_PORT": "1",
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_HOME": found.home,
        "RABBITMQ_NODENAME": _name(port),
        "RABBITMQ_MNESIA_BASE": folder / "data",
        "RABBITMQ_MNESIA_DIR": folder / "data/node",
        "RABBITMQ_LOG_BASE": folder / "log",
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_PLUGINS_DIR": folder / "lib",
        "RABBITMQ_PLUGINS_EXPAND_DIR": folder / "expanded",
        "RABBITMQ_ENABLED_PLUGINS_FILE": folder / "enabled_plugins",
        "RABBITMQ_FEATURE_FLAGS_FILE": folder / "flags",
        "RABBITMQ_GENERATED_CONFIG_DIR": folder / "generated",
        "RABBITMQ_PID_FILE": folder / "pid",
        # left unset, these would be the ones in /etc/rabbitmq
        "RABBITMQ_CONF_ENV_FILE": folder / "none",
        "RABBITMQ_CONFIG_FILE": folder / "none",
        "RABBITMQ_CONFIG_FILES": folder / "none.d",
        "RABBITMQ_ADVANCED_CONFIG_FILE": folder / "advanced.config",
    }
    return {name: str(value) for name, value in variables.items()}


def _command(found: Layout, needed: Sequence[Path], port: int, said: int) -> list[str | Path]:
    # The shell only caps a huge limit of open files (Erlang walks all of it), then becomes Erlang.
    return [
        "/bin/sh", "-c", 'ulimit -n 65536 2>/dev/null || :; exec "$0" "$@"',
        found.bin / "erlexec", "-noinput", "-boot", "start_sasl",
        "+W", "w", "+B", "i",
        "+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none",  # idle without spinning
        # a name, but neither a listener nor epmd; without the port given the boot would hang
        "-sname", _name(port), "-dist_listen", "false",
        "-start_epmd", "false", "-erl_epmd_port", "1",
        "-kernel", "inet_dist_use_interface", "{127,0,0,1}",
        "-kernel", "prevent_overlapping_partitions", "false",
        "-syslog", "logger", "[]", "-syslog", "syslog_error_logger", "false",
        "-eval", _WATCH % said, "-eval", libraries.loading(needed),
        "-s", "rabbit", "boot", "-eval", _AFTER, "-eval", _OTHERS,
    ]  # fmt: skip


def _name(port: int) -> str:
    return f"bisector{port}@localhost"


async def ready(server: PrivateServer, seconds: float) -> bool:
    """Wait until the booting server lets us in. If it ends instead, or is too slow, kill it."""
    deadline = time.monotonic() + seconds
    arrived = False
    try:
        while server.running() and time.monotonic() < deadline and not arrived:
            arrived = await _lets_us_in(server.url, 5)
            await asyncio.sleep(0.02)
    finally:
        if not arrived:
            server.kill()
    return arrived


async def _lets_us_in(url: str, seconds: float) -> bool:
    # Not `wait_for`: up to Python 3.11 it loses a cancellation that comes as the login ends.
    login = asyncio.ensure_future(_login(url))
    try:
        await asyncio.wait({login}, timeout=seconds)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            return login.done() and login.result()
        return False
    finally:
        login.cancel()


async def _login(url: str) -> bool:
    """AMQP 0-9-1 as far as connection.tune: it listens, and knows our user.

    By hand, for while the node boots it is asked 50 times a second.
    """
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)

    async def frame() -> bytes:
        head = await reader.readexactly(7)
        return await reader.readexactly(struct.unpack(">BHI", head)[2] + 1)

    try:
        writer.write(b"AMQP\0\0\x09\x01")
        await frame()  # connection.start
        plain = f"\0{parts.username}\0{parts.password}".encode()
        start_ok = struct.pack(">HHI", 10, 11, 0) + b"\x05PLAIN"
        start_ok += struct.pack(">I", len(plain)) + plain + b"\x05en_US"
        writer.write(struct.pack(">BHI", 1, 0, len(start_ok)) + start_ok + b"\xce")
        return (await frame())[:4] == struct.pack(">HH", 10, 30)
    finally:
        writer.close()


def free_port() -> int:
    """A port below the ephemeral range, so that no outgoing connection takes it meanwhile."""
    for _ in range(200):
        port = 20000 + secrets.randbelow(12000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise BrokerError("no free port between 20000 and 32000; end some of the servers there")


def reason(log: str) -> str:
    """The line of a failed boot's log that says most: its last complaint, else its last words."""
    lines = [" ".join(line.split()) for line in log.splitlines() if line.strip()]
    complaints = [line for line in lines if re.search("error|cannot|failed", line, re.IGNORECASE)]
    return (complaints or lines or ["it said nothing"])[-1][:200]


def _places(patterns: Iterable[str], base: Path | None) -> list[Path]:
    return [path for p in patterns for path in _newest(base or Path("/"), p.lstrip("/"))]


def _newest(folder: Path, pattern: str) -> list[Path]:
    """Newest version first: 10 is newer than 9."""

    def version(path: Path) -> list[int]:
        return [int(n) for n in re.findall(r"\d+", str(path))]

    return sorted(folder.glob(pattern), key=version, reverse=True)


def _beside(program: str) -> list[Path]:
    """HOME, if the program on PATH is HOME/bin/PROGRAM or HOME/sbin/PROGRAM."""
    path = shutil.which(program)
    return [Path(path).resolve().parent.parent] if path else []
