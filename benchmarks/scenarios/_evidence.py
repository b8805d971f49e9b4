"""Where a task hangs, and what two brokers share."""

from __future__ import annotations

import asyncio
import gc
import importlib
import re
from typing import AbstractSet, Any, Iterator

PACKAGES = ("faststream", "aio_pika", "aiormq")
MOST_OBJECTS = 20_000  # that are looked at for one broker
MOST_AWAITS = 100


def await_chain(task: Any) -> list[str]:
    """The coroutines that `task` stands in, as "module:line function", outermost first.

    The last entry says what the innermost one waits on, where its owner can be seen, as
    "waits on Connection.connected: Event [unset, waiters:1]".
    """
    chain: list[str] = []
    frames: list[Any] = []
    awaited: Any = task
    for _ in range(MOST_AWAITS):
        if isinstance(awaited, asyncio.Task):
            awaited = awaited.get_coro()
        frame = _first(awaited, "cr_frame", "gi_frame", "ag_frame")
        if frame is not None:
            name = getattr(awaited, "__qualname__", frame.f_code.co_name)
            chain.append(f"{frame.f_globals.get('__name__', '?')}:{frame.f_lineno} {name}")
            frames.append(frame)
            awaited = _first(awaited, "cr_await", "gi_yieldfrom", "ag_await")
        else:  # a wrapper written in C, of a coroutine or of a future: it refers to that
            inner = [o for o in gc.get_referents(awaited) if _awaits(o)]
            awaited = inner[0] if inner and not _is_plain_future(awaited) else None
        if awaited is None:
            break
    chain += _waited_on(frames)
    return chain


def _first(obj: Any, *names: str) -> Any:
    return next((v for v in (getattr(obj, n, None) for n in names) if v is not None), None)


def _is_plain_future(obj: Any) -> bool:
    return asyncio.isfuture(obj) and not isinstance(obj, asyncio.Task)


def _awaits(obj: Any) -> bool:
    return not isinstance(obj, type) and (
        asyncio.isfuture(obj)
        or _first(obj, "cr_frame", "gi_frame", "ag_frame") is not None
        or type(obj).__name__ in ("coroutine_wrapper", "FutureIter", "async_generator_asend")
    )


def _waited_on(frames: list[Any]) -> list[str]:
    """What the innermost method belongs to, by the name that its caller's object has for it."""
    caller, waited = ([None, None] + [frame.f_locals.get("self") for frame in frames])[-2:]
    state = re.search(r"\[.*\]", repr(waited))  # an asyncio.Event's: "[unset, waiters:1]"
    what = f"{type(waited).__name__} {state[0] if state else ''}".strip()
    return [
        f"waits on {type(caller).__name__}.{name}: {what}"
        for name, value in _attributes(caller).items()
        if value is waited is not None
    ]


def _attributes(obj: Any) -> dict[str, Any]:
    """An object's own attributes, from its ``__dict__`` and its classes' ``__slots__``."""
    found = dict(getattr(obj, "__dict__", None) or {})
    for cls in type(obj).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else tuple(slots):
            if name not in ("__dict__", "__weakref__") and hasattr(obj, name):
                found[name] = getattr(obj, name)
    return found


def shared_objects(first: Any, second: Any) -> list[str]:
    """Types of the objects with live state of RabbitMQ's that two brokers both reach; sorted.

    Such an object is a connection or a channel of aio-pika's or aiormq's, or one of `PACKAGES` that
    holds one itself; constants, loggers and the like, shared on purpose, are not. What is shared
    only because another shared object leads to it is left out: it is not the cause.
    """
    live, theirs = _live_types(), _reach(second)
    shared = {k for k, o in _reach(first).items() if k in theirs and _is_live(o, live)}
    found = _reach(first, not_through=shared)
    return sorted(
        f"{type(o).__module__}.{type(o).__qualname__}" for k, o in found.items() if k in shared
    )


def _live_types() -> Any:
    """The abstract connections and channels, of whichever layer."""
    types = []
    for package in ("aio_pika.abc", "aiormq.abc"):
        module = importlib.import_module(package)
        types += [
            cls
            for name in ("AbstractConnection", "AbstractChannel")
            for cls in [getattr(module, name, None)]
            if isinstance(cls, type)
        ]
    return tuple(types)


def _is_live(obj: Any, live: Any) -> bool:
    if isinstance(obj, live):
        return True
    return any(
        isinstance(item, live)
        for value in _attributes(obj).values()
        for item in [value, *_items(value)]
    )


def _items(obj: Any) -> Iterator[Any]:
    if isinstance(obj, dict):
        yield from list(obj.values())
    elif isinstance(obj, (list, tuple, set, frozenset)):
        yield from list(obj)


def _reach(broker: Any, not_through: AbstractSet[int] = frozenset()) -> dict[int, Any]:
    """Objects of `PACKAGES` that a broker reaches through attributes and containers, by id.

    Other brokers are not entered: a release may keep a list of all of them.
    """
    found: dict[int, Any] = {}
    seen: dict[int, Any] = {id(broker): broker}  # holds the objects: an id lives as long as they do
    todo: list[Any] = list(_attributes(broker).values())
    while todo and len(seen) < MOST_OBJECTS:
        obj = todo.pop()
        if id(obj) in seen or isinstance(obj, (type, type(broker))):
            continue
        seen[id(obj)] = obj
        if type(obj).__module__.split(".")[0] not in PACKAGES:
            todo += _items(obj)
            continue
        found[id(obj)] = obj
        if id(obj) not in not_through:
            todo += _attributes(obj).values()
            todo += _items(obj)
    return found
