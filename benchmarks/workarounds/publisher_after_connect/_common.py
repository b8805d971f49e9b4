"""The fault that advice is tried on: ag2ai/faststream#1954.

A publisher object that is created after the broker connected does not publish.
"""

from __future__ import annotations

from typing import Any

from benchmarks.scenarios._common import UNTESTABLE, EarlyError, Observation, describe, watch
from benchmarks.workarounds import _common
from benchmarks.workarounds._common import NOT_NEEDED


class Case(_common.Case):
    """A broker that has connected, and then gets a publisher."""

    async def late_publisher(self) -> Any:
        """A publisher created now, and seen not to publish.

        Raises EarlyError ("not needed") when it does.
        """
        # Not to the queue: two publishers to one place may be the same object.
        key = self.control.key
        publisher = self.broker.publisher(exchange=self.exchange, routing_key=key)
        late = await watch(publisher.publish("late"), self.deadline)
        if late.returned:
            reason = "without it a publisher created after connect publishes, too"
            raise EarlyError(Observation(UNTESTABLE, NOT_NEEDED, reason, self.evidence))
        self.evidence["fault"] = describe(late.error) if late.error else "stuck"
        return publisher
