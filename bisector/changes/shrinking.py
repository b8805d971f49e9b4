"""Shrinks what shows a difference: the fewest choices that still do.  Pure but for the asking."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


async def shrink(
    items: Sequence[Item], shows: Callable[[list[Item]], Awaitable[bool]]
) -> list[Item]:
    """Return items, in their order, of which none can be left out (ddmin, Zeller 2002).

    All questions of a step are asked at once.

    Args:
        items: which show it together.
        shows: whether some of them still do.
    """
    kept, parts = list(items), 2
    if kept and await shows([]):
        return []
    while len(kept) > 1:
        parts = min(parts, len(kept))
        chunks = [kept[i * len(kept) // parts : (i + 1) * len(kept) // parts] for i in range(parts)]
        rests = [[x for x in kept if x not in chunk] for chunk in chunks] if parts > 2 else []
        answers = await asyncio.gather(*(shows(some) for some in (*chunks, *rests)))
        found = next((i for i, yes in enumerate(answers) if yes), None)
        if found is None:
            if parts == len(kept):
                break
            parts *= 2
        elif found < len(chunks):
            kept, parts = chunks[found], 2
        else:
            kept, parts = rests[found - len(chunks)], max(parts - 1, 2)
    return kept
