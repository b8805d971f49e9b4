"""A first part of what `nox -s changes` looks at: generated situations, in a check's time."""

from __future__ import annotations

import re
from collections.abc import Callable

from bisector.changes.comparison import Plan
from bisector.changes.findings import Finding
from bisector.changes.kinds import DIMENSIONS
from bisector.changes.looking import Looked, NeitherImportsError, Side, look
from bisector.check.candidates import Named
from bisector.check.result import Change, Judgement, Situations
from bisector.rabbitmq.broker import Broker

SECONDS = 27.0
"""For looking, and for seeing again what is worse; with the imports of both sides half a minute."""
QUICK_SECONDS = 5.0
LOOKING = 0.8
"""The part of it after which nothing new is asked."""
NAME = re.compile(r"(lost|hangs|raises|gone)-[0-9a-f]{8}")
"""What findings are called that fail a check."""
QUICK = (
    f"--quick looks at generated situations for {QUICK_SECONDS:g} s, in place of {SECONDS:g}: at"
    " fewer of them."
)
NONE = "--no-situations: nothing but the scenarios was looked at of behaviour."
AGAIN = "seen in two runs of the situation, and again for itself"
ONCE = "seen twice, but there was no time to see it again for itself"


async def compare(
    baseline: Named,
    candidate: Named,
    broker: Broker,
    note: Callable[[str], None],
    *,
    quick: bool = False,
) -> Situations:
    """Look at both sides, whose environments are there, for so long.

    Raises:
        OutsideError: RabbitMQ does not stay up.
    """
    seconds = QUICK_SECONDS if quick else SECONDS
    plan = Plan(seconds * LOOKING, only_worse=True, limit=seconds)
    old, new = (Side(side.name, side.environment) for side in (baseline, candidate))
    try:
        looked = await look(old, new, broker, DIMENSIONS, plan, note)
    except NeitherImportsError as error:
        return Situations(0, 0, (0, _all()), [], str(error))
    if looked.stopped:
        raise looked.stopped
    return read(looked)


def read(looked: Looked) -> Situations:
    """Judge what was found."""
    if any(f.difference.name == "import" for f in looked.findings):
        # The scenario `import-clean` says so, and which side that is.
        return Situations(0, 0, (0, _all()), [], "one of the two does not import")
    changes = [_change(finding) for finding in looked.findings]
    compared = looked.compared
    choices = (len(compared.choices), _all())
    return Situations(compared.situations, compared.alike, choices, changes)


def _change(finding: Finding) -> Change:
    judgement, reason = Judgement.NO_WORSE, "otherwise, but no worse"
    if finding.difference.worse:
        judgement = Judgement.WORSE if finding.sure else Judgement.CANNOT_TELL
        reason = AGAIN if finding.sure else ONCE
    return Change(
        finding.id, finding.kind, finding.sentence, finding.touched, finding.program, judgement,
        reason, sorted({other.id for other in finding.alike} - {finding.id}),
    )  # fmt: skip


def _all() -> int:
    return sum(len(dimension.choices) for dimension in DIMENSIONS)
