"""lost: context=equal to all and 2 like it: the program notes 'handle' is no more: ('handle',
'hello', 'Odd')

Passes (0) on 0.5.17, fails (1) on 0.5.18.  Found by `nox -s changes`.
"""

import asyncio
import faststream
import os
import sys
from faststream import Context
from faststream.rabbit import RabbitBroker

seen = []


def context():
    return broker.context if hasattr(broker, "context") else faststream.context


class Odd:
    __hash__ = None

    def __eq__(self, other):
        return True


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg, it=Context("given")):
    seen.append(("handle", msg, type(it).__name__))


async def main():
    context().set_global("given", Odd())
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("('handle', 'hello', 'Odd')" in str(x) for x in seen) else 1)
