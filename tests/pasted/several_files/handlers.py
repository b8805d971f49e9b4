from faststream import Context
from faststream.rabbit import RabbitRouter

router = RabbitRouter()


@router.subscriber("in-queue")
async def handle(body: str, broker=Context()) -> str:
    return f"handled by {type(broker).__name__}"
