"""How the commands end, and the errors that decide it.

Exit codes: 0 an answer was found (the candidate passed), 1 no flip between the ends (the candidate
regressed), 2 wrong use, 3 trouble outside, 4 not to be told with the certainty asked for.
"""

from __future__ import annotations

FOUND, NO_FLIP, WRONG_USE, TROUBLE, UNSURE = range(5)
REGRESSED = DIFFERS = NO_FLIP


class UserError(Exception):
    """Wrong use: one line that says what to do instead.  Exit code 2."""


class OutsideError(Exception):
    """Trouble outside (network, RabbitMQ, disk): one line that says what to do.  Exit code 3.

    `details` is what `--verbose` adds: the other program's own words.
    """

    def __init__(self, line: str, details: str = "") -> None:
        super().__init__(line)
        self.details = details


class UnsureError(Exception):
    """Not to be told with the certainty asked for: one line that says what can.  Exit code 4."""
