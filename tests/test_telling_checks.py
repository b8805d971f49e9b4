"""A check in words: for people, as JSON, as Markdown and as JUnit XML, each of them read back."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from bisector.check.acceptance import WHATEVER
from bisector.check.result import (
    Acceptance,
    Behaviour,
    Change,
    Check,
    Judgement,
    Side,
    Situations,
    Speed,
)
from bisector.questions.behaviour import Observation
from bisector.search.exact import Verdict
from bisector.telling import checks, documents
from tests.schemas import validate

NO_WORSE, WORSE, CANNOT_TELL = Judgement.NO_WORSE, Judgement.WORSE, Judgement.CANNOT_TELL
CPU = "publish: CPU time per message"
CHAIN = ["faststream.rabbit.broker:511 RabbitBroker.publish", "asyncio.locks:213 Event.wait"]
ANYTHING = st.text(st.characters(codec="utf-8"), max_size=30)


def observation(verdict: Verdict, reason: str = "published again in 0.001 s") -> Observation:
    outcome = {Verdict.GOOD: "works", Verdict.BAD: "hang", Verdict.SKIP: "untestable"}[verdict]
    evidence = {"await_chain": CHAIN} if verdict is Verdict.BAD else {}
    return Observation("0.7.8", verdict, outcome, reason, 0.69, evidence=evidence)


def behaviour(name: str, judgement: Judgement, reason: str = "did not return") -> Behaviour:
    verdicts = {NO_WORSE: Verdict.GOOD, WORSE: Verdict.BAD, CANNOT_TELL: Verdict.SKIP}
    return Behaviour(
        name, "ag2ai/faststream#1346", "publishing goes on", observation(Verdict.GOOD),
        observation(verdicts[judgement], reason), judgement, reason,
    )  # fmt: skip


def speed(name: str, judgement: Judgement, reason: str = "rounds differ by 9 %") -> Speed:
    change, low, high = {
        NO_WORSE: (0.001, -0.012, 0.014),
        WORSE: (0.102, 0.081, 0.124),
        CANNOT_TELL: (0.03, -0.05, 0.11),
    }[judgement]
    unit, value = ("B", 47.5 * 2**20) if name == "peak memory" else ("s", 412.3456e-6)
    return Speed(
        name, unit, value, value * (1 + change), change, low, high, 0.034, 9, judgement, reason
    )  # fmt: skip


def speed_of_a_hang(reason: str) -> Speed:
    """A benchmark that the candidate never came to the end of."""
    inf = float("inf")
    return replace(
        speed(CPU, WORSE, reason), candidate=float("nan"), change=inf, low=-inf, high=inf,
        smallest=inf,
    )  # fmt: skip


def side(version: str, name: str = "") -> Side:
    return Side(name or version, version, "3.11.7", {"faststream": version, "aio-pika": "9.6.1"})


def check(behaviours: Sequence[Behaviour], speeds: Sequence[Speed] = ()) -> Check:
    return Check(
        side("0.7.7"), side("0.7.8"), behaviours, speeds,
        [("aio-pika", "9.5.8", "9.6.1"), ("rich", None, "13.7"), ("faststream", "0.7.7", "0.7.8")],
        [], "3.10.8", "started here", datetime(2026, 11, 24, 12, tzinfo=timezone.utc),
        61.234, 9 if speeds else 0, 0,
    )  # fmt: skip


def change(judgement: Judgement, sentence: str = "payload=dict: it ends; now it hangs") -> Change:
    kind = "logs" if judgement is NO_WORSE else "hangs"
    program = "" if judgement is NO_WORSE else "print('it')\n"
    return Change(f"{kind}-0123abcd", kind, sentence, 2, program, judgement, "seen twice")


def generated(found: Check, *changes: Change, count: int = 412) -> Check:
    return replace(found, situations=Situations(count, 88, (500, 932), changes))


def accepting(found: Check, what: str, percent: float, matters: bool = True) -> Check:
    acceptance = Acceptance(what, percent, "it validates more", "results/accepted.toml")
    return replace(found, accepted=[*found.accepted, (acceptance, matters)])


FINE = check(
    [behaviour("sibling-close", NO_WORSE), behaviour("import-clean", NO_WORSE)],
    [speed(name, NO_WORSE) for name in (CPU, "close: time", "peak memory")],
)
HANGS = check([behaviour("sibling-close", WORSE), behaviour("import-clean", NO_WORSE)])
SLOWER = replace(FINE, speeds=[speed(CPU, WORSE), *FINE.speeds[1:]])
OPEN = replace(FINE, speeds=[*FINE.speeds[:2], speed("peak memory", CANNOT_TELL)])
BOTH = replace(HANGS, speeds=[speed(CPU, WORSE), speed("close: time", CANNOT_TELL)])
ALL = [FINE, HANGS, SLOWER, OPEN, BOTH, accepting(SLOWER, CPU, 11), accepting(BOTH, CPU, 11),
       accepting(FINE, CPU, 11, matters=False), check([])]  # fmt: skip
ELSE = generated(FINE, change(NO_WORSE, "nothing special: log is new: INFO `it` | <x>"))
HUNG = generated(HANGS, change(WORSE), change(NO_WORSE))
ALL += [
    ELSE,
    HUNG,
    generated(FINE, change(CANNOT_TELL)),
    accepting(HUNG, "hangs-0123abcd", WHATEVER),
    replace(FINE, situations=Situations(0, 0, (0, 932), [], "neither imports")),
]


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (FINE, "0.7.8 is no worse than 0.7.7 in 2 scenarios and 3 benchmarks."),
        (HANGS, "0.7.8 regressed against 0.7.7: sibling-close hangs."),
        (SLOWER, f"0.7.8 regressed against 0.7.7: {CPU} +10.2 % (8.1 to 12.4 %)."),
        (
            OPEN,
            (
                "0.7.8 is no worse than 0.7.7 in 2 scenarios and 2 of 3 benchmarks;"
                " cannot tell about 1: peak memory."
            ),
        ),
        (
            BOTH,
            (
                f"0.7.8 regressed against 0.7.7: sibling-close hangs; {CPU} +10.2 % (8.1 to 12.4 %)"
                "; cannot tell about 1: close: time."
            ),
        ),
        (
            replace(FINE, speeds=[]),
            "0.7.8 is no worse than 0.7.7 in 2 scenarios; speed was not measured.",
        ),
        (
            accepting(SLOWER, CPU, 10.5),
            (
                "0.7.8 is no worse than 0.7.7 in 2 scenarios and 2 of 3 benchmarks;"
                f" {CPU} +10.2 % (8.1 to 12.4 %), which is accepted."
            ),
        ),
        (
            accepting(SLOWER, CPU, 8),
            (
                f"0.7.8 regressed against 0.7.7: {CPU} +10.2 % (8.1 to 12.4 %), more than the 8 %"
                " accepted."
            ),
        ),
        (
            accepting(HANGS, "sibling-close", WHATEVER),
            (
                "0.7.8 is no worse than 0.7.7 in 1 of 2 scenarios; sibling-close hangs, which is"
                " accepted; speed was not measured."
            ),
        ),
        (
            replace(FINE, candidate=side("0.7.8", "../faststream")),
            ("../faststream (0.7.8) is no worse than 0.7.7 in 2 scenarios and 3 benchmarks."),
        ),
        (
            generated(FINE, change(NO_WORSE)),
            "0.7.8 is no worse than 0.7.7 in 2 scenarios, 412 situations and 3 benchmarks.",
        ),
        (
            generated(replace(FINE, speeds=[]), change(WORSE)),
            (
                "0.7.8 regressed against 0.7.7: payload=dict: it ends; now it hangs"
                " (hangs-0123abcd)."
            ),
        ),
        (
            accepting(generated(FINE, change(WORSE)), "hangs-0123abcd", WHATEVER),
            (
                "0.7.8 is no worse than 0.7.7 in 2 scenarios, 410 of 412 situations and 3"
                " benchmarks; payload=dict: it ends; now it hangs (hangs-0123abcd), which is"
                " accepted."
            ),
        ),
        (
            generated(FINE, change(CANNOT_TELL)),
            (
                "0.7.8 is no worse than 0.7.7 in 2 scenarios, 410 of 412 situations and 3"
                " benchmarks; cannot tell about 1: hangs-0123abcd."
            ),
        ),
        (
            replace(FINE, speeds=[speed_of_a_hang("it hangs")]),
            f"0.7.8 regressed against 0.7.7: {CPU}: it hangs.",
        ),
    ],
)
def test_answer(found: Check, sentence: str) -> None:
    assert checks.answer(found) == sentence


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [("hang", "x hangs"), ("error", "x fails"), ("channel left open", "x: channel left open")],
)
def test_answer_names_what_happened(outcome: str, sentence: str) -> None:
    worse = behaviour("x", WORSE)
    worse = replace(worse, candidate=replace(worse.candidate, outcome=outcome))
    assert checks.answer(check([worse])).endswith(f": {sentence}.")


def shown(found: Check, *, colours: bool = False) -> str:
    file = io.StringIO()
    console = Console(
        file=file, width=160, highlight=False, force_terminal=colours,
        color_system="standard" if colours else None,
    )  # fmt: skip
    checks.show(found, console)
    return file.getvalue()


@pytest.mark.parametrize("found", ALL)
def test_the_answer_comes_last(found: Check) -> None:
    assert shown(found).splitlines()[-1] == checks.answer(found)


def test_people_see_the_figures() -> None:
    found = accepting(replace(SLOWER, gives_up=["It was quick."], void_rounds=2), CPU, 11)
    text = shown(accepting(found, "close: time", 3, matters=False))
    assert re.search(
        rf"{CPU} +412 µs +454 µs +\+10.2 % +\+8.1 to \+12.4 % +worse, accepted +\+3.4 % +9", text
    )
    assert re.search(r"peak memory +47.5 MiB +47.5 MiB +\+0.1 % +-1.2 to \+1.4 % +no worse", text)
    assert re.search(r"sibling-close +works +works +no worse +did not return", text)
    assert re.search(r"aio-pika +9.5.8 +9.6.1 *\n +rich +not there +13.7", text)
    assert not re.search(r"^ *faststream +0.7.7", text, re.MULTILINE)  # the title says that
    assert f"Accepted (results/accepted.toml): {CPU} up to 11 %: it validates more\n" in text
    assert "close: time up to 3 %: it validates more. It is not worse any more: take this" in text
    assert "It was quick." in text
    assert "RabbitMQ 3.10.8 (started here), Python 3.11.7, aio-pika 9.6.1, 9 rounds (2 more" in text


def test_people_see_evidence_of_what_is_worse() -> None:
    for text in (shown(HANGS), checks.to_markdown(HANGS)):
        assert "Where 0.7.8 hangs, innermost last:\n" + "".join(f"  {c}\n" for c in CHAIN) in text
    assert "innermost" not in shown(FINE)


def test_what_is_only_otherwise_is_listed_and_what_is_worse_has_a_program() -> None:
    text, page = shown(ELSE), checks.to_markdown(ELSE)
    assert "Different, and no worse (1):\n  logs: nothing special: log is new" in text
    assert "412 on both sides, 88 more on the baseline alone" in text
    assert "- logs: nothing special: log is new: INFO \\`it\\` | \\<x>" in page.replace("\\|", "|")
    rows = table(checks.to_markdown(HUNG), "finding")
    assert rows[1] == ["hangs-0123abcd", "hangs", "worse", "payload=dict: it ends; now it hangs"]
    assert "```python\nprint('it')\n```" in checks.to_markdown(HUNG)
    cases = {
        c.get("name"): c for c in ElementTree.fromstring(checks.to_junit(HUNG)).iter("testcase")
    }
    failure = cases["hangs-0123abcd"].find("failure")
    assert failure is not None
    assert "print('it')" in (failure.text or "")


def test_colours() -> None:
    text = shown(replace(OPEN, behaviours=BOTH.behaviours), colours=True)
    assert "\x1b[31mworse\x1b[0m" in text
    assert "\x1b[33mcannot tell\x1b[0m" in text
    assert "\x1b[32mno worse\x1b[0m" in text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0004123456, "s", "412 µs"),
        (0.0123, "s", "12.3 ms"),
        (0.01, "s", "10.0 ms"),
        (1.0, "s", "1.00 s"),
        (1234.0, "s", "1234 s"),
        (1.234e-7, "s", "0.123 µs"),
        (47.5 * 2**20, "B", "47.5 MiB"),
        (1500.0, "B", "1.46 KiB"),
        (3.0, "B", "3.00 B"),
    ],
)
def test_units(value: float, unit: str, text: str) -> None:
    found = replace(speed(CPU, NO_WORSE), unit=unit, baseline=value, candidate=value)
    rows = table(checks.to_markdown(check([], [found])), "benchmark")
    assert rows[1][1:3] == [text, text]


@pytest.mark.parametrize("found", ALL)
def test_json(found: Check) -> None:
    document = json.loads(json.dumps(documents.of_check(found), allow_nan=False))
    validate(document, "check")
    assert document["passed"] is found.passed
    assert document["answer"] == checks.answer(found)
    assert [b["judgement"] for b in document["behaviours"]] == [
        b.judgement.value for b in found.behaviours
    ]
    assert [s["benchmark"] for s in document["speeds"]] == [s.benchmark for s in found.speeds]
    assert len(document["accepted"]) == len(found.accepted)


def test_json_in_full() -> None:
    found = replace(BOTH, started=BOTH.started.astimezone(timezone(timedelta(hours=5))))
    document = documents.of_check(accepting(found, "import-clean", WHATEVER))
    assert document["regressions"] == ["sibling-close", CPU]
    assert document["started"] == "2026-11-24T12:00:00+00:00"
    assert document["seconds"] == 61.2
    assert document["behaviours"][0]["candidate"]["evidence"] == {"await_chain": CHAIN}
    assert document["speeds"][0] == {
        "benchmark": CPU, "unit": "s", "baseline": 0.000412346, "candidate": 0.000454405,
        "change": 0.102, "low": 0.081, "high": 0.124, "smallest": 0.034, "rounds": 9,
        "judgement": "worse", "accepted": False, "reason": "rounds differ by 9 %",
    }  # fmt: skip
    assert document["accepted"][0]["percent"] is None
    assert document["accepted"][0]["matters"] is True


def test_numbers_that_are_none() -> None:
    found = check([], [speed_of_a_hang("no answer within 1 s")])
    document = json.loads(json.dumps(documents.of_check(found), allow_nan=False))
    validate(document, "check")
    (row,) = document["speeds"]
    assert [row[key] for key in ("candidate", "change", "low", "high")] == 4 * [None]
    assert document["regressions"] == [CPU]
    unknown = [CPU, "412 µs", "unknown", "unknown", "unknown", "worse", "unknown", "9"]
    assert table(checks.to_markdown(found), "benchmark")[1] == unknown
    assert f"{CPU}: worse, no answer within 1 s" in shown(found)


def table(markdown: str, first: str) -> list[list[str]]:
    """The cells of the table whose first column is called so, as a reader of Markdown has them."""
    rows: list[list[str]] = []
    for token in MarkdownIt("commonmark").enable("table").parse(markdown):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows:
            inside = token.children or []
            assert {child.type for child in inside} <= {"text"}  # nothing was taken for a mark
            rows[-1].append("".join(child.content for child in inside))
        elif token.type == "table_close":
            if rows[0][0] == first:
                return rows
            rows = []
    raise AssertionError(f"no table with {first!r} in:\n{markdown}")


@given(ANYTHING.filter(lambda text: "\0" not in text))  # for which Markdown has no sign
def test_markdown_is_well_formed_whatever_happened(text: str) -> None:
    found = check([behaviour("sibling-close", WORSE, text)], [speed(CPU, CANNOT_TELL, text)])
    rows = table(checks.to_markdown(found), "scenario")
    assert [len(row) for row in rows] == [5, 5]
    assert rows[1][4] == " ".join(text.split())
    assert table(checks.to_markdown(found), "benchmark")[1][0] == CPU


def test_markdown_with_bars() -> None:
    found = check([behaviour("sibling-close", WORSE, r"a | b \| `c` <d> __e__ [f](g)")])
    rows = table(checks.to_markdown(found), "scenario")
    assert rows[1] == [
        "sibling-close", "works", "hang", "worse", r"a | b \| `c` <d> __e__ [f](g)",
    ]  # fmt: skip


@pytest.mark.parametrize("found", ALL)
def test_markdown_says_the_answer(found: Check) -> None:
    text = checks.to_markdown(found)
    assert f"**{checks.answer(found)}**" in text
    assert text.startswith("## faststream 0.7.8 against 0.7.7\n")
    assert text.endswith(".\n")
    assert ("| benchmark |" in text) is bool(found.speeds)


@pytest.mark.parametrize("found", ALL)
def test_junit(found: Check) -> None:
    root = ElementTree.fromstring(checks.to_junit(found))
    assert root.tag == "testsuites"
    assert [suite.get("name") for suite in root] == ["behaviour", "situations", "speed"]
    everything = found.judged
    open_ = [one for one in everything if one.judgement is CANNOT_TELL]
    for element in (root, *root):
        cases = list(element.iter("testcase"))
        assert element.get("tests") == str(len(cases))
        assert element.get("failures") == str(len(list(element.iter("failure"))))
        assert element.get("skipped") == str(len(list(element.iter("skipped"))))
        assert element.get("errors") == "0"
        assert float(element.get("time", "")) >= 0
        assert len({(case.get("classname"), case.get("name")) for case in cases}) == len(cases)
    assert len(list(root.iter("testcase"))) == len(everything)
    assert len(list(root.iter("failure"))) == len(found.regressions())
    assert len(list(root.iter("skipped"))) == len(open_)
    assert all(case.get("time") and case.get("classname") for case in root.iter("testcase"))


def test_junit_in_full() -> None:
    root = ElementTree.fromstring(checks.to_junit(accepting(BOTH, CPU, 11)))
    sibling, clean, cpu, close = root.iter("testcase")
    assert (sibling.get("classname"), sibling.get("time")) == ("behaviour", "0.690")
    assert [child.tag for child in sibling] == ["failure"]
    assert sibling[0].get("message") == "sibling-close hangs"
    assert f"Where 0.7.8 hangs, innermost last:\n  {CHAIN[0]}" in (sibling[0].text or "")
    assert list(clean) == []
    assert [child.tag for child in cpu] == ["system-out"]
    assert "up to 11 %: it validates more\n" in (cpu[0].text or "")
    assert "change: +10.2 %; between: +8.1 to +12.4 %" in (cpu[0].text or "")
    assert close[0].get("message") == "cannot tell: rounds differ by 9 %"
    assert root[0].get("timestamp") == "2026-11-24T12:00:00"
    assert (root.get("time"), root[0].get("time")) == ("61.234", "1.380")


@given(ANYTHING, st.sampled_from([WORSE, CANNOT_TELL]))
def test_junit_can_be_read_whatever_happened(text: str, judgement: Judgement) -> None:
    found = check([behaviour(f"x{text}", judgement, text)], [speed(f"y{text}", judgement, text)])
    root = ElementTree.fromstring(checks.to_junit(found).encode())
    assert len(list(root.iter("testcase"))) == 2


def test_junit_of_a_coloured_line() -> None:
    found = check([behaviour("sibling-close", CANNOT_TELL, "\x1b[31mno\x1b[0m\x00")])
    skipped = next(ElementTree.fromstring(checks.to_junit(found)).iter("skipped"))
    assert skipped.get("message") == "cannot tell: \ufffd[31mno\ufffd[0m\ufffd"
