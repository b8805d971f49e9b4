"""The release imports in an environment that holds nothing but its own dependencies."""

from __future__ import annotations

import sys
import time

from benchmarks import compat
from benchmarks.scenarios._common import BAD, GOOD, Observation, leave, report

REPORT = None
EXPECTED = "`from faststream.rabbit import RabbitBroker` works after installing faststream[rabbit]."
BROKER = "none"


def observe() -> Observation:
    begin, before = time.perf_counter(), set(sys.modules)
    try:
        compat.rabbit()
    except compat.NotImportableError as error:
        return Observation(BAD, "unimportable", str(error), {})
    seconds = time.perf_counter() - begin
    evidence = {"seconds": round(seconds, 4), "modules": len(set(sys.modules) - before)}
    return Observation(GOOD, "works", f"imported in {seconds:.2f} s", evidence)


if __name__ == "__main__":
    leave(report(observe()))
