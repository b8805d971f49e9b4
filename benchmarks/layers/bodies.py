"""The messages of the ladder: bytes, or an order as JSON, whole or as a pydantic model.

Each is of one size, and holds its number, so that a handler knows which one it was given.
"""

# No `from __future__ import annotations` here or in `rungs`: what a handler is annotated with has
# to be there when FastStream reads it.

import importlib
import json
from typing import Any, Callable, Dict, List, NamedTuple

from benchmarks import compat


class Body(NamedTuple):
    """One kind of message."""

    annotation: Any
    """What a handler says that it takes."""
    wire: Callable[[int], bytes]
    """What goes over the wire, by number."""
    content_type: str
    """Likewise, as FastStream itself says it; empty: nothing."""
    published: Any
    """What is given to `broker.publish`."""
    number: Callable[[Any], int]
    """The number in what a handler was given."""


def of(kind: str, size: int) -> Body:
    """Describe the messages of a kind: bytes, json or model.

    Raises what pydantic raises where it has no such thing.
    """
    if kind == "bytes":
        rest = b"x" * (size - 8)
        return Body(bytes, lambda n: b"%08d" % n + rest, "", b"0" * 8 + rest, _of_bytes)
    wire = _order(size)
    whole = json.loads(wire(0))
    if kind == "json":
        return Body(Dict[str, Any], wire, "application/json", whole, lambda body: int(body["id"]))
    made = model()
    return Body(made, wire, "application/json", made(**whole), lambda body: int(body.id))


def _of_bytes(body: bytes) -> int:
    return int(body[:8])


def _order(size: int) -> Callable[[int], bytes]:
    """JSON with a number of eight places, blanks before it, filled up to a size."""
    order = {
        "id": 0,
        "customer": "a customer of ours",
        "paid": True,
        "lines": [{"sku": f"sku-{n:04}", "amount": n, "price": n / 4} for n in range(8)],
        "note": "",
    }
    order["note"] = "x" * (size - len(json.dumps(order)) - 7)
    before, after = json.dumps(order).encode().split(b"0", 1)
    return lambda n: b"%b%8d%b" % (before, n, after)


def model() -> Any:
    """The same order as a pydantic model, of whichever pydantic the release brings."""
    if compat.rabbit():  # which brings it; one that does not import says so first
        pydantic = importlib.import_module("pydantic")
    line = pydantic.create_model("Line", sku=(str, ...), amount=(int, ...), price=(float, ...))
    return pydantic.create_model(
        "Order",
        id=(int, ...),
        customer=(str, ...),
        paid=(bool, ...),
        lines=(List[line], ...),  # type: ignore[valid-type]
        note=(str, ""),
    )
