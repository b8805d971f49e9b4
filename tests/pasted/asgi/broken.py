"""ag2ai/faststream#2305: startup hook raises, uvicorn goes on as if nothing had happened

uvicorn broken:app --port 8000
"""
from faststream.asgi import AsgiFastStream
from faststream.rabbit import RabbitBroker

app = AsgiFastStream(RabbitBroker())


@app.on_startup
async def setup():
    raise ValueError("no settings")
