"""What a handler is and does, and what it answers."""

from __future__ import annotations

from bisector.changes.grammar import dimension
from bisector.changes.kinds.arguments import DATACLASS, MODEL

CLOSES_CHANNEL = (
    "if not message.raw_message.redelivered:",
    "    await message.raw_message.channel.close()",
)


def _then(*lines: str) -> dict[str, str | tuple[str, ...]]:
    """A handler that takes the message, too, and does something with it."""
    return {"extra": "message: RabbitMessage", "handler": lines}


def _shaped(definition: str, name: str) -> dict[str, str]:
    """A handler that is no plain coroutine function."""
    return {"style": "plain", "definitions": definition, "registered": f"$subscribe({name})"}


DIMENSIONS = (
    dimension(
        "handlers", "shape",
        method=_shaped("class Service:\n    async def handle(self, msg):\n"
                       '        seen.append(("method", msg))', "Service().handle"),
        static_method=_shaped("class Service:\n    @staticmethod\n    async def handle(msg):\n"
                              '        seen.append(("static", msg))', "Service.handle"),
        class_method=_shaped("class Service:\n    @classmethod\n"
            "    async def handle(cls, msg):\n"
            '        seen.append(("class", msg))', "Service.handle"),
        callable_object=_shaped("class Service:\n    async def __call__(self, msg):\n"
                                '        seen.append(("called", msg))', "Service()"),
        partial=_shaped('async def of(name, msg):\n    seen.append((name, msg))',
                        'functools.partial(of, "partial")'),
        synchronous=_shaped('def sync(msg):\n    seen.append(("sync", msg))', "sync"),
        no_function=_shaped('sync = lambda msg: seen.append(("lambda", msg))', "sync"),
        wrapped=_shaped("def noted(call):\n    @functools.wraps(call)\n"
                        "    async def inner(*args, **kwargs):\n"
                        '        seen.append("wrapper")\n'
                        "        return await call(*args, **kwargs)\n\n    return inner\n\n\n"
                        "@noted\nasync def inner(msg: str):\n"
                        '    seen.append(("wrapped", msg))', "inner"),
        wrapped_synchronous=_shaped("def noted(call):\n    @functools.wraps(call)\n"
                        "    def inner(*args, **kwargs):\n"
                        '        seen.append("wrapper")\n'
                        "        return call(*args, **kwargs)\n\n    return inner\n\n\n"
                        "@noted\ndef inner(msg: str):\n"
                        '    seen.append(("wrapped", msg))', "inner"),
        generator=_shaped('async def many(msg):\n    yield msg', "many"),
        of_two_queues={"registered": 'broker.subscriber("demo-2")(handle)',
                       "last": ('await broker.publish("second", "demo-2")',
                                "await asyncio.sleep(0.1)")},
        subscriber_and_publisher={"registered": 'broker.publisher("demo-out")(handle)'},
        publisher_below={"style": "plain", "registered":
            '$subscribe(broker.publisher("demo-out")(handle))'},
        documented={"definitions": 'async def inner(msg):\n    """What it does."""',
                    "registered": 'broker.subscriber("demo-2")(inner)'},
    ),
    dimension(
        "handlers", "handler",
        sync={"define": "def"},
        sync_raises={"define": "def", "handler": 'raise ValueError("handler")'},
        sync_answers={"define": "def", "handler": 'return "answer"'},
        sync_in_thread={"define": "def", "handler":
            "seen.append(threading.current_thread() is threading.main_thread())"},
        answers_model={"definitions": MODEL, "handler": "return Order(number=1)"},
        answers_list={"handler": "return [1, 2]"},
        answers_tuple={"handler": "return 1, 2"},
        answers_false={"handler": "return False"},
        answers_empty_text={"handler": 'return ""'},
        answers_dataclass={"definitions": DATACLASS, "handler": "return Item(1)"},
        answers_list_of_models={"definitions": MODEL, "handler": "return [Order(number=1)]"},
        answers_date={"handler": "return date(2024, 1, 2)"},
        answers_wrong_type={"returned": "number", "define": "async def", "handler":
            'return "answer"'},
        answers_with_correlation={"handler":
            'return Response("answer", correlation_id="mine")'},
        answers_response_of_model={"definitions": MODEL, "handler":
            'return Response(Order(number=1), headers={"a": "1"})'},
        answers_with_type={"handler":
            'return RabbitResponse("answer", content_type="text/x-own", message_id="m",'
            ' message_type="t", expiration=60)'},
        answers_message={"extra": "message: RabbitMessage", "handler": "return message.body"},
        ignored={"handler": 'raise IgnoredException("ignored")'},
        exits={"handler": "raise SystemExit(3)"},
        raises_own_error={"definitions": "class OwnError(Exception):\n    pass",
                          "handler": 'raise OwnError("own", 5)'},
        raises_from={"handler": ("try:", "    1 / 0", "except ZeroDivisionError as error:",
                                 '    raise ValueError("handler") from error')},
        times_out={"handler": "await asyncio.wait_for(asyncio.sleep(5), 0.05)"},
        ack_message_from_depth={"handler": ("def inner():", "    raise AckMessage()", "inner()")},
        ack_message_multiple={"handler": "raise AckMessage(multiple=True)"},
        nack_message_once=_then("if not message.raw_message.redelivered:",
                                "    raise NackMessage()"),
        nack_message_with_options={"handler": "raise NackMessage(multiple=True, requeue=False)"},
        nacks_once=_then("if not message.raw_message.redelivered:",
                         "    await message.nack(requeue=True)"),
        rejects_once=_then("if not message.raw_message.redelivered:",
                           "    await message.reject(requeue=True)"),
        nack_then_ack=_then("await message.nack(requeue=False)", "await message.ack()"),
        acks_from_outside=_then("await message.raw_message.ack()"),
        rejects_from_outside=_then("await message.raw_message.reject()"),
        acks_late=_then("asyncio.get_running_loop().call_later(0.1, asyncio.ensure_future,"
                        " message.ack())"),
        acks_unknown_option=_then("await message.ack(nothing=1)"),
        acks_and_notes=_then("await message.ack()", "seen.append(str(message.committed))"),
        raises_and_is_caught=_then("try:", '    raise ValueError("inner")', "except ValueError:",
                                   "    await message.reject()"),
        publishes_by_publisher={"registered": 'out = broker.publisher("demo-out")',
                                "handler": 'await out.publish("more")'},
        publishes_by_plain={"handler": 'await broker.publish(msg, "demo-out", mandatory=False)'},
        requests={"registered": ('@broker.subscriber("demo-2")', "async def second(msg):",
                                 '    return "second"'), "handler":
            'seen.append((await broker.request("x", "demo-2", timeout=1)).body)'},
        stops_broker={"handler": "asyncio.ensure_future(broker.stop())"},
        closes_channel_once=_then(*CLOSES_CHANNEL),
        closes_channel_and_raises=_then(*CLOSES_CHANNEL, '    raise ValueError("handler")'),
        closes_channel_and_acks=_then(*CLOSES_CHANNEL, "    await message.ack()"),
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
        request_of_model={"definitions": MODEL, "handler": "return Order(number=1)", "result":
            'seen.append(("reply", await (await broker.request($message, timeout=2)).decode()))'},
        request_with_headers={"result":
            "reply = await broker.request($message, timeout=2, correlation_id='mine',"
            " headers={'a': '1'})\nseen.append((reply.correlation_id, reply.headers))"},
        request_to_exchange={
            "exchange": 'RabbitExchange("demo-x")', "result":
            'seen.append(("reply", (await broker.request($message, timeout=2)).body))'},
        request_of_error={"handler": 'raise ValueError("handler")', "result":
            'seen.append(("reply", (await broker.request($message, timeout=0.5)).body))'},
        request_of_silence={"subscriber": "no_reply=True", "result":
            'seen.append(("reply", (await broker.request($message, timeout=0.5)).body))'},
        requests_at_once={"result":
            "replies = await asyncio.gather(*(broker.request($message, timeout=2)"
            " for _ in range(3)))\nseen.append([reply.body for reply in replies])"},
        request_of_response={"handler": 'return Response("a", headers={"b": "c"})', "result":
            "reply = await broker.request($message, timeout=2)\n"
            'seen.append((reply.body, reply.headers.get("b")))'},
        reply_to_and_persist={"publish": 'reply_to="demo-replies"', "subscriber":
                              "reply_config=ReplyConfig(persist=True)"},
        reply_persistent={"publish": 'reply_to="demo-replies"', "subscriber": "persistent=False"},
        decorator_of_consumed={"registered": ('@broker.subscriber("demo-out")',
            "async def second(msg, message: RabbitMessage):",
            '    seen.append(("second", msg, message.headers, message.correlation_id))'),
            "decorators": '@broker.publisher("demo-out")', "handler": 'return "answer"'},
        decorator_of_properties={"handler": 'return "answer"', "decorators":
            '@broker.publisher("demo-out", content_type="text/x-own", message_type="t",'
            ' expiration=60, content_encoding="utf-8")'},
        decorator_priority={"handler": 'return "answer"', "decorators":
            '@broker.publisher("demo-out", priority=3)'},
        decorator_immediate={"handler": 'return "answer"', "decorators":
            '@broker.publisher("demo-out", immediate=True)'},
        decorator_to_nowhere={"handler": 'return "answer"', "decorators":
            '@broker.publisher("demo-out", mandatory=True)'},
        decorator_above={"style": "plain", "registered": (
            '@broker.publisher("demo-out")\n@$subscribe', "async def answering(msg):",
            '    return "answer"')},
        decorator_below={"style": "plain", "registered": (
            '@$subscribe\n@broker.publisher("demo-out")', "async def answering(msg):",
            '    return "answer"')},
        publishers_middlewares={"handler": 'return "answer"', "definitions":
            "def noting(name):\n    async def noted(call_next, *args, **kwargs):\n"
            '        seen.append(f"{name} publishes")\n'
            "        return await call_next(*args, **kwargs)\n\n    return noted",
            "decorators":
            '@broker.publisher("demo-out", middlewares=[noting("first"), noting("second")])'},
        request_by_publisher={"registered": "publisher = broker.publisher($publisher)", "result":
            'seen.append(("reply", (await publisher.request($payload, timeout=2)).body))'},
    ),
)  # fmt: skip
