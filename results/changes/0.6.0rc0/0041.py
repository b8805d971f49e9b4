"""gone: parser=synchronous and 1 like it: it is new; before: cannot import name 'StreamMessage'
from 'faststream' (<python>/faststream/__init__.py)

Passes (0) on 0.6.0rc0, fails (1) on 0.5.48.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream import StreamMessage
from faststream.rabbit import RabbitBroker

seen = []


def parse(msg):
    return StreamMessage(raw_message=msg, body=msg.body)


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo", parser=parse)
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
