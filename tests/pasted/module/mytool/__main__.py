"""`python -m mytool`: a publisher that replies to nobody, through a request; after #1792."""
import asyncio
import sys

from mytool.app import broker, publisher, seen


async def main():
    await broker.start()
    await publisher.publish(*sys.argv[1:] or ["hello"])
    for _ in range(100):
        await asyncio.sleep(0.05)
        if seen:
            print("seen", seen)
            return
    sys.exit("nothing came")


asyncio.run(main())
