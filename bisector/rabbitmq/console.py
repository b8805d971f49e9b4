"""A private node told what to do: Erlang expressions through the pipe on its standard input."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import subprocess
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bisector.errors import OutsideError

USER = "bisector"
OTHER = "other"
"""Of a second virtual host and a second user: the name."""
KEPT_VHOSTS = 16
"""Done with, and still there; the node's end removes them all at once, for nothing."""
ANSWER_SECONDS = 10.0
"""A thousand times what it takes; past that the node is stuck."""

# The second user may not be there yet, right after the boot.
_ADD = """rabbit_vhost:add({name}, <<"probe">>),
 {{ok, P}} = application:get_env(rabbit, default_pass),
 catch rabbit_auth_backend_internal:add_user({other}, P, <<"boot">>),
 [ok = rabbit_auth_backend_internal:set_permissions(
   U, {name}, <<".*">>, <<".*">>, <<".*">>, <<"probe">>) || U <- [{user}, {other}]], added."""
_DELETE = 'rabbit_vhost:delete({name}, <<"probe">>), deleted.'
_POLICY = """rabbit_policy:parse_set(
 {vhost}, {name}, {pattern}, {definition}, {priority}, {apply_to}, <<"probe">>)."""


class BrokerError(OutsideError):
    """No usable RabbitMQ: one line that says why and what to do. Never a verdict."""


class Console:
    """Asks a private node, one thing after the other, and waits for the answer.

    Adding a virtual host costs RabbitMQ 20 ms of CPU time and deleting one 30 ms, time in which
    programs could run: so the last ones are left to the end of the node.
    """

    def __init__(self, process: subprocess.Popen[bytes], answers: int) -> None:
        self._process = process
        self._reader = open(answers, "rb")  # noqa: SIM115  # as long as the node lives
        self._numbers = itertools.count(1)
        self._done_with: deque[str] = deque()
        # One worker: what is asked is asked in turn.
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="rabbitmq-console")

    async def add_vhost(self) -> str:
        """Make a virtual host that our users may do everything in; returns its name.

        Raises `BrokerError`: the node is dead, or dying.
        """
        name = f"probe-{next(self._numbers)}"
        await self.ask(_ADD.format(name=binary(name), user=binary(USER), other=binary(OTHER)))
        return name

    def delete_vhost(self, name: str) -> None:
        """Have a virtual host removed with all in it, in its turn; nobody waits."""
        self._done_with.append(name)
        if len(self._done_with) > KEPT_VHOSTS:
            oldest = binary(self._done_with.popleft())
            with contextlib.suppress(RuntimeError):  # the worker has ended, and the node with it
                self._worker.submit(self._ask, _DELETE.format(name=oldest))

    async def set_policy(self, vhost: str, policy: Mapping[str, Any]) -> None:
        """Set a policy as RabbitMQ's export of definitions has it.

        Raises `BrokerError`: RabbitMQ does not take it, or is dead.
        """
        said = await self.ask(
            _POLICY.format(
                vhost=binary(vhost),
                name=binary(str(policy["name"])),
                pattern=binary(str(policy["pattern"])),
                definition=binary(json.dumps(policy["definition"])),
                priority=int(policy.get("priority", 0)),
                apply_to=binary(str(policy.get("apply-to", "all"))),
            )
        )
        if said != "{ok,ok}":
            raise BrokerError(f"RabbitMQ does not take the policy {policy['name']!r}", said)

    async def ask(self, expressions: str) -> str:
        """Return what the node says to Erlang expressions: `{ok,VALUE}`.

        Raises `BrokerError`: the node is dead, or raised.
        """
        loop = asyncio.get_running_loop()
        try:
            asked = loop.run_in_executor(self._worker, self._ask, expressions)
            await asyncio.wait({asked}, timeout=ANSWER_SECONDS)
        except RuntimeError:
            raise BrokerError("the RabbitMQ node died") from None
        if not asked.done():
            raise BrokerError(f"the RabbitMQ node did not answer within {ANSWER_SECONDS:g} s")
        said = asked.result()
        if not said:
            raise BrokerError("the RabbitMQ node died")
        if not said.startswith("{ok,"):
            raise BrokerError("the RabbitMQ node did not do what it was told", said)
        return said

    def close(self) -> None:
        """Let go of a node that has ended."""
        self._worker.shutdown(wait=True, cancel_futures=True)
        with contextlib.suppress(OSError):
            self._reader.close()

    def _ask(self, expressions: str) -> str:
        """Write a line, read a line; empty when the node is gone."""
        assert self._process.stdin is not None
        line = " ".join(expressions.split()) + "\n"
        try:
            os.write(self._process.stdin.fileno(), line.encode())
            return self._reader.readline().decode(errors="replace").strip()
        except (OSError, ValueError):
            return ""


def binary(text: str) -> str:
    """Text as an Erlang binary: its bytes, so that nothing in it has to be quoted."""
    return f"<<{','.join(map(str, text.encode()))}>>"
