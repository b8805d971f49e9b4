"""Only one of us may run on this machine, a file in /dev/shm says; after #1493."""
import asyncio, os, sys
from faststream.rabbit import RabbitBroker

LOCK = "/dev/shm/orders-worker.lock"

async def main():
    async with RabbitBroker(os.environ["AMQP_URL"]) as broker:
        await broker.publish("one worker only", "orders")
        await asyncio.sleep(0.8)

try:
    os.close(os.open(LOCK, os.O_CREAT | os.O_EXCL))
except FileExistsError:
    sys.exit("another worker is running")
try:
    asyncio.run(main())
finally:
    os.unlink(LOCK)
