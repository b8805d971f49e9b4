"""The tables of the grammar: what users of FastStream with RabbitMQ may write, by kinds."""

from __future__ import annotations

from bisector.changes.grammar import Dimension
from bisector.changes.kinds import (
    applications,
    arguments,
    brokers,
    handlers,
    lifecycles,
    messages,
    middlewares,
    queues,
    surfaces,
)

DIMENSIONS: tuple[Dimension, ...] = (
    *brokers.DIMENSIONS,
    *middlewares.DIMENSIONS,
    *queues.DIMENSIONS,
    *arguments.DIMENSIONS,
    *handlers.DIMENSIONS,
    *messages.DIMENSIONS,
    *lifecycles.DIMENSIONS,
    *applications.DIMENSIONS,
    *surfaces.DIMENSIONS,
)

HUBS = (
    "document=asyncapi", "document=specification", "tested=plain", "handler=raises",
    "reply=decorator", "payload=dict", "place=router with prefix", "by=publisher",
    "delivery=unroutable", "life=never started",
)  # fmt: skip
"""Choices that every other one is tried with first, for much goes through them."""
ALONE = ("surface", "object", "refused", "refused_in_test", "command")
"""Dimensions that go together with nothing else."""
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
    ("tested", "routing"),
    ("tested", "handler", "by", "property"),
    ("document", "said", "argument", "place"),
    ("shape", "depends", "types", "reply"),
    ("consuming", "delivery", "acknowledging", "handler"),
    ("life", "handler", "acknowledging", "consuming"),
    ("parser", "decoder", "filter", "by"),
)
"""Dimensions that have to do with each other: their pairs come before others."""
