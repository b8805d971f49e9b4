"""text: argument=decoded twice and 1 like it: log, text, was ERROR ValidationError: 1 validation
error for handle msg Input should be a dictionary or an instance of RabbitMessage
[type=dataclass_type, input_value='hello',... and is ERROR AttributeError: 'RabbitMessage'
object has no attribute 'decode' (AttributeError("'RabbitMessage' object has no attribute
'decode'"))

Passes (0) on 0.2.3, fails (1) on 0.2.4.  Found by `nox -s changes`.
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
async def handle(msg: RabbitMessage):
    seen.append(("handle", await msg.decode(), await msg.decode()))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any('ERROR ValidationError: 1 validation error for handle\nmsg\n  Input should be a dictionary or an instance of RabbitMessage ' in str(x) for x in seen) else 1)
