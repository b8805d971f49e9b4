"""`uvicorn app:app` with a router of FastStream's in FastAPI; after #1101."""
import asyncio, os
from fastapi import FastAPI
from faststream.rabbit.fastapi import RabbitRouter
from pydantic import BaseModel

class Order(BaseModel):
    n: int

router = RabbitRouter(os.environ.get("AMQP_URL", "amqp://guest:guest@localhost:5672"))

@router.subscriber("orders")
async def on_order(order: Order):
    print("order", order.n, flush=True)
    os._exit(0)

@router.after_startup
async def send(app):
    await router.broker.publish({"n": 1}, "orders")
    asyncio.get_running_loop().call_later(5, give_up)

def give_up():
    print("the order never came", flush=True)
    os._exit(1)

app = FastAPI(lifespan=router.lifespan_context)
app.include_router(router)
