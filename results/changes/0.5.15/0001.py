"""gone: life=get one acknowledged and 1 like it: it is gone: 'AsyncAPISubscriber' object has no
attribute 'get_one'

Passes (0) on 0.5.14, fails (1) on 0.5.15.  Found by `nox -s changes`.
"""

import asyncio
import os
import signal
import sys
from faststream.rabbit import RabbitBroker

seen = []
signal.signal(signal.SIGALRM, lambda *_: os._exit(1))
signal.alarm(6)  # to hang is to fail
broker = RabbitBroker(os.environ["AMQP_URL"])


async def handle(msg):
    seen.append(("handle", msg))


subscriber = broker.subscriber("demo")


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)
        message = await subscriber.get_one(timeout=1)
        await message.ack()
        seen.append((message.body, message.content_type))


try:
    asyncio.run(main())
    error = ""
except BaseException as raised:
    error = f"{type(raised).__name__}: {raised}"
sys.exit(0 if 'list index out of range' in error else 1)
