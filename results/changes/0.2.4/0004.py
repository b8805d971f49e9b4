"""gone: place=path in prefix and 3 like it: it is new; before: cannot import name 'Path' from
'faststream' (<python>/faststream/__init__.py)

Passes (0) on 0.2.4, fails (1) on 0.2.3.  Found by `nox -s changes`.
"""

import asyncio
import os
import signal
import sys
from faststream import Path
from faststream.rabbit import ExchangeType, RabbitBroker, RabbitExchange, RabbitQueue, RabbitRouter

seen = []
signal.signal(signal.SIGALRM, lambda *_: os._exit(1))
signal.alarm(6)  # to hang is to fail
broker = RabbitBroker(os.environ["AMQP_URL"])
router = RabbitRouter(prefix="demo.{name}.")


@router.subscriber(RabbitQueue("demo", routing_key="b"), RabbitExchange("demo-x", type=ExchangeType.TOPIC))
async def handle(msg, name: str = Path()):
    seen.append(("handle", msg, name))


broker.include_router(router)


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo.x.b", exchange=RabbitExchange("demo-x", type=ExchangeType.TOPIC))))
        await asyncio.sleep(0.4)


try:
    asyncio.run(main())
    error = ""
except BaseException as raised:
    error = f"{type(raised).__name__}: {raised}"
sys.exit(0 if 'Invalid value for queue' in error else 1)
