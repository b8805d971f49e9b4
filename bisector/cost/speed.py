"""How long it takes to find the release that made something slower."""

from __future__ import annotations

import asyncio
import random
import re
import sys
import time
from collections.abc import Callable, Sequence

from bisector import ROOT
from bisector.check import candidates
from bisector.cost import calibration
from bisector.cost.calibration import TARGET
from bisector.cost.search import Wish
from bisector.cost.subject import Ours
from bisector.environments import recipes, releases
from bisector.environments.releases import Release
from bisector.errors import OutsideError
from bisector.places.display import Display
from bisector.places.rounds import RoundsHere
from bisector.questions import cost
from bisector.rabbitmq.broker import open_broker

STEPS = (0.10, 0.05)
ASV = "publish.PublishRatio.track_time"
"""What asv has of the same cost."""


async def measure(say: Callable[[str], None], display: Display) -> None:
    """Time searches of histories in which a release from a random one on is slower, and tell.

    Beside them `asv find` goes through the real history, which is the same number of releases.

    Args:
        say: is told a line.

    Raises:
        OutsideError: it cannot be measured.
    """
    line = releases.select(releases.load())
    release = candidates.newest(line)
    async with open_broker(display.note) as (broker, _):
        subject = Ours(TARGET, cost.benchmarks(TARGET), RoundsHere(broker, display.note))
        with candidates.scratch_folder() as folder:
            itself = recipes.of(release)
            await calibration.prepared(itself)
            seconds = await calibration.seconds_of(itself, subject)
            for part in STEPS:
                busy = part * seconds
                slower = calibration.slower(release, f"{part:g}", busy, itself, folder)
                await calibration.prepared(slower)
                first = random.randrange(1, len(line))
                axis = calibration.history(line, first, itself, slower)
                run = await calibration.run(axis, part, first, subject, Wish(), display)
                told = (
                    "the right release" if run.exact else f"named {', '.join(run.found) or 'none'}"
                )
                say(
                    f"a step of {part:.0%} among {len(line)} releases, environments there:"
                    f" {run.seconds:.0f} s, {run.figures} figures, {told}"
                )
    seconds, found = await asv_find(line)
    say(f"asv find {ASV} from {line[0].version} to {line[-1].version}: {seconds:.0f} s, {found}")


async def asv_find(line: Sequence[Release]) -> tuple[float, str]:
    """Seconds that asv takes to find the greatest regression, and which it says that is."""
    first, last = line[0].version, line[-1].version
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "asv", "find", "--skip-save", f"{first}..{last}", ASV, cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    text, _ = await process.communicate()
    said = text.decode(errors="replace")
    if process.returncode:
        raise OutsideError("asv find came to no answer; --verbose shows it", said)
    found = re.findall(r"Greatest regression found: \S+ <(\S+)>|No regression found", said)
    return time.monotonic() - began, f"it says {found[-1]}" if found and found[-1] else "none"
