"""RabbitMQ in a container, where Docker or Podman works."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import tempfile
from functools import partial
from typing import IO

from bisector.processes.process import start

from . import node
from .console import USER
from .server import BrokerError, PrivateServer, Progress, Server, Source
from .unpack import NEWEST

DEFAULT = "3"
"""The last 3.x: newer ones begin to refuse what the oldest releases declare."""
ANSWER_SECONDS, PULL_SECONDS, BOOT_SECONDS = 5.0, 300.0, 60.0

# The container's first process. It ends when its standard input does, and then so does all else in
# the container: the engine closes it when its client, or whoever holds the client's own, is gone.
_FIRST = """
exec 3<&0
docker-entrypoint.sh rabbitmq-server </dev/null 3<&- &
server=$!
(cat <&3 >/dev/null; kill -9 $server) &
wait $server
"""


def engines() -> list[str]:
    """Return the container engines on PATH, whether or not they work."""
    return [name for name in ("docker", "podman") if shutil.which(name)]


async def source(progress: Progress, wanted: str = DEFAULT) -> Source:
    """An engine that answers and has the image, or can fetch it. Raises `BrokerError`."""
    image = f"rabbitmq:{'' if wanted == NEWEST else f'{wanted}-'}alpine"
    reasons = []
    for engine in engines():
        try:
            version = await _image(engine, image, progress)
        except BrokerError as error:
            reasons.append(str(error))
        else:
            return Source(f"container ({engine})", version, partial(_boot, engine, image, version))
    raise BrokerError("; ".join(reasons) or "neither docker nor podman is installed")


async def _image(engine: str, image: str, progress: Progress) -> str:
    """The version of RabbitMQ in the image, which is fetched if it is not here."""
    await _run(engine, "ps", "-q", seconds=ANSWER_SECONDS)
    version = await _version(engine, image)
    if version is None:
        progress(f"fetching the RabbitMQ image with {engine}")
        await _run(engine, "pull", "-q", image, seconds=PULL_SECONDS)
        version = await _version(engine, image)
    return version or "unknown"


async def _run(*command: str, seconds: float) -> str:
    async with start(command) as process:
        code = await process.wait(seconds)
        if code is None:
            raise BrokerError(f"{command[0]} does not answer")
        if code:
            lines = process.output.strip().splitlines() or [f"exit code {code}"]
            raise BrokerError(f"{command[0]}: {lines[-1]}", details=process.output)
        return process.output


async def _version(engine: str, image: str) -> str | None:
    """RabbitMQ's version in the image; None if the image is not here."""
    form = "{{range .Config.Env}}{{println .}}{{end}}"
    try:
        told = await _run(engine, "image", "inspect", "-f", form, image, seconds=ANSWER_SECONDS)
    except BrokerError:
        return None
    match = re.search(r"^RABBITMQ_VERSION=(\S+)", told, re.MULTILINE)
    return match[1] if match else ""


async def _boot(engine: str, image: str, version: str) -> Server:
    words = f"container ({engine})"
    for _ in range(3):  # somebody else may take the port before the engine does
        with tempfile.TemporaryFile() as log:
            server = _launch(engine, image, version, words, log)
            if await node.ready(server, BOOT_SECONDS):
                return server
            log.seek(0)
            said = log.read().decode(errors="replace")
        if "already" not in said and "in use" not in said:
            break
    raise BrokerError(
        f"RabbitMQ in a {words} does not start: {node.reason(said)};"
        " set AMQP_URL to a broker of yours",
        details=said,
    )


def _launch(engine: str, image: str, version: str, words: str, log: IO[bytes]) -> PrivateServer:
    port, password = node.free_port(), secrets.token_hex(16)
    command = [
        engine, "run", "--rm", "--interactive", "--pull=never",
        "--publish", f"127.0.0.1:{port}:5672",
        "--env", "RABBITMQ_DEFAULT_USER", "--env", "RABBITMQ_DEFAULT_PASS",
        "--entrypoint", "/bin/sh", image, "-c", _FIRST,
    ]  # fmt: skip
    secret = {"RABBITMQ_DEFAULT_USER": USER, "RABBITMQ_DEFAULT_PASS": password}
    process = subprocess.Popen(
        command,
        env=os.environ | secret,  # not on the command line, where everybody can read it
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C is for us; we end the container
    )
    url = f"amqp://{USER}:{password}@127.0.0.1:{port}/"
    return PrivateServer(url=url, version=version, source=words, process=process, grace=15)
