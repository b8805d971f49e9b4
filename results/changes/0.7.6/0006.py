"""text: document=of asgi and 3 like it: the program notes ...nnels":{"demo:_:Handle":{"address":"d
emo:_:Handle","servers":[{"$ref":"#/servers/development"}],"messages":{"SubscribeMessage":{"$ref
":"#/components/messages..., and now ...nnels":{"demo:_:Handle":{"address":"demo","servers":[{"$
ref":"#/servers/development"}],"messages":{"SubscribeMessage":{"$ref":"#/components/messages/dem
o:_:H...

Passes (0) on 0.7.5, fails (1) on 0.7.6.  Found by `nox -s changes`.
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
sys.exit(0 if any('nnels":{"demo:_:Handle":{"address":"demo:_:Handle","servers":[{"$ref":"#/servers' in str(x) for x in seen) else 1)
