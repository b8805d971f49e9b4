"""What every way to a RabbitMQ has in common: a `Source` that starts a `Server`."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType

from bisector.errors import OutsideError

Progress = Callable[[str], None]


class BrokerError(OutsideError):
    """No usable RabbitMQ: one line that says why and what to do. Never a verdict."""


@dataclass(frozen=True)
class Server:
    """A RabbitMQ that answers.

    `version` is RabbitMQ's ("3.10.8"), `source` where it came from, in words for people. `private`
    tells a node of our own from a broker that belongs to the user. This class is the user's; a
    node of our own is a `PrivateServer`.
    """

    url: str = field(repr=False)  # it holds a password
    version: str
    source: str
    private: bool = False
    others: Mapping[str, str] = field(default_factory=dict, repr=False)
    """URLs of a second virtual host and a second user, by the variable that a probe has them in."""

    @property
    def variables(self) -> dict[str, str]:
        """What a probe finds its broker by."""
        return {"AMQP_URL": self.url, **self.others}

    def running(self) -> bool:
        """False once a private node has ended; of a user's broker we have no process to look at."""
        return True

    async def stop(self) -> None:
        """End a private node and remove what it wrote; leaves a user's broker alone."""

    async def __aenter__(self) -> Server:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()


@dataclass(frozen=True, kw_only=True)
class PrivateServer(Server):
    """A node of our own, which lives as long as the pipe on its standard input is open.

    The pipe closes when `stop` closes it, and also when this process dies, however it dies: one
    mechanism for both. `folder` holds what it writes, and `janitor` removes that when it ends.
    """

    private: bool = True
    process: subprocess.Popen[bytes] = field(repr=False)
    folder: str | None = field(default=None, repr=False)
    janitor: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    grace: float = field(default=5.0, repr=False)  # seconds from the end of input to SIGKILL

    def running(self) -> bool:
        """Whether the node's process is there."""
        return self.process.poll() is None

    async def stop(self) -> None:
        """Let go of the pipe, and wait until the node has gone; 0.1 s."""
        try:
            if self.process.stdin:
                self.process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self.process.wait, self.grace)
        finally:
            self.kill()

    def kill(self) -> None:
        """`stop` without waiting, for when there is no time to await anything (Ctrl-C)."""
        if self.process.stdin:
            self.process.stdin.close()
        self.process.kill()
        self.process.wait()
        if self.janitor:
            self.janitor.wait()


@dataclass(frozen=True)
class Source:
    """A way to a RabbitMQ that was found to be open; `start` may be called any number of times.

    `version` is None where it can't be known before the node runs.
    """

    source: str
    version: str | None
    starter: Callable[[], Awaitable[Server]] = field(repr=False)

    async def start(self) -> Server:
        """Boot (or, for a user's broker, try) it. Raises `BrokerError`."""
        return await self.starter()
