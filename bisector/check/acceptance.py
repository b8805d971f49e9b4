"""Changes that are known and accepted: by `--allow`, or in the committed file with a reason."""

from __future__ import annotations

import difflib
import math
import sys
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from bisector import ROOT
from bisector.check.result import Acceptance, Check, Judgement
from bisector.check.situations import NAME as FINDING
from bisector.errors import UserError
from bisector.search.exact import Verdict

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = ROOT / "results" / "accepted.toml"
ALLOW = "--allow"
WHATEVER = math.inf
"""The percentage of a scenario or a finding: they have no size."""
LARGEST = 1e9
"""No percentage is larger; infinity is none."""
KEYS = ("what", "percent", "candidate", "reason")


@dataclass(frozen=True)
class Accepted(Acceptance):
    """An acceptance before a check: perhaps only for one candidate."""

    candidate: str | None = None
    """The version that it is for; None: for any."""


def parse(text: str, names: Collection[str], scenarios: Collection[str]) -> Accepted:
    """Read what `--allow` is given: `BENCHMARK:PERCENT`, or `SCENARIO`, or `FINDING`.

    Args:
        names: the benchmarks.

    Raises:
        UserError: it is neither.
    """
    if _has_no_size(text, scenarios):
        return _allowed(text, WHATEVER)
    what, _, size = text.rpartition(":")
    if text in names:
        raise UserError(f"--allow {text!r} lacks how much: --allow {text + ':8'!r} allows 8 %")
    if _has_no_size(what, scenarios):
        kind = "scenario" if what in scenarios else "finding"
        raise UserError(f"--allow {text!r}: a {kind} has no percentage: --allow {what}")
    try:
        percent = float(size.strip().removesuffix("%"))
    except ValueError:
        percent, what = math.nan, what if what in names else text
    if what not in names:
        raise UserError(f"--allow {text!r}: {_unknown(what, names, scenarios)}")
    if not _is_size(percent):
        raise UserError(f"--allow {text!r}: {size.strip()!r} is no percentage above 0")
    return _allowed(what, percent)


def load(path: Path, names: Collection[str], scenarios: Collection[str]) -> list[Accepted]:
    """Read a file of acceptances; where there is none, nothing is accepted.

    Args:
        names: the benchmarks.

    Raises:
        UserError: it cannot be read, or an entry is not as results/accepted.toml explains.
    """
    file = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"{file} is not UTF-8, as TOML has to be") from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{file} is not TOML: {error}") from None
    rows = content.pop("accepted", [])
    if content or not isinstance(rows, list):
        wrong = ", ".join(map(repr, content)) or "'accepted' that is no list"
        raise UserError(f"{file} holds {wrong}: only [[accepted]] entries belong there")
    accepted = []
    for number, row in enumerate(rows, 1):
        named = f" ({row['what']})" if isinstance(row, dict) and "what" in row else ""
        try:
            accepted.append(_entry(row, names, scenarios, file))
        except UserError as error:
            raise UserError(f"{file}, entry {number}{named}: {error}") from None
    for (what, candidate), count in Counter((a.what, a.candidate) for a in accepted).items():
        if count > 1:
            whom = f" for {candidate}" if candidate else ""
            raise UserError(f"{file} accepts {what!r}{whom} {count} times: keep one of them")
    return accepted


def judge_accepted(accepted: Sequence[Accepted], check: Check) -> list[tuple[Acceptance, bool]]:
    """Return what applies to a check's candidate, as `Check.accepted` has it.

    Of several for the same thing the last counts, and one that names the candidate before one
    that does not.  What the check did not look at, or cannot tell, still matters.
    """
    applying = [a for a in accepted if _is_for(a.candidate, check.candidate.version)]
    applying.sort(key=lambda a: a.source == ALLOW or a.candidate is not None)
    # A scenario that fails on both sides is no worse, but may be against the next baseline.
    over = {b.scenario for b in check.behaviours if b.candidate.verdict is Verdict.GOOD}
    over |= {s.benchmark for s in check.speeds if s.judgement is Judgement.NO_WORSE}
    return [
        (Acceptance(a.what, a.percent, a.reason, a.source), a.what not in over)
        for a in {a.what: a for a in applying}.values()
    ]


def _allowed(what: str, percent: float) -> Accepted:
    return Accepted(what, percent, "given on the command line", ALLOW)


def _entry(row: object, names: Collection[str], scenarios: Collection[str], file: str) -> Accepted:
    if not isinstance(row, dict):
        raise UserError("it is no table: begin it with [[accepted]]")
    if unknown := sorted(row.keys() - {*KEYS}):
        raise UserError(f"unknown key {unknown[0]!r}: the keys are {', '.join(KEYS)}")
    what = _text(row, "what", "a benchmark, scenario or finding by name")
    if what not in names and not _has_no_size(what, scenarios):
        raise UserError(_unknown(what, names, scenarios))
    reason = _text(row, "reason", "why it is accepted")
    candidate = None
    if "candidate" in row:
        candidate = _text(row, "candidate", "a version")
        try:
            Version(candidate)
        except InvalidVersion:
            raise UserError(f"'candidate' is no version: {candidate!r}") from None
    percent = row.get("percent", WHATEVER)
    if _has_no_size(what, scenarios):
        if "percent" in row:
            kind = "scenario" if what in scenarios else "finding"
            raise UserError(f"a {kind} has no percentage: leave 'percent' out")
    elif "percent" not in row or not _is_size(percent):
        raise UserError("'percent' has to be a number above 0, without quotation marks")
    return Accepted(what, float(percent), reason, file, candidate)


def _text(row: Mapping[str, Any], key: str, meaning: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise UserError(f"{key!r} is missing or empty: it says {meaning}, in quotation marks")
    return " ".join(value.split())


def _is_size(percent: object) -> bool:
    if not isinstance(percent, int | float) or isinstance(percent, bool):
        return False
    return 0 < percent < LARGEST


def _has_no_size(what: str, scenarios: Collection[str]) -> bool:
    """Whether it is behaviour: worse, or not."""
    return what in scenarios or FINDING.fullmatch(what) is not None


def _is_for(candidate: str | None, version: str) -> bool:
    return candidate is None or Version(candidate) == Version(version)


def _unknown(what: str, names: Collection[str], scenarios: Collection[str]) -> str:
    known = [*names, *scenarios]
    near = difflib.get_close_matches(what, known, cutoff=0.4) or known
    return f"there is no benchmark or scenario {what!r}; nearest: {', '.join(near)}"
