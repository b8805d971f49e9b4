"""raises: command=document and 3 like it: it raises ModuleNotFoundError: No module named
'jsonref'; now it ends

Passes (0) on 0.2.7, fails (1) on 0.2.6.  Found by `nox -s changes`.
"""

import asyncio
import faststream
import os
import runpy
import sys
from faststream import FastStream
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


open("application.py", "w").write("""import os
from faststream import FastStream
from faststream.rabbit import RabbitBroker
broker = RabbitBroker(os.environ["AMQP_URL"])
app = FastStream(broker)
make = lambda: app


@broker.subscriber("demo")
async def handle(msg): print(msg)


@app.after_startup
async def stop(): app.exit()
""")
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    faststream("docs", "gen", "application:app")
    seen.append(open("asyncapi.json").read())


asyncio.run(main())
