"""order: handler=nack message once and 1 like it: the program notes 'handle' is new: ('handle',
'hello')

Passes (0) on 0.5.17, fails (1) on 0.5.18.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.exceptions import NackMessage
from faststream.rabbit import RabbitBroker, RabbitMessage

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg, message: RabbitMessage):
    seen.append(("handle", msg))
    if not message.raw_message.redelivered:
        raise NackMessage()


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if [str(x) for x in seen].count("('handle', 'hello')") == 1 else 1)
