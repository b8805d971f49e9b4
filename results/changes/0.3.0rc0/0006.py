"""logs: tested=missing queue and 6 like it: RuntimeWarning is new: Error `FileNotFoundError(2, 'No
such file or directory')` occured at `TestRabbitBroker` AST parsing Please, report us by
creating an Issue with your TestClient ...

Passes (0) on 0.3.0rc0, fails (1) on 0.2.15.  Found by `nox -s changes`.
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
        seen.append(await broker.publish("x", "demo-nowhere"))


asyncio.run(main())
sys.exit(0 if any("\nError `FileNotFoundError(2, 'No such file or directory')` occured at `TestRabbitBroker` AST parsing\nPlease, report us b" in str(x) for x in seen) else 1)
