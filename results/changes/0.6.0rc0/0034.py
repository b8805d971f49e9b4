"""raises: surface=messages and 2 like it: it raises ModuleNotFoundError: No module named
'faststream.message'; now it ends

Passes (0) on 0.6.0rc0, fails (1) on 0.5.48.  Found by `nox -s changes`.
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
    offers(importlib.import_module("faststream.message"))


asyncio.run(main())
