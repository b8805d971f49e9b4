"""order: tested=plain and 2 like it: the program notes 'mock' was ('mock', [call('hello')]) and is
('mock', [call.__bool__(), call('hello')])

Passes (0) on 0.2.2, fails (1) on 0.2.3.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.rabbit import RabbitBroker, TestRabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with TestRabbitBroker(broker) as tested:
        seen.append(("published", await broker.publish("hello", "demo")))
        seen.append(("mock", handle.mock.mock_calls))


asyncio.run(main())
sys.exit(0 if any("('mock', [call('hello')])" in str(x) for x in seen) else 1)
