"""text: logger=root at debug: log, text, was DEBUG Declaring queue:
<RobustQueue(amq.rabbitmq.reply-to): auto_delete=False, durable=False, exclusive=False,
arguments={'x-queue-type': 'classic'} and is DEBUG Declaring queue:
<RobustQueue(amq.rabbitmq.reply-to): auto_delete=False, durable=True, exclusive=False,
arguments={'x-queue-type': 'classic'}

Passes (0) on 0.7.0rc1, fails (1) on 0.7.0.  Found by `nox -s changes`.
"""

import asyncio
import logging
import os
import sys
from faststream.rabbit import RabbitBroker

seen = []
logging.Logger.handle = lambda self, record: seen.append(
    f"{record.levelname} {record.getMessage()}")
logging.basicConfig(level="DEBUG", stream=sys.stdout)
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any('DEBUG Declaring queue: <RobustQueue(amq.rabbitmq.reply-to): auto_delete=False, durable=False, exclusive=False, arguments' in str(x) for x in seen) else 1)
