"""order: command=help: the program notes ...m apps to greater development experience\\n\\nOptions:\\n
-v, --version Show current platform, python and FastStream\\n version\\n --install-completion
[bash|zsh|..., and now ...m apps to greater development experience.\\n\\nOptions:\\n -v, --version
Show current platform, python and FastStream\\n version\\n --install-completion [bash|zsh...

Passes (0) on 0.3.9, fails (1) on 0.3.10.  Found by `nox -s changes`.
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
sys.exit(0 if any('m apps to greater development experience\\n\\nOptions:\\n  -v, --version           ' in str(x) for x in seen) else 1)
