"""text: application=asgi http and 1 like it: the program notes {'type': 'http.response.start',
'status': 404, 'headers': [(b'content-length', b'49')]}, and now {'type': 'http.response.start',
'status': 404, 'headers': [(b'content-length', b'42')]}

Passes (0) on 0.5.23, fails (1) on 0.5.24.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.asgi import AsgiFastStream, make_ping_asgi
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


app = AsgiFastStream(broker, asgi_routes=[("/health", make_ping_asgi(broker))])


async def main():
    await broker.start()
    async def send(message):
        seen.append(message)
    scope = {"type": "http", "method": "GET", "path": "/health", "headers": []}
    await app(scope, None, send)
    await app({**scope, "path": "/none"}, None, send)


asyncio.run(main())
sys.exit(0 if any("{'type': 'http.response.start', 'status': 404, 'headers': [(b'content-length', b'49')]}" in str(x) for x in seen) else 1)
