"""What programs leave behind on a RabbitMQ that is not ours to wipe."""

from __future__ import annotations

import re
from collections.abc import Iterable

import aio_pika

Thing = tuple[str, str]
"""`queue` or `exchange`, and its name."""


async def left_behind(url: str, declared: Iterable[Thing]) -> set[Thing]:
    """Which of the things that a program declared are there, as far as AMQP lets us ask."""
    there: set[Thing] = set()
    try:
        async with await aio_pika.connect(url) as connection:
            for kind, name in sorted(declared):
                channel = await connection.channel()
                ask = channel.get_queue if kind == "queue" else channel.get_exchange
                try:
                    await ask(name, ensure=True)
                except aio_pika.exceptions.AMQPError:
                    continue
                there.add((kind, name))
    except (OSError, aio_pika.exceptions.AMQPError):
        return there  # whether RabbitMQ is well is asked elsewhere
    return there


def other_arguments(texts: Iterable[str]) -> set[Thing]:
    """What RabbitMQ says is there with other arguments (its reply code 406)."""
    found = re.findall(r"inequivalent arg '[^']*' for (queue|exchange) '([^']*)'", "\n".join(texts))
    return {(kind, name) for kind, name in found}
