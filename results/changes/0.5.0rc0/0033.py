"""logs: tested=published to publisher: RuntimeWarning is no more: You are trying to register
`handler` with already running broker It has no effect until broker restarting.

Passes (0) on 0.4.7, fails (1) on 0.5.0rc0.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
import warnings
from faststream.rabbit import RabbitBroker, TestRabbitBroker

seen = []
warnings.simplefilter("always")
warnings.showwarning = lambda message, *_: seen.append(message)
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.publisher("demo-out")
@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))
    return "answer"


out = broker.publisher("demo-more")


async def main():
    async with TestRabbitBroker(broker):
        seen.append(("published", await broker.publish("hello", "demo")))
        await out.publish("by hand")
        seen.append(("mock", out.mock.mock_calls))


asyncio.run(main())
sys.exit(0 if any('You are trying to register `handler` with already running broker\nIt has no effect until broker restarting.' in str(x) for x in seen) else 1)
