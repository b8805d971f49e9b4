"""wire: refused=retry and no ack and 2 like it: Basic.Cancel sent is no more: 'ctag1.<id>' False

Passes (0) on 0.5.22, fails (1) on 0.5.23.  Found by `nox -s changes`.
"""

import asyncio
import os
import pamqp.frame
import sys
from faststream.rabbit import RabbitBroker

seen = []
frames, marshal = [], pamqp.frame.marshal
pamqp.frame.marshal = lambda frame, channel: frames.append(frame) or marshal(frame, channel)
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
sys.exit(0 if [frame.name for frame in frames].count('Basic.Cancel') == 2 else 1)
