"""order: command=help and 1 like it: the program notes ...──────────────────────────╮\\n│ docs
AsyncAPI schema commands │\\n│ run Run [MODULE:APP] FastStream application.
│\\n╰──────────────────────────────────────────..., and now ...──────────────────────────╮\\n│
docs AsyncAPI schema commands │\\n│ publish Publish a message using the specified broker in a
FastStream │\\n│ application. │\\n│...

Passes (0) on 0.4.7, fails (1) on 0.5.0rc0.  Found by `nox -s changes`.
"""

import asyncio
import os
import runpy
import sys
from faststream.rabbit import RabbitBroker

seen = []


def faststream(*words):
    output = open("output", "w")
    if not os.fork():
        for number in (1, 2):
            os.dup2(output.fileno(), number)
        sys.argv = ["faststream", *words]
        sys.path.insert(0, os.getcwd())
        try:
            runpy.run_module("faststream", run_name="__main__")
        except SystemExit as error:
            print(error.code)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(1 if error.code else 0)
        os._exit(0)
    seen.append((os.wait()[1], open("output").read()))


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    faststream("--help")


asyncio.run(main())
sys.exit(0 if any('──────────────────────────╮\\n│ docs      AsyncAPI schema commands               ' in str(x) for x in seen) else 1)
