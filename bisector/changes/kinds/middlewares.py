"""What stands between a message and its handler: middlewares, parsers, decoders."""

from __future__ import annotations

from bisector.changes.grammar import dimension

NOTING = """\
class Noting(BaseMiddleware):
    async def consume_scope(self, call_next, msg):
        seen.append("consume begins")
        try:
            return await call_next(msg)
        finally:
            seen.append("consume ends")

    async def publish_scope(self, call_next, *args, **kwargs):
        seen.append("publish begins")
        return await call_next(*args, **kwargs)"""
EDGES = """\
class Edges(BaseMiddleware):
    async def on_receive(self):
        seen.append("on receive")
        return await super().on_receive()

    async def after_processed(self, exc_type=None, exc_val=None, exc_tb=None):
        seen.append(("after processed", exc_type))
        return await super().after_processed(exc_type, exc_val, exc_tb)"""
HOOKS = """\
class Hooks(BaseMiddleware):
    async def on_consume(self, msg):
        seen.append("on consume")
        return await super().on_consume(msg)

    async def after_consume(self, err):
        seen.append(("after consume", err))
        return await super().after_consume(err)

    async def on_publish(self, msg, *args, **kwargs):
        seen.append("on publish")
        return await super().on_publish(msg, *args, **kwargs)

    async def after_publish(self, err):
        seen.append(("after publish", err))
        return await super().after_publish(err)"""
ALL = """\
class First(BaseMiddleware):
    async def on_receive(self):
        seen.append((type(self).__name__, "on receive"))
        return await super().on_receive()

    async def consume_scope(self, call_next, msg):
        seen.append((type(self).__name__, "consume"))
        return await call_next(msg)

    async def publish_scope(self, call_next, *args, **kwargs):
        seen.append((type(self).__name__, "publish"))
        return await call_next(*args, **kwargs)

    async def after_processed(self, exc_type=None, exc_val=None, exc_tb=None):
        seen.append((type(self).__name__, "after processed"))
        return await super().after_processed(exc_type, exc_val, exc_tb)


class Second(First):
    pass"""
CHANGING = """\
class Changing(BaseMiddleware):
    async def consume_scope(self, call_next, msg):
        return f"changed {await call_next(msg)}\""""
SWALLOWING = """\
class Swallowing(BaseMiddleware):
    async def consume_scope(self, call_next, msg):
        try:
            return await call_next(msg)
        except ValueError as error:
            seen.append(("swallowed", error))"""
EXCEPTIONS = """\
errors = ExceptionMiddleware()


@errors.add_handler(ValueError, publish=True)
def on_error(error: ValueError):
    seen.append(("on error", error))
    return "an error\""""
ANY_ERROR = """\
errors = ExceptionMiddleware()


@errors.add_handler(Exception)
def on_any(error: Exception):
    seen.append(("on any", error))


@errors.add_handler(ValueError)
def on_error(error: ValueError):
    seen.append(("on error", error))"""
ANY_ERROR_PUBLISHED = """\
errors = ExceptionMiddleware(publish_handlers={Exception: lambda error: f"failed: {error}"})"""
ERRORS = """\
errors = ExceptionMiddleware({ValueError: lambda error: seen.append(("on error", error))})"""
PARSER = """\
async def parse(msg, parser):
    seen.append("parse")
    return await parser(msg)"""
DECODER = """\
async def decode(msg, decoder):
    seen.append(("decode", type(msg).__name__))
    return await decoder(msg)"""
OWN_PARSER = """\
async def parse(msg):
    return StreamMessage(raw_message=msg, body=msg.body)"""
OWN_DECODER = """\
async def decode(msg):
    return msg.body.decode().upper()"""
RAISING = """\
class Raising(BaseMiddleware):
    async def %s:
        raise ValueError("middleware")"""
BOUND = """\
def noting(name):
    async def noted(call_next, msg):
        seen.append(f"{name} begins")
        try:
            return await call_next(msg)
        finally:
            seen.append(f"{name} ends")

    return noted"""


def _decoded_again(value: str) -> dict[str, str]:
    """A decoder that says that it is called, and a message that is decoded once more."""
    return {
        "definitions": f'async def decode(msg):\n    seen.append("decode")\n    return {value}',
        "subscriber": "decoder=decode", "extra": "message: RabbitMessage",
        "notes": "await message.decode()",
    }  # fmt: skip


