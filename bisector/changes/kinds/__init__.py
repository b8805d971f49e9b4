"""The tables of the grammar: what users of FastStream with RabbitMQ may write, by kinds."""

from __future__ import annotations

from bisector.changes.grammar import Dimension
from bisector.changes.kinds import brokers, handlers, lifecycles, messages, queues

DIMENSIONS: tuple[Dimension, ...] = (
    *brokers.DIMENSIONS,
    *queues.DIMENSIONS,
    *handlers.DIMENSIONS,
    *messages.DIMENSIONS,
    *lifecycles.DIMENSIONS,
)
