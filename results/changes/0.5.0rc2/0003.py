"""raises: middleware=raising on publish: it raises TypeError: 'builtins.coroutine' object does not
support the asynchronous context manager protocol; now it raises ValueError: middleware

Passes (0) on 0.5.0rc1, fails (1) on 0.5.0rc2.  Found by `nox -s changes`.
"""

import asyncio
import os
import signal
import sys
from faststream import BaseMiddleware
from faststream.rabbit import RabbitBroker

seen = []
signal.signal(signal.SIGALRM, lambda *_: os._exit(1))
signal.alarm(6)  # to hang is to fail


class Raising(BaseMiddleware):
    async def publish_scope(self, call_next, *a, **k):
        raise ValueError("middleware")


broker = RabbitBroker(os.environ["AMQP_URL"], middlewares=[Raising])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


try:
    asyncio.run(main())
    error = ""
except BaseException as raised:
    error = f"{type(raised).__name__}: {raised}"
sys.exit(0 if "'builtins.coroutine' object does not support the asynchronous context manager protocol" in error else 1)
