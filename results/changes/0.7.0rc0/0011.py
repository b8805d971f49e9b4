"""text: document=through application: RuntimeWarning, text, was email-validator bot installed,
email fields will be treated as str. To install, run: pip install email-validator and is email-
validator not installed, email fields will be treated as str. To install, run: pip install
email-validator

Passes (0) on 0.6.7, fails (1) on 0.7.0rc0.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
import warnings
from faststream import AsyncAPI, FastStream
from faststream.rabbit import RabbitBroker

seen = []
warnings.simplefilter("always")
warnings.showwarning = lambda message, *_: seen.append(message)
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    app = FastStream(broker, specification=AsyncAPI(title="T", version="1.2.3", description="D", contact={"name": "N", "email": "n@example.org"}, license={"name": "MIT"}, tags=[{"name": "t"}], identifier="urn:a"))
    seen.append(app.schema.to_specification().to_json())


asyncio.run(main())
sys.exit(0 if any('email-validator bot installed, email fields will be treated as str.\nTo install, run: pip install email-validator' in str(x) for x in seen) else 1)
