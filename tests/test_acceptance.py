"""What is accepted beforehand: read from a command line and from a file, and held to a check."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisector.check import acceptance, situations
from bisector.check.acceptance import ALLOW, WHATEVER, Accepted
from bisector.check.comparison import BENCHMARKS
from bisector.check.result import Acceptance, Judgement
from bisector.errors import UserError
from bisector.questions import programs
from tests.test_telling_checks import behaviour, check, speed

IMPORT, CLOSE, SIBLING = "import: CPU time", "close: time", "sibling-close"
FINDING = "raises-0123abcd"
NAMES, SCENARIOS = [IMPORT, CLOSE, "peak memory"], [SIBLING, "import-clean"]
ENTRY = f'[[accepted]]\nwhat = "{IMPORT}"\npercent = 8\nreason = "known"\n'


@pytest.mark.parametrize(
    ("text", "what", "percent"),
    [
        ("import: CPU time:8", IMPORT, 8),
        ("import: CPU time: 12.5 %", IMPORT, 12.5),
        ("peak memory:3%", "peak memory", 3),
        (SIBLING, SIBLING, WHATEVER),
        (FINDING, FINDING, WHATEVER),
    ],
)
def test_allow(text: str, what: str, percent: float) -> None:
    found = acceptance.parse(text, NAMES, SCENARIOS)
    assert (found.what, found.percent, found.source, found.candidate) == (
        what, percent, ALLOW, None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (IMPORT, "lacks how much: --allow 'import: CPU time:8'"),
        ("import: CPU time:", "'' is no percentage"),
        ("import: CPU time:much", "'much' is no percentage"),
        ("import: CPU time:0", "'0' is no percentage"),
        ("import: CPU time:-8", "'-8' is no percentage"),
        ("import: CPU time:inf", "'inf' is no percentage"),
        ("import: CPU time:nan", "'nan' is no percentage"),
        ("sibling-close:8", "a scenario has no percentage: --allow sibling-close"),
        ("import: CPU tim:8", "scenario 'import: CPU tim'; nearest: import: CPU time"),
        (f"{FINDING}:8", f"a finding has no percentage: --allow {FINDING}"),
        ("logs-0123abcd", "there is no benchmark or scenario 'logs-0123abcd'"),
        ("sibling-clos", "scenario 'sibling-clos'; nearest: sibling-close"),
        ("import: CPU", "scenario 'import: CPU'; nearest: import: CPU time"),
        ("", f"nearest: {', '.join([*NAMES, *SCENARIOS])}"),
    ],
)
def test_allow_that_is_wrong(text: str, told: str) -> None:
    with pytest.raises(UserError, match=re.escape(told)) as raised:
        acceptance.parse(text, NAMES, SCENARIOS)
    assert "\n" not in str(raised.value)


@given(st.text())
def test_allow_is_read_or_refused(text: str) -> None:
    try:
        found = acceptance.parse(text, NAMES, SCENARIOS)
    except UserError:
        return
    assert found.what in {*NAMES, *SCENARIOS} or situations.NAME.fullmatch(found.what)
    assert found.percent > 0


@given(st.sampled_from(BENCHMARKS), st.floats(0.01, 1000))
def test_every_benchmark_can_be_allowed(name: str, percent: float) -> None:
    found = acceptance.parse(f"{name}:{percent}", BENCHMARKS, programs.names())
    assert (found.what, found.percent) == (name, percent)


def load(folder: Path, text: str | bytes) -> list[Accepted]:
    path = folder / "accepted.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return acceptance.load(path, NAMES, SCENARIOS)


def test_file(tmp_path: Path) -> None:
    text = (
        f'{ENTRY}candidate = "0.2.8"\n{ENTRY}[[accepted]]\nwhat = "{SIBLING}"\nreason = """a\nb"""'
    )
    file = "accepted.toml"
    assert load(tmp_path, text) == [
        Accepted(IMPORT, 8, "known", file, "0.2.8"),
        Accepted(IMPORT, 8, "known", file),
        Accepted(SIBLING, WHATEVER, "a b", file),
    ]
    assert load(tmp_path, "accepted = []") == load(tmp_path, "# nothing") == []
    assert acceptance.load(tmp_path / "none.toml", NAMES, SCENARIOS) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[accepted]", "accepted.toml is not TOML: "),
        (b"# \xff", "accepted.toml is not UTF-8"),
        ("accepted = 3", "'accepted' that is no list"),
        ("accepted = [3]", "entry 1: it is no table"),
        ("[[acepted]]", "accepted.toml holds 'acepted': only [[accepted]]"),
        (ENTRY.replace('reason = "known"', ""), f"entry 1 ({IMPORT}): 'reason' is missing or"),
        (ENTRY.replace("known", " \\n"), "'reason' is missing or empty"),
        (ENTRY.replace('"known"', "1"), "'reason' is missing or empty"),
        (ENTRY.replace(f'"{IMPORT}"', "1"), "entry 1 (1): 'what' is missing or empty"),
        (ENTRY.replace(f'what = "{IMPORT}"', ""), "entry 1: 'what' is missing or empty"),
        (ENTRY.replace(IMPORT, "sibling-clos"), "'sibling-clos'; nearest: sibling-close"),
        (ENTRY.replace(IMPORT, SIBLING), "a scenario has no percentage"),
        (ENTRY + 'version = "1"', "unknown key 'version': the keys are what, percent"),
        (ENTRY + 'candidate = "newest"', "'candidate' is no version: 'newest'"),
        (ENTRY + "candidate = 0.2", "'candidate' is missing or empty: it says a version"),
        (ENTRY.replace("percent = 8", ""), "'percent' has to be a number above 0"),
        *((ENTRY.replace("8", wrong), "'percent' has to be a number above 0")
          for wrong in ('"8"', "0", "-1", "inf", "nan", "true", "[8]", "1" + "0" * 400)),
        (ENTRY + ENTRY.replace("8", "9"), f"accepts '{IMPORT}' 2 times"),
        (2 * (ENTRY + 'candidate = "1"\n'), f"accepts '{IMPORT}' for 1 2 times"),
        (ENTRY + ENTRY.replace(IMPORT, CLOSE).replace("known", ""), f"entry 2 ({CLOSE}): 'reason'"),
    ],
)  # fmt: skip
def test_file_that_is_wrong(text: str | bytes, told: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=re.escape(told)) as raised:
        load(tmp_path, text)
    assert str(raised.value).startswith("accepted.toml")
    assert str(tmp_path) not in str(raised.value)


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read: Is a directory"):
        acceptance.load(tmp_path, NAMES, SCENARIOS)


def test_committed_file_is_well_formed() -> None:
    assert acceptance.FILE.exists()
    accepted = acceptance.load(acceptance.FILE, BENCHMARKS, programs.names())
    assert all(entry.source == "results/accepted.toml" for entry in accepted)


def test_example_in_the_committed_file(tmp_path: Path) -> None:
    """What its comment tells people to write can be read."""
    comment = acceptance.FILE.read_text(encoding="utf-8")
    example = "\n".join(re.findall(r"^#     (.*)$", comment, re.MULTILINE))
    (entry,) = load(tmp_path, example)
    assert (entry.what, entry.percent, entry.candidate) == (IMPORT, 8, "0.2.8")


@pytest.mark.parametrize(
    ("accepted", "judgement", "matters"),
    [
        (IMPORT, Judgement.WORSE, True),
        (IMPORT, Judgement.CANNOT_TELL, True),
        (IMPORT, Judgement.NO_WORSE, False),
        (CLOSE, Judgement.NO_WORSE, True),  # not measured: nothing can be said against it
        (SIBLING, Judgement.WORSE, True),
        (SIBLING, Judgement.NO_WORSE, False),
    ],
)
def test_what_no_longer_matters(accepted: str, judgement: Judgement, matters: bool) -> None:
    found = check([behaviour(SIBLING, judgement)], [speed(IMPORT, judgement)])
    given_ = [Accepted(accepted, 8, "known", "file")]
    expected = [(Acceptance(accepted, 8, "known", "file"), matters)]
    assert acceptance.judge_accepted(given_, found) == expected


def test_which_entry_applies() -> None:
    found = check([], [speed(IMPORT, Judgement.WORSE)])
    own = Accepted(IMPORT, 1, "", "file", candidate=f"{found.candidate.version}.0")
    every, other = Accepted(IMPORT, 2, "", "file"), Accepted(IMPORT, 3, "", "file", "0.1.0")
    allowed = acceptance.parse(f"{IMPORT}:4", NAMES, SCENARIOS)

    def percents(*accepted: Accepted) -> list[float]:
        return [a.percent for a, _ in acceptance.judge_accepted(accepted, found)]

    assert percents(other) == []
    assert percents(every, other) == [2]
    assert percents(own, every) == percents(every, own) == [1]
    assert percents(own, every, allowed) == [4]
    assert percents(every, Accepted(CLOSE, 5, "", "file")) == [2, 5]
