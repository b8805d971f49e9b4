"""text: surface=broker: RabbitBroker.connect(publisher_confirms) is new

Passes (0) on 0.5.6, fails (1) on 0.5.5.  Found by `nox -s changes`.
"""

import asyncio
import inspect
import os
import sys
from faststream.rabbit import RabbitBroker

seen = []


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
    all_take(RabbitBroker)


asyncio.run(main())
sys.exit(0 if any('(\'takes\', \'RabbitBroker.connect(publisher_confirms)\', "<class \'inspect._empty\'>")' in str(x) for x in seen) else 1)
