"""order: refused=policy and no ack: the program notes 'refused' was ('refused', 'SetupError', "You
can't use deprecated `no_ack` and `ack_policy` simultaneously. Please, use `ack_policy` only.")
and is ('refused', 'TypeError', "RabbitRegistrator.subscriber() got an unexpected keyword
argument 'no_ack'")

Passes (0) on 0.6.7, fails (1) on 0.7.0rc0.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream import AckPolicy
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


try:
    broker.subscriber("demo-2", ack_policy=AckPolicy.ACK, no_ack=True)


except Exception as error:
    seen.append(("refused", type(error).__name__, str(error)))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any('(\'refused\', \'SetupError\', "You can\'t use deprecated `no_ack` and `ack_policy` simultaneously. Please, use `ack_policy` o' in str(x) for x in seen) else 1)
