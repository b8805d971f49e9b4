"""A health check on a port of its own beside the broker; after #1181."""
import asyncio, os, urllib.request
from faststream.rabbit import RabbitBroker

broker = RabbitBroker(os.environ["AMQP_URL"])

async def healthy(reader, writer):
    await reader.readline()
    writer.write(b"HTTP/1.0 204 No Content\r\n\r\n")
    await writer.drain()
    writer.close()

def ask():
    return urllib.request.urlopen("http://127.0.0.1:8765/health", timeout=1).status

async def main():
    await broker.start()
    async with await asyncio.start_server(healthy, "127.0.0.1", 8765):
        print(await asyncio.get_running_loop().run_in_executor(None, ask))
        await asyncio.sleep(0.5)

asyncio.run(main())
