"""A start that fails leaves an ASGI server that serves nobody for ever; after #2305."""
from faststream.asgi import AsgiFastStream
from faststream.rabbit import RabbitBroker

broker = RabbitBroker()
app = AsgiFastStream(broker)


@app.on_startup
async def setup():
    raise ValueError("no config")


if __name__ == "__main__":
    import sys, uvicorn

    try:
        uvicorn.run(app, port=8000)
    except SystemExit as error:
        sys.exit(0 if error.code == 3 else 1)
