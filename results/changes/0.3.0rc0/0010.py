"""text: surface=test broker: TestRabbitBroker(connect_only) was False and is None

Passes (0) on 0.2.15, fails (1) on 0.3.0rc0.  Found by `nox -s changes`.
"""

import asyncio
import inspect
import os
import sys
from faststream import TestApp
from faststream.rabbit import RabbitBroker, TestRabbitBroker

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
    all_take(TestRabbitBroker)
    all_take(TestApp)


asyncio.run(main())
sys.exit(0 if any("('takes', 'TestRabbitBroker(connect_only)', 'False')" in str(x) for x in seen) else 1)
