"""The middlewares of the ladder; what a release does not have fails to be made, with the reason."""

import asyncio
import importlib
import inspect
import time
from typing import Any, Awaitable, Callable, Dict, NamedTuple, Optional

LATE_EVERY = 100


class Made(NamedTuple):
    """A middleware, as a broker takes it."""

    middleware: Any
    called: Callable[[], bool] = lambda: True
    """Whether it has seen a message so far, where that can be asked."""
    tidy: Callable[[], None] = lambda: None
    """Lets go of what it has collected."""


def make(name: str) -> Made:
    """Make a middleware: nothing, prometheus, opentelemetry; burn:MICROSECONDS or late:SECONDS.

    Raises ImportError, TypeError or whatever else the release has to say.
    """
    name, _, number = name.partition(":")
    return _MAKERS[name](*([float(number)] if number else []))


def _nothing() -> Made:
    return Made(_passing())


def _passing() -> Any:
    """What a user begins with: both scopes pass on what they get."""
    base: Any = importlib.import_module("faststream").BaseMiddleware
    if "call_next" not in inspect.signature(base.consume_scope).parameters:

        class Hooks(base):  # type: ignore[misc]  # older ones are entered and left
            async def on_consume(self, msg: Any) -> Any:
                return msg

            async def on_publish(self, msg: Any) -> Any:
                return msg

        return Hooks

    class Scopes(base):  # type: ignore[misc]
        async def consume_scope(self, call_next: Any, msg: Any) -> Any:
            return await call_next(msg)

        async def publish_scope(self, call_next: Any, msg: Any, *args: Any, **options: Any) -> Any:
            return await call_next(msg, *args, **options)

    return Scopes


def _before(consuming: Callable[[], Optional[Awaitable[None]]], publishing: Any = None) -> Made:
    """Do something before a message is passed on, which may have to be awaited."""
    passing = _passing()
    names = [name for name in ("consume_scope", "publish_scope", "on_consume", "on_publish")
             if name in vars(passing)]  # fmt: skip

    def method(name: str, does: Any) -> Any:
        async def doing(self: Any, *args: Any, **options: Any) -> Any:
            waits = does()
            if waits:
                await waits
            return await getattr(super(made, self), name)(*args, **options)

        return doing

    both = zip(names, (consuming, publishing))
    made = type("Before", (passing,), {name: method(name, does) for name, does in both if does})
    return Made(made)


def _burn(microseconds: float) -> Made:
    """Takes so much CPU time of every message."""
    seconds = microseconds / 1e6

    def burn() -> None:
        until = time.thread_time() + seconds
        while time.thread_time() < until:
            pass

    return _before(burn, burn)


def _late(seconds: float) -> Made:
    """Lets one message of `LATE_EVERY` that come in wait."""
    count = 0

    def wait() -> Optional[Awaitable[None]]:
        nonlocal count
        count += 1
        return None if count % LATE_EVERY else asyncio.sleep(seconds)

    return _before(wait)


def _prometheus() -> Made:
    module = importlib.import_module("faststream.rabbit.prometheus")
    registry = importlib.import_module("prometheus_client").CollectorRegistry()

    def called() -> bool:
        return any(sample.value for metric in registry.collect() for sample in metric.samples)

    return Made(module.RabbitPrometheusMiddleware(registry=registry), called)


def _opentelemetry() -> Made:
    """Every span is sampled, and exported to memory at once."""
    module = importlib.import_module("faststream.rabbit.opentelemetry")
    trace = importlib.import_module("opentelemetry.sdk.trace")
    export = importlib.import_module("opentelemetry.sdk.trace.export")
    memory = importlib.import_module("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    sampling = importlib.import_module("opentelemetry.sdk.trace.sampling")
    exporter = memory.InMemorySpanExporter()
    provider = trace.TracerProvider(sampler=sampling.ALWAYS_ON)
    provider.add_span_processor(export.SimpleSpanProcessor(exporter))
    return Made(
        module.RabbitTelemetryMiddleware(tracer_provider=provider),
        lambda: bool(exporter.get_finished_spans()),
        exporter.clear,
    )


_MAKERS: Dict[str, Callable[..., Made]] = {
    "nothing": _nothing,
    "burn": _burn,
    "late": _late,
    "prometheus": _prometheus,
    "opentelemetry": _opentelemetry,
}
