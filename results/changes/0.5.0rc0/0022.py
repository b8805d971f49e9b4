"""logs: handler=closes channel once: log was ERROR ChannelInvalidStateError:
(ChannelInvalidStateError()) and is INFO Processed

Passes (0) on 0.4.7, fails (1) on 0.5.0rc0.  Found by `nox -s changes`.
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


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any('ERROR ChannelInvalidStateError: ' in str(x) for x in seen) else 1)
