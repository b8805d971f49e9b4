"""gone: middleware=any exception and 10 like it: it is new; before: cannot import name
'ExceptionMiddleware' from 'faststream' (<python>/faststream/__init__.py)

Passes (0) on 0.5.19, fails (1) on 0.5.18.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream import ExceptionMiddleware
from faststream.rabbit import RabbitBroker

seen = []
errors = ExceptionMiddleware()


@errors.add_handler(Exception)
def on_any(error: Exception):
    seen.append(("on any", error))


@errors.add_handler(ValueError)
def on_error(error: ValueError):
    seen.append(("on error", error))


broker = RabbitBroker(os.environ["AMQP_URL"], middlewares=[errors])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
