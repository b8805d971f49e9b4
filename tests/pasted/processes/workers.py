"""Workers in processes of their own share the messages of one queue; after #1493."""
import asyncio, multiprocessing, os, sys
from faststream.rabbit import RabbitBroker

URL = os.environ["AMQP_URL"]

def worker(name, ready, results):
    broker = RabbitBroker(URL)

    @broker.subscriber("users")
    async def on_user(n: int):
        results.put((n, name))

    async def serve():
        await broker.start()
        ready.release()
        await asyncio.sleep(60)

    asyncio.run(serve())

async def publish():
    async with RabbitBroker(URL) as broker:
        for n in range(12):
            await broker.publish(n, "users")

if __name__ == "__main__":
    spawn = multiprocessing.get_context("fork")
    results, ready = spawn.Queue(), spawn.Semaphore(0)
    workers = [spawn.Process(target=worker, args=(n, ready, results), daemon=True) for n in range(2)]
    for process in workers:
        process.start()
    for process in workers:
        if not ready.acquire(timeout=8):
            sys.exit("a worker did not start")
    asyncio.run(publish())
    seen = sorted(results.get(timeout=5)[0] for _ in range(12))
    print(seen)
    for process in workers:
        process.terminate()
    assert seen == list(range(12))
