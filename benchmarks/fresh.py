"""What only a process that has imported nothing yet can tell: what an import costs, and how much
memory there is in the end.

Imports next to nothing itself, and so does whoever uses it, until there are other orders.
"""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False  # `typing` is one of the modules that an import has to pay for
if TYPE_CHECKING:
    from typing import Callable, Iterator

UNIMPORTABLE = 125
M_MMAP_THRESHOLD, PAGE = -3, 4096
"""Of mallopt(3)."""


def begin(pipe: str) -> tuple[str, Iterator[str]]:
    """Do what is ordered, until that needs more than this module; returns it, and what follows.

    Ends the process where the orders end, or where FastStream does not import.
    """
    if why := apart(_importable):
        print(why, file=sys.stderr)
        sys.exit(UNIMPORTABLE)
    print("{}", flush=True)
    ordered = orders(pipe)
    for order in ordered:
        if order not in _ORDERS:
            return order, ordered
        _answer(*_ORDERS[order])
    os._exit(0)


def orders(pipe: str) -> Iterator[str]:
    """Read lines by hand: what does that in comfort is what an import has to pay for."""
    text, file = b"", os.open(pipe, os.O_RDONLY)
    while more := os.read(file, 4096):
        text += more
        *lines, text = text.split(b"\n")
        for line in lines:
            yield line.decode()


def apart(measure: Callable[[], object]) -> str:
    """What a function returns, as text, in a fork of this process; or in words how it fails.

    A fork of a process that has imported nothing is a fresh interpreter, and cheap.
    """
    receive, send = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(receive)
            found = str(measure())
        except BaseException as error:
            found = f"{type(error).__name__}: {error}"
        os.write(send, found.encode())
        os._exit(0)
    os.close(send)
    with os.fdopen(receive) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return text


def _answer(name: str, measure: Callable[[], object]) -> None:
    values = broken = ""
    found = apart(measure)
    try:
        values = f'"{name}": {float(found)!r}'
    except ValueError:
        broken = found.replace("\\", "/").replace('"', "'").replace("\n", " ")
    print(f'{{"values": {{{values}}}, "failed": {{}}, "broken": "{broken}"}}', flush=True)


def _importable() -> str:
    try:
        __import__("faststream.rabbit")
    except Exception as error:
        return f"does not import: {error}"
    return ""


def _import() -> float:
    begin = time.process_time()
    __import__("faststream.rabbit")
    return time.process_time() - begin


def _publish_some() -> object:
    give_back_what_is_free()
    from benchmarks import _measure, lifecycle  # noqa: PLC0415

    return _measure.awaited(lifecycle.publish_some)


def give_back_what_is_free() -> None:
    """Have malloc take a block of a page or more from the system by itself, and give it back.

    Else what is free between two blocks in use may stay resident, or not: one release then holds
    30.0 or 31.8 MB, and a longer variable in the environment turns the one into the other.
    """
    try:
        import ctypes  # noqa: PLC0415

        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, PAGE)
    except (ImportError, AttributeError):  # not glibc: there it stays to chance
        pass


_ORDERS = {
    "import": ("import: CPU time", _import),
    "peak memory": ("peak memory", _publish_some),
}
