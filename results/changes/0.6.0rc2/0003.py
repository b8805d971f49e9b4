"""order: surface=application: ('takes', 'FastStream(lifespan)', 'None') came where now ('takes',
'FastStream(context)', 'None') comes

Passes (0) on 0.6.0rc1, fails (1) on 0.6.0rc2.  Found by `nox -s changes`.
"""

import asyncio
import inspect
import os
import pamqp.frame
import sys
from faststream import FastStream
from faststream.rabbit import RabbitBroker

seen = []
marshal = pamqp.frame.marshal
pamqp.frame.marshal = lambda frame, channel: seen.append(frame.name) or marshal(frame, channel)


def takes(call, name):
    for taken in inspect.signature(call).parameters.values():
        if not taken.name.startswith("_"):
            seen.append(("takes", f"{name}({taken.name})", repr(taken.default)))


def all_take(owner):
    takes(owner, owner.__name__)
    for name in sorted(dir(owner)):
        if not name.startswith("_") and not inspect.ismemberdescriptor(getattr(owner, name)):
            seen.append(("offers", f"{owner.__name__}.{name}"))
            if inspect.isfunction(getattr(owner, name)):
                takes(getattr(owner, name), f"{owner.__name__}.{name}")


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    all_take(FastStream)


asyncio.run(main())
sys.exit(0 if next(i for i, x in enumerate(seen) if "('takes', 'FastStream(lifespan)', 'None')" in str(x)) < next(i for i, x in enumerate(seen) if "('takes', 'FastStream(context)', 'None')" in str(x)) else 1)
