"""What every way to a RabbitMQ has in common: a `Source` that starts a `Server`."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

from .console import BrokerError, Console

__all__ = ["BrokerError", "PrivateServer", "Progress", "Server", "Source"]

Progress = Callable[[str], None]


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

    @property
    def isolates(self) -> bool:
        """Whether each probe can have a virtual host to itself."""
        return False

    @contextlib.asynccontextmanager
    async def alone(self) -> AsyncIterator[Server]:
        """This broker as a probe sees it: shared with all others, where it is the user's."""
        yield self

    async def set_policy(self, policy: Mapping[str, Any]) -> None:
        """Set a policy in this virtual host, where that is ours.

        Raises `BrokerError`.
        """
        raise BrokerError(
            f"the policy {policy.get('name')!r} can only be set by whoever runs this RabbitMQ:"
            " set it there, and leave it out of --definitions"
        )

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
    console: Console | None = field(default=None, repr=False)
    """What makes virtual hosts; a container has none."""

    @property
    def isolates(self) -> bool:
        """Whether each probe can have a virtual host to itself."""
        return self.console is not None

    @contextlib.asynccontextmanager
    async def alone(self) -> AsyncIterator[Server]:
        """This node as one who has a virtual host to itself sees it; that goes in the end.

        Raises `BrokerError`: the node is dead, or dying.
        """
        if self.console is None:
            yield self
            return
        name = await self.console.add_vhost()
        try:
            to = f"{self.url.removesuffix('/')}/{name}"
            other = {n: u + name if u.endswith("/") else u for n, u in self.others.items()}
            yield replace(self, url=to, others=other)
        finally:
            self.console.delete_vhost(name)

    async def set_policy(self, policy: Mapping[str, Any]) -> None:
        """Set a policy in this virtual host.

        Raises `BrokerError`: RabbitMQ does not take it, or is dead.
        """
        if self.console is None:
            return await super().set_policy(policy)
        await self.console.set_policy(unquote(urlsplit(self.url).path[1:]) or "/", policy)
        return None

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
        if self.console:
            self.console.close()
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
    private: bool = True
    """Whether it is a node of our own."""
    isolates: bool = False
    """Whether each probe can have a virtual host to itself."""

    async def start(self) -> Server:
        """Boot (or, for a user's broker, try) it. Raises `BrokerError`."""
        return await self.starter()
