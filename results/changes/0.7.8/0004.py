"""order: application=asgi document: the program notes ('http.response.start', 200, [(b'content-
type', b'text/html; charset=utf-8'), (b'content-length', b'3338')]), and now
('http.response.start', 200, [(b'content-type', b'text/html; charset=utf-8'), (b'content-
length', b'3296')])

Passes (0) on 0.7.7, fails (1) on 0.7.8.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.asgi import AsgiFastStream
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


app = AsgiFastStream(broker, asyncapi_path="/docs")


async def main():
    async def send(message):
        seen.append((message['type'], message.get('status'), message.get('headers')))
    scope = {"type": "http", "method": "GET", "path": "/docs", "headers": []}
    await app(scope, None, send)


asyncio.run(main())
sys.exit(0 if [str(x) for x in seen].count("('http.response.start', 200, [(b'content-type', b'text/html; charset=utf-8'), (b'content-length', b'3296')])") == 1 else 1)
