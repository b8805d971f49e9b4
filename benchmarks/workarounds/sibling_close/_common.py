"""The hang that advice is tried on: ag2ai/faststream#1346.

A broker publishes to a named exchange, a sibling in the same process is opened and closed, and from
then on publishing does not return.
"""

from __future__ import annotations

import contextlib
from typing import Any, AsyncIterator

from benchmarks import compat
from benchmarks.scenarios._common import (
    UNTESTABLE,
    Bench,
    Call,
    EarlyError,
    Observation,
    watch,
)
from benchmarks.scenarios._evidence import await_chain
from benchmarks.workarounds import _common
from benchmarks.workarounds._common import NOT_NEEDED, STUCK, Publish


class Case(_common.Case):
    """A broker whose publishing hangs once a sibling has come and gone."""

    _stuck: Call | None = None

    @classmethod
    async def begin(cls, bench: Bench) -> Case:
        """A broker that has been started."""
        case = cls(bench)
        await case.start()
        return case

    @contextlib.asynccontextmanager
    async def sibling(self, url: str = "") -> AsyncIterator[Any]:
        """Open a sibling, and close it."""
        sibling, url = self.make_broker(url), url or self.url
        await self.bench.setup("opening the sibling", compat.connect(sibling, url))
        yield sibling
        await self.bench.setup("closing the sibling", compat.close(sibling))

    async def hang(self) -> None:
        """Let a sibling come, publish and go; the next publish is left as it is.

        Raises EarlyError ("not needed") when it is not stuck.
        """
        async with self.sibling() as sibling:
            call = self.publish("from the sibling", sibling)
            await self.bench.setup("publishing through the sibling", call)
        after = await watch(self.publish(STUCK), self.deadline)
        if after.returned:
            reason = f"without it publishing works, too, in {after.seconds:.3f} s"
            raise EarlyError(Observation(UNTESTABLE, NOT_NEEDED, reason, self.evidence))
        self._stuck, self.evidence["hang"] = after, await_chain(after.task)

    async def judge(self, publish: Publish, *, prevents: bool = False) -> Observation:
        """Publish as advised, and answer.

        With `prevents`, for advice that keeps the hang from coming, see that it comes without.
        """
        return await self.try_out(publish, self.hang if prevents else self._look_at_stuck)

    async def _look_at_stuck(self) -> None:
        if self._stuck and self._stuck.stuck:
            self.notes.append("what hung before goes on hanging")