DIMENSIONS = (
    dimension(
        "middlewares", "middleware",
        on_broker={"definitions": NOTING, "broker": "middlewares=[Noting]"},
        on_router={"definitions": NOTING, "on": "router", "router": "middlewares=[Noting]"},
        on_subscriber={"definitions": NOTING, "subscriber": "middlewares=[Noting]"},
        on_subscriber_bound={"definitions": (
            "async def noting(call_next, msg):\n"
            '    seen.append("noting")\n'
            "    return await call_next(msg)"), "subscriber": "middlewares=[noting]"},
        edges={"definitions": EDGES, "broker": "middlewares=[Edges]"},
        hooks={"definitions": HOOKS, "broker": "middlewares=[Hooks]"},
        hooks_of_subscriber={"definitions": HOOKS, "subscriber": "middlewares=[Hooks]"},
        changing={"definitions": CHANGING, "broker": "middlewares=[Changing]"},
        swallowing={"definitions": SWALLOWING, "broker": "middlewares=[Swallowing]"},
        two_deep={"definitions": (NOTING, EDGES), "broker": "middlewares=[Noting, Edges]"},
        two_everywhere={"definitions": ALL, "broker": "middlewares=[First, Second]",
                        "decorators": '@broker.publisher("demo-out")'},
        two_requested={"definitions": ALL, "broker": "middlewares=[First, Second]", "result":
            'seen.append((await broker.request($message, timeout=2)).body)'},
        broker_and_subscriber={"definitions": ALL, "broker": "middlewares=[First]",
                               "subscriber": "middlewares=[Second(None).consume_scope]"},
        raising_before={"definitions": RAISING % "consume_scope(self, call_next, msg)",
                        "broker": "middlewares=[Raising]"},
        raising_on_receive={"definitions": RAISING % "on_receive(self)",
                            "broker": "middlewares=[Raising]"},
        raising_on_publish={"definitions": RAISING % "publish_scope(self, call_next, *a, **k)",
                            "broker": "middlewares=[Raising]"},
        raising_after={"definitions": RAISING % "after_processed(self, *errors)",
                       "broker": "middlewares=[Raising]"},
        silencing={"definitions": "class Silent(BaseMiddleware):\n"
                   "    async def after_processed(self, *errors):\n        return True",
                   "broker": "middlewares=[Silent]", "handler": 'raise ValueError("handler")'},
        changing_what_is_published={"definitions": "class Louder(BaseMiddleware):\n"
            "    async def publish_scope(self, call_next, cmd, *args, **kwargs):\n"
            "        if hasattr(cmd, 'body'):\n            cmd.body = f'{cmd.body}!'\n"
            "            return await call_next(cmd)\n"
            "        return await call_next(f'{cmd}!', *args, **kwargs)",
            "broker": "middlewares=[Louder]"},
        changing_headers={"definitions": "class Marked(BaseMiddleware):\n"
            "    async def publish_scope(self, call_next, cmd, *args, **kwargs):\n"
            "        if hasattr(cmd, 'headers'):\n            cmd.headers['marked'] = '1'\n"
            "            return await call_next(cmd)\n"
            "        kwargs['headers'] = {'marked': '1'}\n"
            "        return await call_next(cmd, *args, **kwargs)",
            "broker": "middlewares=[Marked]"},
        looking_at_message={"definitions": "class Looking(BaseMiddleware):\n"
            "    async def consume_scope(self, call_next, msg):\n"
            "        seen.append((msg.body, msg.content_type, await msg.decode()))\n"
            "        return await call_next(msg)", "broker": "middlewares=[Looking]"},
        acknowledging={"definitions": "class Early(BaseMiddleware):\n"
            "    async def consume_scope(self, call_next, msg):\n"
            "        await msg.ack()\n        return await call_next(msg)",
            "broker": "middlewares=[Early]"},
        not_calling={"definitions": "class Stopping(BaseMiddleware):\n"
            "    async def consume_scope(self, call_next, msg):\n        return None",
            "broker": "middlewares=[Stopping]"},
        two_of_subscriber={"definitions": BOUND,
            "subscriber": 'middlewares=[noting("first"), noting("second")]'},
        with_answers={"definitions": ALL, "broker": "middlewares=[First, Second]",
            "decorators": '@broker.publisher("demo-out")', "handler": 'return "answer"'},
        on_two_routers={"definitions": ALL, "on": "router", "routers": (
            "outer = RabbitRouter(middlewares=[First])",
            "router = RabbitRouter(middlewares=[Second])"),
            "registered": ("outer.include_router(router)", "broker.include_router(outer)")},
        of_publishing_only={"definitions": ALL, "broker": "middlewares=[First, Second]", "result":
            'await broker.publish($message)\nseen.append("between")\n'
            "await broker.publish($message)"},
        exceptions_of_subscriber={"definitions": ERRORS, "subscriber": "middlewares=[errors]",
                                  "handler": 'raise ValueError("handler")'},
        exceptions_that_answer={"definitions": EXCEPTIONS, "broker": "middlewares=[errors]",
            "handler": 'raise ValueError("handler")',
            "decorators": '@broker.publisher("demo-out")'},
        exceptions_of_subclass={"definitions": ERRORS, "broker": "middlewares=[errors]",
                                "handler": 'raise UnicodeError("handler")'},
        exceptions_that_raise={"definitions": "def fail(error):\n"
            '    raise KeyError("in the middleware")\n\n\n'
            "errors = ExceptionMiddleware({ValueError: fail})",
            "broker": "middlewares=[errors]", "handler": 'raise ValueError("handler")'},
        exceptions_with_context={"definitions": "errors = ExceptionMiddleware()\n\n\n"
            "@errors.add_handler(ValueError)\n"
            'def on_error(error: ValueError, message=Context("message")):\n'
            '    seen.append(("on error", type(message).__name__))',
            "broker": "middlewares=[errors]", "handler": 'raise ValueError("handler")'},
        any_exception={"definitions": ANY_ERROR, "broker": "middlewares=[errors]"},
        any_exception_published={"definitions": ANY_ERROR_PUBLISHED,
                                 "broker": "middlewares=[errors]"},
        exceptions_of_two={"definitions": (ERRORS, ALL), "broker": "middlewares=[errors, First]"},
        broker_and_router={"definitions": (NOTING, EDGES), "broker": "middlewares=[Noting]",
                           "on": "router", "router": "middlewares=[Edges]"},
        added_later={"definitions": NOTING, "registered": "broker.add_middleware(Noting)"},
        exceptions_by_decorator={"definitions": EXCEPTIONS, "broker": "middlewares=[errors]"},
        exceptions={"definitions": ERRORS, "broker": "middlewares=[errors]"},
    ),
    dimension(
        "parsers", "parser",
        on_broker={"definitions": PARSER, "broker": "parser=parse"},
        on_router={"definitions": PARSER, "on": "router", "router": "parser=parse"},
        on_subscriber={"definitions": PARSER, "subscriber": "parser=parse"},
        whole={"definitions": OWN_PARSER, "subscriber": "parser=parse"},
        raising={"definitions": 'async def parse(msg):\n    raise ValueError("parser")',
                 "subscriber": "parser=parse"},
        raising_on_broker={"definitions": 'async def parse(msg):\n    raise ValueError("parser")',
                           "broker": "parser=parse"},
        synchronous={"definitions": "def parse(msg):\n"
                     "    return StreamMessage(raw_message=msg, body=msg.body)",
                     "subscriber": "parser=parse"},
        of_both={"definitions": (PARSER, ('async def second(msg, parser):\n'
                                 '    seen.append("second")\n    return await parser(msg)')),
                 "broker": "parser=parse", "subscriber": "parser=second"},
        changing={"definitions": "async def parse(msg, parser):\n"
                  "    parsed = await parser(msg)\n    parsed.headers['parsed'] = 'yes'\n"
                  "    return parsed", "subscriber": "parser=parse", "extra":
                  'a: str = Header("parsed", default="no")', "notes": "a"},
        of_requests={"definitions": PARSER, "broker": "parser=parse", "handler": "return 1",
            "result": 'seen.append((await broker.request($message, timeout=2)).body)'},
    ),
    dimension(
        "parsers", "decoder",
        on_broker={"definitions": DECODER, "broker": "decoder=decode"},
        on_router={"definitions": DECODER, "on": "router", "router": "decoder=decode"},
        on_subscriber={"definitions": DECODER, "subscriber": "decoder=decode"},
        whole={"definitions": OWN_DECODER, "subscriber": "decoder=decode"},
        raising={"definitions": 'async def decode(msg):\n    raise ValueError("decoder")',
                 "subscriber": "decoder=decode"},
        raising_on_broker={"definitions": 'async def decode(msg):\n    raise ValueError("decoder")',
                           "broker": "decoder=decode"},
        none={"definitions": "async def decode(msg):\n    return None",
              "subscriber": "decoder=decode"},
        synchronous={"definitions": "def decode(msg):\n    return 5",
                     "subscriber": "decoder=decode"},
        none_again=_decoded_again("None"),
        empty_again=_decoded_again('""'),
        zero_again=_decoded_again("0"),
        counted={"definitions": DECODER, "subscriber": "decoder=decode", "extra":
                 "message: RabbitMessage", "notes": ("await message.decode()",)},
        of_requests={"definitions": DECODER, "broker": "decoder=decode", "handler": "return 1",
            "result": 'seen.append(await (await broker.request($message, timeout=2)).decode())'},
        of_model={"definitions": "class Read(BaseModel):\n    text: str\n\n\n"
                  "async def decode(msg):\n    return Read(text=msg.body.decode())",
                  "subscriber": "decoder=decode", "argument": "msg: Read"},
    ),
)  # fmt: skip
