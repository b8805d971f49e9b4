"""Generated situations in a check: what fails it, what is only told, and what it is accepted by."""

from __future__ import annotations

from pathlib import Path

from bisector.changes.comparison import Compared
from bisector.changes.differences import Difference
from bisector.changes.findings import Finding, merged
from bisector.changes.kinds import DIMENSIONS
from bisector.changes.looking import Looked
from bisector.changes.result import of_import
from bisector.check import situations
from bisector.check.result import Judgement, Situations
from tests.command import TOOL, run
from tests.test_check import told

ONE, TWO = DIMENSIONS[0].choices[:2]
HANGS = Difference("hangs", "end", "", "", "ends", "hangs", "returned -> stuck")
LOGS = Difference("logs", "log", "", "", None, "INFO more", "INFO more")


def _finding(difference: Difference, *, sure: bool = True) -> Finding:
    return Finding(difference, frozenset({ONE}), situations=3, touched=3, sure=sure)


def _read(*found: Finding, cut: bool = False) -> Situations:
    return situations.read(Looked([*found], Compared(40, 60, choices={ONE, TWO}), cut=cut))


def test_what_is_worse_was_seen_again_or_cannot_be_told() -> None:
    found = _read(_finding(HANGS), _finding(HANGS, sure=False), _finding(LOGS))
    assert [c.judgement for c in found.changes] == [
        Judgement.WORSE, Judgement.CANNOT_TELL, Judgement.NO_WORSE,
    ]  # fmt: skip
    assert [c.kind for c in found.judged] == ["hangs", "hangs"]
    assert (found.count, found.alike, found.no_worse) == (40, 60, 34)
    assert found.choices[0] == 2


def test_what_the_baseline_has_too_fails_nothing() -> None:
    mended = Difference("hangs", "end", "", "", "hangs", "ends", "stuck -> returned")
    assert _read(_finding(mended)).judged == []


def test_names_are_those_that_are_accepted_and_the_same_whatever_was_seen_first() -> None:
    names = {
        merged([Finding(HANGS, frozenset({c}), n) for n, c in enumerate(choices)])[0].id
        for choices in ((ONE, TWO), (TWO, ONE), (TWO,))
    }
    (name,) = names
    assert situations.NAME.fullmatch(name)


def test_a_side_that_does_not_import_is_the_scenarios_to_tell() -> None:
    found = _read(of_import(None, "no packaging"))
    assert (found.count, found.judged) == (0, [])
    assert "does not import" in found.why_none


def test_a_release_that_lacks_something_regressed(checkout: Path, own_url: str) -> None:
    command = [*TOOL, "check", "0.7.0rc0", "--baseline", "0.6.7", "--no-speed", "--json", "-"]
    ended = run(command, checkout, AMQP_URL=own_url)
    assert ended.code == 1, ended.said
    answer = told(ended)
    generated = answer["situations"]
    worse = [f for f in generated["findings"] if f["judgement"] == "worse"]
    assert "gone" in {f["kind"] for f in worse}
    assert {f["id"] for f in worse} == set(answer["regressions"])
    assert all(f["grave"] for f in worse)
    assert any("decides first" in sentence for sentence in answer["gives_up"])


def test_quick_gives_up_part_of_it_and_says_so(checkout: Path, own_url: str) -> None:
    command = [*TOOL, "check", "0.5.33", "--baseline", "0.5.32", "--no-speed", "--json", "-"]
    answers = {}
    for option in ("--quick", "--no-situations"):
        ended = run([*command, option], checkout, AMQP_URL=own_url)
        assert ended.code == 0, ended.said
        answers[option] = told(ended)
        assert any(option in sentence for sentence in answers[option]["gives_up"])
    quick, none = answers["--quick"], answers["--no-situations"]
    if count := quick["situations"]["count"]:  # a busy machine comes to none in 5 s
        assert f"{count} situation" in quick["answer"]
    assert none["situations"] is None
    assert "situation" not in none["answer"]
