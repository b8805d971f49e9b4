"""Things done side by side: all of them, or none left running."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


async def together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Return the results in order; when one fails, or we are cancelled, the others are stopped."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        await stop(tasks)


async def to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Wait for what must not be left half done, however often we are cancelled meanwhile."""
    task = asyncio.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled:
        raise cancelled
    return task.result()


async def within(work: Coroutine[Any, Any, T], seconds: float) -> T:
    """Wait for something, but not for ever.

    Not `asyncio.wait_for`: up to Python 3.11 that loses a cancellation which comes as it ends.

    Raises:
        asyncio.TimeoutError: it took longer, and was cancelled.
    """
    task = asyncio.create_task(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if not done:
            raise asyncio.TimeoutError
        return task.result()
    finally:
        task.cancel()


async def stop(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait for each to have put away what it started."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
