"""text: document=of asgi and 3 like it: the program notes ...0.3.0","queue":{"name":"demo","durabl
e":false,"exclusive":false,"autoDelete":false,"vhost":"/"}}}}},"operations":{"demo:_:HandleSubsc
ribe":{"action":"receive..., and now ...0.3.0","queue":{"name":"demo","durable":true,"exclusive"
:false,"autoDelete":false,"vhost":"/"}}}}},"operations":{"demo:_:HandleSubscribe":{"action":"rec
eive"...

Passes (0) on 0.7.0rc1, fails (1) on 0.7.0.  Found by `nox -s changes`.
"""

import asyncio
import faststream
import os
import sys
from faststream import AsyncAPI
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    from faststream.specification import AsyncAPI
    document = AsyncAPI(broker, title="T", version="1.2.3")
    seen.append(document.to_specification().to_json())


asyncio.run(main())
sys.exit(0 if any('0.3.0","queue":{"name":"demo","durable":false,"exclusive":false,"autoDelete":fal' in str(x) for x in seen) else 1)
