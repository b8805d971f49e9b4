"""logs: consuming=reply config and 1 like it: DeprecationWarning is new: `reply_config` was
deprecated in **FastStream <version>**. Please, use `RabbitResponse` object as a handler return
instead. Argument will be removed in **FastSt...

Passes (0) on 0.5.16, fails (1) on 0.5.15.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
import warnings
from faststream.rabbit import RabbitBroker, ReplyConfig

seen = []
warnings.simplefilter("always")
warnings.showwarning = lambda message, *_: seen.append(message)
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
sys.exit(0 if any('**.\nPlease, use `RabbitResponse` object as a handler return instead.\nArgument will be removed in **FastStream ' in str(x) for x in seen) else 1)
