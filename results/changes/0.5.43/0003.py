"""gone: queue=not declared: it is new; before: RabbitQueue.__init__() got an unexpected keyword
argument 'declare'

Passes (0) on 0.5.43, fails (1) on 0.5.42.  Found by `nox -s changes`.
"""

import asyncio
import os
import signal
import sys
from faststream.rabbit import RabbitBroker, RabbitQueue

seen = []
signal.signal(signal.SIGALRM, lambda *_: os._exit(1))
signal.alarm(6)  # to hang is to fail
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber(RabbitQueue("demo", declare=False))
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
sys.exit(0 if 'ChannelNotFoundEntity' in error else 1)
