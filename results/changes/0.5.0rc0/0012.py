"""gone: document=page: it is new; before: cannot import name 'get_app_schema' from
'faststream.asyncapi' (<python>/faststream/asyncapi/__init__.py)

Passes (0) on 0.5.0rc0, fails (1) on 0.4.7.  Found by `nox -s changes`.
"""

import asyncio
import faststream
import os
from faststream import FastStream
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    from faststream.asyncapi import get_app_schema, get_asyncapi_html
    seen.append(len(get_asyncapi_html(get_app_schema(FastStream(broker)))) > 1000)


asyncio.run(main())
