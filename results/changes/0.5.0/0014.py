"""text: context=cleared: output is no more: KeyError: 'log_context'

Passes (0) on 0.5.0rc2, fails (1) on 0.5.0.  Found by `nox -s changes`.
"""

import asyncio
import faststream
import os
import sys
import tempfile
from faststream.rabbit import RabbitBroker

seen = []
output = tempfile.TemporaryFile("w+")
os.dup2(output.fileno(), 1), os.dup2(output.fileno(), 2)


def context():
    return broker.context if hasattr(broker, "context") else faststream.context


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))
    context().clear()
    seen.append(context().get("message"))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if output.seek(0) or "KeyError: 'log_context'" in output.read() else 1)
