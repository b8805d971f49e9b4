"""logs: handler=closes channel and acks: log was INFO ChannelInvalidStateError:
(ChannelInvalidStateError()) and is ERROR ChannelInvalidStateError: (ChannelInvalidStateError())

Passes (0) on 0.6.1, fails (1) on 0.6.2.  Found by `nox -s changes`.
"""

import asyncio
import logging
import os
import sys
from faststream.rabbit import RabbitBroker, RabbitMessage

seen = []
logging.Logger.handle = lambda self, record: seen.append(
    f"{record.levelname} {record.getMessage()}")
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg, message: RabbitMessage):
    seen.append(("handle", msg))
    if not message.raw_message.redelivered:
        await message.raw_message.channel.close()
        await message.ack()


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any('INFO ChannelInvalidStateError: ' in str(x) for x in seen) else 1)
