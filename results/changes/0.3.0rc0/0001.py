"""raises: application=broker of application and 19 like it: it raises ExceptionGroup: unhandled
errors in a TaskGroup (1 sub-exception); now it raises AttributeError: module 'anyio' has no
attribute 'ExceptionGroup'

Passes (0) on 0.2.15, fails (1) on 0.3.0rc0.  Found by `nox -s changes`.
"""

import asyncio
import os
import signal
import sys
from faststream import FastStream
from faststream.rabbit import RabbitBroker

seen = []
signal.signal(signal.SIGALRM, lambda *_: os._exit(1))
signal.alarm(6)  # to hang is to fail
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


app = FastStream(broker)


@app.after_startup
async def begin():
    seen.append("started")
    seen.append(("published", await broker.publish("hello", "demo")))
    await asyncio.sleep(0.3)
    app.exit()


seen.append(app.broker is broker)


async def main():
    await app.run()


try:
    asyncio.run(main())
    error = ""
except BaseException as raised:
    error = f"{type(raised).__name__}: {raised}"
sys.exit(0 if 'unhandled errors in a TaskGroup (1 sub-exception)' in error else 1)
