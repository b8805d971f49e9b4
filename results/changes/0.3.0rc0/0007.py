"""text: parser=raising and 1 like it: output was ValueError: Formatting field not found in record:
'exchange' and is <now +5.5 h> ERROR - | | - ValueError: parser

Passes (0) on 0.2.15, fails (1) on 0.3.0rc0.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
import tempfile
from faststream.rabbit import RabbitBroker

seen = []
output = tempfile.TemporaryFile("w+")
os.dup2(output.fileno(), 1), os.dup2(output.fileno(), 2)


async def parse(msg):
    raise ValueError("parser")


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo", parser=parse)
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if output.seek(0) or "ValueError: Formatting field not found in record: 'exchange'" in output.read() else 1)
