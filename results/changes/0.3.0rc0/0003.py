"""gone: application=lifespan and 3 like it: it is new; before: FastStream.__init__() got an
unexpected keyword argument 'lifespan'

Passes (0) on 0.3.0rc0, fails (1) on 0.2.15.  Found by `nox -s changes`.
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
from contextlib import asynccontextmanager


@asynccontextmanager
async def lifespan():
    seen.append('begin')
    yield
    seen.append('end')


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


app = FastStream(broker, lifespan=lifespan)


@app.after_startup
async def begin():
    seen.append("started")
    seen.append(("published", await broker.publish("hello", "demo")))
    await asyncio.sleep(0.3)
    app.exit()


async def main():
    await app.run()


try:
    asyncio.run(main())
    error = ""
except BaseException as raised:
    error = f"{type(raised).__name__}: {raised}"
sys.exit(0 if "module 'anyio' has no attribute 'ExceptionGroup'" in error else 1)
