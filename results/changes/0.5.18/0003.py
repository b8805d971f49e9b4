"""order: context=annotated with default: the program notes 'handle' was ('handle', 'hello',
<object>) and is ('handle', 'hello', 4)

Passes (0) on 0.5.18, fails (1) on 0.5.17.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream import Context
from faststream.rabbit import RabbitBroker
from typing import Any
from typing_extensions import Annotated

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg, it: Annotated[Any, Context("missing")] = 4):
    seen.append(("handle", msg, it))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("('handle', 'hello', 4)" in str(x) for x in seen) else 1)
