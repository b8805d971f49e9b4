"""raises: refused_in_test=rpc with reply to: it ends; now it raises SetupError: You should use
`reply_to` to send response to long-living queue and `rpc` to get response in sync mode.

Passes (0) on 0.5.3, fails (1) on 0.5.4.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker, TestRabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with TestRabbitBroker(broker):
        seen.append(await broker.publish("x", "demo", rpc=True, reply_to="demo-2"))


asyncio.run(main())
