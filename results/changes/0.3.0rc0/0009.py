"""text: by=publisher before inclusion and 1 like it: it raises AssertionError: Please, setup
`_producer` first; now it raises AssertionError: Please, `connect()` the broker first

Passes (0) on 0.2.15, fails (1) on 0.3.0rc0.  Found by `nox -s changes`.
"""

import asyncio
import os
import signal
import sys
from faststream.rabbit import RabbitBroker, RabbitRouter

seen = []
signal.signal(signal.SIGALRM, lambda *_: os._exit(1))
signal.alarm(6)  # to hang is to fail
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


extra = RabbitRouter()
publisher = extra.publisher("demo-out")


async def main():
    async with broker:
        await broker.start()
        broker.include_router(extra)
        seen.append(("published", await publisher.publish("hello")))
        await asyncio.sleep(0.4)


try:
    asyncio.run(main())
    error = ""
except BaseException as raised:
    error = f"{type(raised).__name__}: {raised}"
sys.exit(0 if 'Please, setup `_producer` first' in error else 1)
