"""What a handler takes, does, and answers."""

from __future__ import annotations

from bisector.changes.grammar import dimension

MODEL = """\
class Order(BaseModel):
    number: int
    name: str = \"\""""
DATACLASS = """\
@dataclass
class Item:
    number: int
    name: str = \"\""""
MESSAGE = {"extra": "message: RabbitMessage"}


def _then(*lines: str) -> dict[str, str | tuple[str, ...]]:
    """A handler that takes the message, too, and does something with it."""
    return {"extra": "message: RabbitMessage", "handler": lines}


DIMENSIONS = (
    dimension(
        "types", "argument",
        text={"argument": "msg: str"},
        bytes={"argument": "msg: bytes"},
        number={"argument": "msg: int"},
        float={"argument": "msg: float"},
        dict={"argument": "msg: dict"},
        list_of_numbers={"argument": "msg: List[int]"},
        any={"argument": "msg: Any"},
        optional={"argument": "msg: Optional[str]"},
        optional_with_default={"argument": "msg: Optional[str] = None"},
        model={"definitions": MODEL, "argument": "msg: Order"},
        optional_model={"definitions": MODEL, "argument": "msg: Optional[Order] = None"},
        list_of_models={"definitions": MODEL, "argument": "msg: List[Order]"},
        dataclass={"definitions": DATACLASS, "argument": "msg: Item"},
        union={"definitions": MODEL, "argument": "msg: Union[Order, str]"},
        date={"argument": "msg: datetime"},
        fields={"argument": "number: int, name: str = 'nobody'", "noted": "number, name"},
        fields_and_rest={"argument": "number: int, **rest", "noted": "number, rest"},
        nothing={"argument": "", "noted": "None"},
        body_and_model={"definitions": MODEL, "argument": "msg: Order, other: int = 5",
                        "noted": "msg, other"},
        no_cast={"argument": "msg: NoCast[dict]"},
        message={"argument": "msg: RabbitMessage", "noted": "msg.body, msg.content_type"},
        message_decoded={"argument": "msg: RabbitMessage", "noted": "await msg.decode()"},
        message_details={"argument": "msg: RabbitMessage", "noted":
            "msg.headers, msg.reply_to, msg.path, msg.committed, type(msg).__name__"},
        message_properties={"argument": "msg: RabbitMessage", "noted":
            "msg.raw_message.expiration, msg.raw_message.priority, msg.raw_message.type,"
            " msg.raw_message.delivery_mode, msg.raw_message.app_id, msg.raw_message.routing_key"},
        decoded_twice={"argument": "msg: RabbitMessage", "noted":
            "await msg.decode(), await msg.decode()"},
        message_ids={"argument": "msg: RabbitMessage", "noted":
            "msg.message_id == msg.correlation_id, msg.raw_message.redelivered"},
    ),
    dimension(
        "context", "context",
        message={"extra": 'message=Context("message")', "notes": "type(message).__name__"},
        message_field={"extra": 'kind=Context("message.content_type")', "notes": "kind"},
        header={"extra": 'a: str = Header(default="none")', "notes": "a"},
        header_by_name={"extra": 'a: str = Header("kind", default="none")', "notes": "a"},
        headers={"extra": 'headers=Context("message.headers")', "notes": "headers"},
        default={"extra": 'it=Context("missing", default=1)', "notes": "it"},
        missing={"extra": 'it=Context("missing")', "notes": "it"},
        cast={"extra": 'it: int = Context("missing", default="1", cast=True)', "notes": "it"},
        by_own_name={"extra": "broker=Context()", "notes": "type(broker).__name__"},
        handler_={"extra": 'it=Context("handler_")', "notes": "type(it).__name__"},
        logger={"extra": "logger: Logger", "handler": 'logger.info("from the handler")'},
        initial={"extra": 'it=Context("made", initial=list)', "notes": "it"},
        repository={"extra": "context: ContextRepo", "notes": 'context.get("message") is not None'},
        none_in_context={"first": 'context.set_global("given", None)',
            "definitions": "from faststream import context",
            "extra": 'it=Context("given", default="default")', "notes": "it"},
        scope={"definitions": "from faststream import context", "handler": (
            'with context.scope("mine", 0):',
            '    seen.append((context.get("mine"), context.get_local("mine", 5)))',
            'seen.append((context.get("mine"), context.get_local("mine", 5)))')},
        scope_of_application={"extra": "context: ContextRepo", "handler": (
            'context.set_local("mine", 1)', 'seen.append(context.get_local("mine"))',
            'context.reset_local("mine", None)' )},
        context_global={
            "definitions": "from faststream import context",
            "first": 'context.set_global("given", 5)', "extra": 'it=Context("given")',
            "notes": "it"},
    ),
    dimension(
        "dependencies", "depends",
        sync={"definitions": "def one():\n    return 1", "extra": "it=Depends(one)", "notes": "it"},
        coroutine={"definitions": "async def one():\n    return 1", "extra": "it=Depends(one)",
                   "notes": "it"},
        generator={"definitions": 'def one():\n    yield 1\n    seen.append("closed")',
                   "extra": "it=Depends(one)", "notes": "it"},
        async_generator={"definitions": 'async def one():\n    yield 1\n    seen.append("closed")',
                         "extra": "it=Depends(one)", "notes": "it"},
        of_body={"definitions": "def whole(msg):\n    return msg", "extra": "it=Depends(whole)",
                 "notes": "it"},
        of_message={"definitions": "def of(message: RabbitMessage):\n    return message.headers",
                    "extra": "it=Depends(of)", "notes": "it"},
        nested={"definitions": "def one():\n    return 1\n\n\ndef two(it=Depends(one)):\n"
                "    return it + 1", "extra": "it=Depends(two)", "notes": "it"},
        annotated={"definitions": "def one():\n    return 1",
                   "extra": "it: Annotated[int, Depends(one)]", "notes": "it"},
        raising={"definitions": 'def one():\n    raise ValueError("dependency")',
                 "extra": "it=Depends(one)", "notes": "it"},
        cast={"definitions": 'def one() -> int:\n    return "1"', "extra": "it: int = Depends(one)",
              "notes": "it"},
    ),
    dimension(
        "handlers", "handler",
        sync={"define": "def"},
        answers_text={"returned": "text", "handler": 'return "answer"'},
        answers_dict={"returned": "dict", "handler": 'return {"answer": 1}'},
        answers_none_by_type={"handler": "return None"},
        answers_bytes={"handler": 'return b"answer"'},
        answers_number={"handler": "return 42"},
        answers_response={"handler": 'return Response("answer", headers={"a": "1"})'},
        answers_rabbit_response={"handler":
            'return RabbitResponse("answer", headers={"a": "1"}, priority=3)'},
        answers_persistent={"handler": 'return RabbitResponse("answer", persist=True)'},
        raises={"raised": "ValueError", "handler": 'raise ValueError("handler")'},
        raises_key_error={"handler": 'raise KeyError("handler")'},
        ack_message={"handler": "raise AckMessage()"},
        nack_message={"handler": "raise NackMessage(requeue=False)"},
        reject_message={"handler": "raise RejectMessage()"},
        reject_message_requeue={"handler": "raise RejectMessage(requeue=False)"},
        skip_message={"handler": "raise SkipMessage()"},
        acks=_then("await message.ack()"),
        acks_twice=_then("await message.ack()", "await message.ack()"),
        acks_and_raises=_then("await message.ack()", 'raise ValueError("handler")'),
        nacks=_then("await message.nack(requeue=False)"),
        rejects=_then("await message.reject()"),
        rejects_requeue_off=_then("await message.reject(requeue=False)"),
        nacks_and_raises=_then("await message.nack(requeue=False)", 'raise ValueError("handler")'),
        acks_multiple=_then("await message.ack(multiple=True)"),
        nacks_once_by_class={"handler": "raise NackMessage"},
        acks_from_class={"handler": "raise AckMessage"},
        redelivered_once=_then(
            "if not message.raw_message.redelivered:", "    await message.nack()"),
        raises_once=_then(
            "if not message.raw_message.redelivered:", '    raise ValueError("once")'),
        cancelled={"handler": "raise asyncio.CancelledError()"},
        stops_consuming={"handler": "raise StopConsume()"},
        stops_application={"handler": "raise StopApplication()"},
        slow={"handler": ("await asyncio.sleep(0.2)", 'seen.append("slept")')},
        publishes={"handler": ("if msg != \"second\":",
                               '    await broker.publish("second", $to)')},
    ),
    dimension(
        "replies", "reply",
        decorator={"decorators": '@broker.publisher("demo-out")'},
        decorator_of_answer={
            "handler": 'return "answer"', "decorators": '@broker.publisher("demo-out")'},
        decorator_with_exchange={
            "decorators": '@broker.publisher("demo-out", RabbitExchange("demo-z"))'},
        decorator_with_options={
            "decorators": '@broker.publisher("demo-out", persist=True, priority=3)'},
        decorator_with_reply_to={
            "decorators": '@broker.publisher("demo-out", reply_to="demo-replies")'},
        decorator_with_headers={
            "decorators": '@broker.publisher("demo-out", headers={"p": "1"})'},
        decorator_of_queue_object={
            "decorators": '@broker.publisher(RabbitQueue("demo-out", routing_key="demo-out-key"))'},
        decorator_routing_key={"decorators": '@broker.publisher(routing_key="demo-out")'},
        two_decorators={
            "decorators": ('@broker.publisher("demo-out")', '@broker.publisher("demo-more")')},
        reply_to={"publish": 'reply_to="demo-replies"'},
        reply_to_and_decorator={"publish": 'reply_to="demo-replies"',
                                "decorators": '@broker.publisher("demo-out")'},
        publisher_with_middleware={
            "definitions": "async def noting(call_next, *args, **kwargs):\n"
            '    seen.append("publisher noting")\n'
            "    return await call_next(*args, **kwargs)",
            "decorators": '@broker.publisher("demo-out", middlewares=[noting])'},
        mandatory_off={"decorators": '@broker.publisher("demo-out", mandatory=False)'},
        on_router={"on": "router", "decorators": '@router.publisher("demo-out")'},
        reply_on_request={"result":
            'seen.append(("reply", await (await broker.request($message, timeout=2)).decode()))'},
        request_details={"result": ("reply = await broker.request($message, timeout=2)\n"
            'seen.append((reply.body, reply.headers, reply.content_type, type(reply).__name__))')},
        rpc={"result": 'seen.append(("reply", await broker.publish($message, rpc=True)))'},
        rpc_raising={"result": 'seen.append(("reply", await broker.publish('
                     "$message, rpc=True, rpc_timeout=0.5, raise_timeout=True)))"},
        rpc_of_nobody={"result": 'seen.append(("reply", await broker.publish('
                                 '1, "demo-nobody", rpc=True, rpc_timeout=0.3)))'},
        request_of_nobody={"result":
            'seen.append(("reply", await broker.request(1, "demo-nobody", timeout=0.3)))'},
        request_by_publisher={"registered": "publisher = broker.publisher($publisher)", "result":
            'seen.append(("reply", (await publisher.request($payload, timeout=2)).body))'},
    ),
)  # fmt: skip
