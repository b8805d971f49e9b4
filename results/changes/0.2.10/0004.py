"""raises: surface=security: it raises ModuleNotFoundError: No module named 'faststream.security';
now it ends

Passes (0) on 0.2.10, fails (1) on 0.2.9.  Found by `nox -s changes`.
"""

import asyncio
import faststream
import importlib
import os
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
