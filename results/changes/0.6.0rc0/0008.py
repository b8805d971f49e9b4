"""raises: refused=retry and no ack and 1 like it: the program notes 'refused' is new: ('refused',
'TypeError', "RabbitRegistrator.subscriber() got an unexpected keyword argument 'retry'")

Passes (0) on 0.6.0rc0, fails (1) on 0.5.48.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


try:
    broker.subscriber("demo-2", retry=True, no_ack=True)


except Exception as error:
    seen.append(("refused", type(error).__name__, str(error)))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any('(\'refused\', \'TypeError\', "RabbitRegistrator.subscriber() got an unexpected keyword argument \'retry\'")' in str(x) for x in seen) else 1)
