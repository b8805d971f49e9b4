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

HUBS = (
    "document=asyncapi", "document=specification", "tested=plain", "handler=raises",
    "reply=decorator", "payload=dict", "place=router with prefix",
)  # fmt: skip
"""Choices that every other one is tried with first, for much goes through them."""
KIN = (
    ("payload", "argument", "content_type"),
    ("handler", "acknowledging", "middleware"),
    ("queue", "exchange", "place"),
    ("reply", "handler", "middleware", "by"),
    ("life", "by", "place", "connection_lost"),
    ("url", "address", "connection"),
    ("tested", "reply", "exchange", "queue"),
    ("context", "depends", "types", "argument"),
    ("headers", "property", "by", "reply"),
    ("parser", "decoder", "filter", "by"),
)
"""Dimensions that have to do with each other: their pairs come before others."""
