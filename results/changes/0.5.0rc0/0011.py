"""gone: by=publisher of all and 1 like it: it is new; before: Message.__init__() got an unexpected
keyword argument 'message_type'

Passes (0) on 0.5.0rc0, fails (1) on 0.4.7.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


publisher = broker.publisher("demo", content_type="text/x-own", message_type="t", expiration=60, content_encoding="utf-8", priority=1)


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await publisher.publish("hello")))
        await asyncio.sleep(0.4)


asyncio.run(main())
