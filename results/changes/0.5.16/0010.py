"""text: surface=security: faststream.security.SASLOAuthBearer is new

Passes (0) on 0.5.16, fails (1) on 0.5.15.  Found by `nox -s changes`.
"""

import asyncio
import faststream
import importlib
import os
import sys
from faststream.rabbit import RabbitBroker

seen = []


def offers(module):
    for name in sorted(getattr(module, "__all__", None) or dir(module)):
        if not name.startswith("_"):
            seen.append(("offers", f"{module.__name__}.{name}"))


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    offers(importlib.import_module("faststream.security"))


asyncio.run(main())
sys.exit(0 if any("('offers', 'faststream.security.SASLOAuthBearer')" in str(x) for x in seen) else 1)
