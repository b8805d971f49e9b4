"""text: tested=mocks reset and 7 like it: RuntimeWarning, text, was ...r(2, 'No such file or
directory')` occured at `TestRabbitBroker` AST parsing Please, report us by creating an Issue
with your TestClient usecase https://gith... and is ...r(2, 'No such file or directory')`
occurred at `TestRabbitBroker` AST parsing Please, report us by creating an Issue with your
TestClient use case https://gi...

Passes (0) on 0.3.12, fails (1) on 0.3.13.  Found by `nox -s changes`.
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
sys.exit(0 if any("r(2, 'No such file or directory')` occured at `TestRabbitBroker` AST parsing\nPle" in str(x) for x in seen) else 1)
