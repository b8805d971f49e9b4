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


Does = Optional[Callable[[], Optional[Awaitable[None]]]]
"""What is done before a message is passed on; what it returns is awaited."""


def _nothing() -> Made:
    """What a user begins with: both scopes pass on what they get."""
    return _passing(None, None)


def _passing(consuming: Does, publishing: Does) -> Made:
    base: Any = importlib.import_module("faststream").BaseMiddleware
    seen = False  # a middleware of the broker is not called for all that it does, in all releases

    def begins(does: Does) -> Optional[Awaitable[None]]:
        nonlocal seen
        seen = True
        return does() if does else None

    if "call_next" not in inspect.signature(base.consume_scope).parameters:

        class Hooks(base):  # type: ignore[misc]  # older ones are entered and left
            async def on_consume(self, msg: Any) -> Any:
                if waits := begins(consuming):
                    await waits
                return msg

            async def on_publish(self, msg: Any) -> Any:
                if waits := begins(publishing):
                    await waits
                return msg

        return Made(Hooks, lambda: seen)

    class Scopes(base):  # type: ignore[misc]
        async def consume_scope(self, call_next: Any, msg: Any) -> Any:
            if waits := begins(consuming):
                await waits
            return await call_next(msg)

        async def publish_scope(self, call_next: Any, msg: Any, *args: Any, **options: Any) -> Any:
            if waits := begins(publishing):
                await waits
            return await call_next(msg, *args, **options)

    return Made(Scopes, lambda: seen)


def _burn(microseconds: float) -> Made:
    """Takes so much time of every message, and does not enter the kernel: that would cost more."""
    seconds = microseconds / 1e6

    def burn() -> None:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            pass

    return _passing(burn, burn)


def _late(seconds: float) -> Made:
    """Lets one message of `LATE_EVERY` that come in wait."""
    count = 0

    def wait() -> Optional[Awaitable[None]]:
        nonlocal count
        count += 1
        return None if count % LATE_EVERY else asyncio.sleep(seconds)

    return _passing(wait, None)


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
