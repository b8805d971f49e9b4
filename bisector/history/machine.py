"""The machine that measures: how results name it, and that it does one measurement at a time."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import platform
import re
import subprocess
from pathlib import Path
from typing import TextIO

from bisector import ROOT
from bisector.errors import OutsideError

ASV = ROOT / ".asv"
FILE = ASV / "machine.json"
"""asv's list of known machines, instead of the one in the user's home."""


def describe(name: str | None = None) -> dict[str, str]:
    """Return what asv files about this machine: its kind, and nothing that tells which one it is.

    Args:
        name: how results call it; None for a name made of the rest.
    """
    cpu, cpus = _cpu(), os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    slug = re.sub(r"[^a-z0-9]+", "-", re.sub(r"\((R|TM)\)", "", cpu).lower()).strip("-")
    return {
        "machine": name or f"{slug}-{cpus}cpu",
        "os": platform.system(),
        "arch": platform.machine(),
        "cpu": cpu,
        "num_cpu": str(cpus),
        "ram": f"{round(memory / 2**30)} GiB",
    }


def register(name: str | None = None) -> str:
    """Make this machine known to asv; returns its name."""
    entry = describe(name)
    try:
        known = json.loads(FILE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {"version": 1}
    if known.get(entry["machine"]) != entry:
        FILE.parent.mkdir(parents=True, exist_ok=True)
        part = FILE.with_suffix(f".part{os.getpid()}")
        part.write_text(json.dumps({**known, entry["machine"]: entry}, indent=1), encoding="utf-8")
        part.replace(FILE)
    return entry["machine"]


def lock() -> TextIO:
    """Keep other benchmark runs away for as long as the file returned is open.

    Raises:
        OutsideError: one is going on.
    """
    ASV.mkdir(parents=True, exist_ok=True)
    file = (ASV / "lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # let go by the kernel when we die
    except BlockingIOError:
        file.close()
        raise OutsideError(
            "another benchmark run is going on here, and each would disturb the other:"
            " wait for it to end, or stop it"
        ) from None
    return file


def _cpu() -> str:
    """Name the processor, as its maker does."""
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        if platform.system() == "Darwin":
            command = ["sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.run(
                command, capture_output=True, text=True, check=True
            ).stdout.strip()
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    return platform.machine()
