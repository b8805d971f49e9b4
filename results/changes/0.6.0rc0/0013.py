"""gone: consuming=reply config and 2 like it: it is gone: cannot import name 'ReplyConfig' from
'faststream.rabbit' (<python>/faststream/rabbit/__init__.py)

Passes (0) on 0.5.48, fails (1) on 0.6.0rc0.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker, ReplyConfig

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo", reply_config=ReplyConfig(mandatory=False))
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
