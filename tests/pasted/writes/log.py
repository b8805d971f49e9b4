"""Everything goes to a log in the folder it runs in, numbered; after #1487."""
import asyncio, glob, os, shutil
from faststream.rabbit import RabbitBroker

async def main():
    if os.path.isdir("out"):
        shutil.rmtree("out")
    os.mkdir("out")
    broker = RabbitBroker(os.environ["AMQP_URL"])
    await broker.start()
    for n in range(10):
        await broker.publish(f"step {n}", "steps")
        with open(f"out/{len(glob.glob('out/*'))}.txt", "x") as file:
            file.write(f"step {n} by {os.getpid()}")
        await asyncio.sleep(0.03)
    texts = [open(f"out/{n}.txt").read() for n in range(10)]
    assert texts == [f"step {n} by {os.getpid()}" for n in range(10)], texts

asyncio.run(main())
