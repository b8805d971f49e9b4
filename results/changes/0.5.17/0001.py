"""text: life=never connected and 1 like it: it raises AssertionError: Please, `connect()` the
broker first; now it raises AssertionError: Please, `connect()` the broker first.

Passes (0) on 0.5.17, fails (1) on 0.5.16.  Found by `nox -s changes`.
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


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    seen.append(("published", await broker.publish("hello", "demo")))


try:
    asyncio.run(main())
    error = ""
except BaseException as raised:
    error = f"{type(raised).__name__}: {raised}"
sys.exit(0 if 'Please, `connect()` the broker first.' in error else 1)
