"""text: tested=mocks reset and 6 like it: RuntimeWarning, text, was Error `{e!r}` occurred at
`{self.__class__.__name__}` AST parsing. `connect_only` is setted to `False` by default. and is
Error `{e!r}` occurred at `{self.__class__.__name__}` AST parsing. `connect_only` is set to
`False` by default.

Passes (0) on 0.5.0rc0, fails (1) on 0.5.0rc1.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
import warnings
from faststream.rabbit import RabbitBroker, TestRabbitBroker

seen = []
warnings.simplefilter("always")
warnings.showwarning = lambda message, *_: seen.append(message)
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with TestRabbitBroker(broker):
        seen.append(("published", await broker.publish("hello", "demo")))
    seen.append(handle.mock)


asyncio.run(main())
sys.exit(0 if any('\nError `{e!r}` occurred at `{self.__class__.__name__}` AST parsing.\n`connect_only` is setted to `False` by default.' in str(x) for x in seen) else 1)
