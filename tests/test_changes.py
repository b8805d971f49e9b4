"""The parts of `nox -s changes` that run nothing: from the grammar to the programs."""

from __future__ import annotations

import ast
import asyncio
import re
from datetime import datetime, timedelta, timezone
from itertools import combinations, islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisector.changes import planning, priority, programs, scope
from bisector.changes.comparison import Compared
from bisector.changes.differences import GRAVE, KINDS, Difference, differences
from bisector.changes.findings import Finding, describe, merged
from bisector.changes.grammar import Choice, dimension
from bisector.changes.history import History, step
from bisector.changes.kinds import ALONE, DIMENSIONS, HUBS, KIN
from bisector.changes.result import Changes
from bisector.changes.shrinking import shrink
from bisector.changes.situations import Situation
from bisector.changes.traces import Run, Trace, normal, trace
from bisector.errors import UserError
from bisector.telling import changes as telling
from bisector.telling import changes_page

CHOICES = [choice for d in DIMENSIONS for choice in d.choices]
UUID = "957b4cde-137b-4997-aa7c-a1b2c3d4e5f6"


def _trace(*events: list[Any], code: int = 0, output: str = "", place: str = "demo7x") -> Trace:
    return trace(Run([*events], code, output, place))


def _ended(*events: list[Any], **options: Any) -> Trace:
    return _trace(*events, ["end", "returned", {}], **options)


def _raised(error: str, text: str, where: str = "faststream.x") -> Trace:
    return _trace(["end", "raised", {"error": error, "text": text, "raised in": where}])


def test_every_choice_by_itself_is_a_program() -> None:
    for choice in CHOICES:
        text = Situation.of([choice]).text
        ast.parse(text, str(choice), feature_version=(3, 8))
        assert "$" not in text, choice
        assert text != Situation.of().text, choice


def test_what_goes_together_with_nothing_is_a_dimension() -> None:
    names = {d.name for d in DIMENSIONS}
    assert {*ALONE} <= names
    assert {name for group in KIN for name in group} <= names
    assert {*HUBS} <= {c.id for c in CHOICES}


def test_the_names_of_choices_are_theirs_alone() -> None:
    assert len({choice.id for choice in CHOICES}) == len(CHOICES)


def test_the_default_program_is_what_a_newcomer_writes() -> None:
    lines = Situation.of().text.splitlines()
    assert len(lines) <= 25
    assert lines[0] == "import asyncio"
    assert lines[-1] == "asyncio.run(main())"


def test_a_situation_has_one_choice_of_a_dimension() -> None:
    first, second = DIMENSIONS[0].choices[:2]
    assert Situation.of([first, second]).choices == {second}


def test_plans_are_the_same_for_the_same_seed_and_leave_out_what_is_not_offered() -> None:
    out = set(CHOICES[::3])
    plans = [list(islice(planning.together(DIMENSIONS, out, seed), 60)) for seed in (1, 1, 2)]
    assert plans[0] == plans[1] != plans[2]
    assert all(planning.written(s) for s in plans[0])
    assert not any(s.choices & out for s in plans[0])
    assert len(set(plans[0])) == 60


def test_every_two_choices_of_a_group_meet() -> None:
    table: dict[str, dict[str, str]] = {f"c{n}": {"publish": f"p{n}={n}"} for n in range(3)}
    small = [dimension("k", f"d{n}", **table) for n in range(planning.GROUP)]
    situations = list(planning.together(small, (), 1))
    met = {pair for s in situations for pair in combinations(sorted(c.id for c in s.choices), 2)}
    choices = [[c.id for c in d.choices] for d in small]
    # Situations whose keywords collide are no programs; here those that choose the same number.
    wanted = {
        (one, other) for a, b in combinations(choices, 2) for one in a for other in b
        if one[-1] != other[-1]
    }  # fmt: skip
    assert len(wanted - met) < len(wanted) / 3


def test_what_has_to_do_with_changed_lines_comes_first() -> None:
    key = priority.order(DIMENSIONS, {"virtualhost", "broker"})
    first, second, *_ = planning.singles(DIMENSIONS, key)[1:]
    assert {c.dimension for s in (first, second) for c in s.choices} == {"address"}
    assert len(planning.singles(DIMENSIONS, key)) == len(CHOICES) + 1


def test_singles_come_in_turns_so_that_a_short_look_is_a_broad_one() -> None:
    first = planning.singles(DIMENSIONS)[1 : len(DIMENSIONS) + 1]
    assert len({c.dimension for s in first for c in s.choices}) == len(DIMENSIONS)


@given(st.sets(st.integers(0, 30), max_size=4), st.integers(1, 31))
def test_shrinking_finds_exactly_what_it_takes(guilty: set[int], size: int) -> None:
    guilty = {n for n in guilty if n < size}
    asked = []

    async def shows(some: list[int]) -> bool:
        asked.append(some)
        return guilty <= set(some)

    assert set(asyncio.run(shrink(range(size), shows))) == guilty
    assert len(asked) <= 4 * (size + 1) * (len(guilty) + 1)


@given(st.integers(1, 12), st.data())
def test_shrinking_ends_where_nothing_can_be_left_out(size: int, data: st.DataObject) -> None:
    """Whatever shows it: any set of subsets, as long as the whole is one."""
    answers: dict[frozenset[int], bool] = {frozenset(range(size)): True}

    async def shows(some: list[int]) -> bool:
        key = frozenset(some)
        if key not in answers:
            answers[key] = data.draw(st.booleans())
        return answers[key]

    kept = asyncio.run(shrink(range(size), shows))
    assert answers[frozenset(kept)]
    for one in kept if len(kept) > 1 else ():
        assert not answers[frozenset(kept) - {one}]


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        (UUID, "<id>"),
        (f"ctag1.{UUID.replace('-', '')}", "ctag1.<id>"),
        ("amq_355e9c50b60f4874848f6d240ef21f2d", "amq_<id>"),
        ("<Basic.Ack object at 0x7f70539f2800>", "<Basic.Ack>"),
        (
            "Unclosed <MemoryObjectSendStream at 7fa66d3e2b10>",
            "Unclosed <MemoryObjectSendStream at <address>>",
        ),
        ("faststream-0.5.17", "faststream-<version>"),
        ("<AsyncMock name='mock' id='140687731551760'>", "<AsyncMock name='mock' id=<number>>"),
        ("\x1b[32mINFO\x1b[0m", "INFO"),
        (
            "/a/lib/python3.11/site-packages/faststream/app.py:12",
            "<python>/faststream/app.py:<line>",
        ),
        ("1700000000", "1700000000"),
        ("2024-01-02 03:04:05", "2024-01-02 03:04:05"),
        ("mine", "mine"),
    ],
)
def test_what_differs_from_run_to_run_is_named_instead(text: str, normalised: str) -> None:
    assert normal(text) == normalised


def test_names_passwords_and_ports_are_no_differences() -> None:
    run = Run([["sent", "Queue.Declare", {"queue": "'demo7x-in'"}]], 0, "", "demo7x")
    url = "amqp://user:a%2Fsecret@127.0.0.1:23456/"
    assert trace(run).events[0].get("queue") == "'demo-in'"
    told = trace(Run([["log", "x", {"text": "23456 a/secret a%2Fsecret"}]], 0, "", "d"), [url])
    assert told.events[0].get("text") == "<port> <password> <password>"


def test_two_ids_of_one_event_are_the_same_or_not() -> None:
    other = UUID.replace("9", "8")
    told = [
        _trace(["sent", "Basic.Publish", {"correlation_id": UUID, "message_id": second}]).events[0]
        for second in (UUID, other)
    ]
    assert [e.get("correlation_id") for e in told] == ["<id>", "<id>"]
    assert [e.get("message_id") for e in told] == ["<id>", "<id 2>"]


def test_where_code_stands_in_a_traceback_is_no_behaviour() -> None:
    output = 'Traceback (most recent call last):\n  File "x.py"\n    a()\nValueError: no\n'
    assert [e.name for e in _trace(output=output).events if e.source == "output"] == [
        "ValueError: no"
    ]


def test_a_trace_does_not_differ_from_itself() -> None:
    one = _ended(["sent", "Basic.Ack", {"delivery_tag": "1"}], ["seen", "('handle', 1)", {}])
    assert differences(one, one) == []


_PUBLISH: list[Any] = ["sent", "Basic.Publish", {"body": "b'1'"}]
_HANDLED = ["seen", "('handle', 'a')", {}]
_RECEIVED = {"level": "INFO", "text": "Received", "error": "None"}
_INFO: list[Any] = ["log", "x", _RECEIVED]


@pytest.mark.parametrize(
    ("before", "after", "kind", "worse"),
    [
        (_ended(), _trace(["end", "stuck", {"where": "[]"}], code=124), "hangs", True),
        (_trace(["end", "stuck", {"where": "[]"}], code=124), _ended(), "hangs", False),
        (_ended(), _raised("ValueError", "no"), "raises", True),
        (_raised("ValueError", "no"), _ended(), "raises", False),
        (_ended(), _trace(code=139), "raises", True),
        (_raised("ValueError", "a"), _raised("TypeError", "a"), "raises", False),
        (_raised("ValueError", "a is"), _raised("ValueError", "a was"), "text", False),
        (_ended(), _raised("AttributeError", "no `close`", "__main__"), "gone", True),
        (_raised("ImportError", "no X", "__main__"), _ended(), "gone", False),
        (_ended(), _raised("TypeError", "got an unexpected keyword argument 'x'"), "gone", True),
        (_ended(_HANDLED), _ended(), "lost", True),
        (_ended(_PUBLISH), _ended(), "lost", True),
        (_ended(["seen", "decode", {}]), _ended(), "order", False),
        (_ended(_HANDLED, ["seen", "('other', 1)", {}]),
         _ended(["seen", "('other', 1)", {}], ["seen", "('handle', 'b')", {}]), "order", False),
        (_ended(["seen", '{"asyncapi": 2}', {}]), _ended(["seen", '{"asyncapi": 3}', {}]),
         "text", False),
        (_ended(["seen", "('refused', 'no')", {}]), _ended(), "raises", False),
        (_ended(), _ended(["seen", "('refused', 'no')", {}]), "raises", True),
        (_ended(), _ended(_HANDLED), "order", False),
        (_ended(_HANDLED), _ended(["seen", "('handle', b'a')", {}]), "order", False),
        (_ended(_INFO), _ended(), "logs", False),
        (_ended(_INFO), _ended(["log", "x", {**_RECEIVED, "level": "ERROR"}]), "logs", False),
        (_ended(_INFO), _ended(["log", "x", {**_RECEIVED, "text": "Got"}]), "text", False),
        (_ended(_PUBLISH), _ended(["sent", "Basic.Publish", {"body": "b'2'"}]), "wire", False),
        (_ended(["left", "demo", {"messages": "1"}]), _ended(["left", "demo", {"messages": "0"}]),
         "lost", True),
        (_ended(["sent", "A", {}], ["sent", "B", {}]), _ended(["sent", "B", {}], ["sent", "A", {}]),
         "order", False),
        (_ended(), _ended(output="hello"), "text", False),
    ],
)  # fmt: skip
def test_what_kind_a_difference_is_of(before: Trace, after: Trace, kind: str, worse: bool) -> None:
    (found,) = differences(before, after)
    assert (found.kind, found.worse) == (kind, worse)


def test_names_and_defaults_are_compared_one_by_one() -> None:
    before, after = (
        _ended(*([("seen"), note, {}] for note in notes))
        for notes in (
            ["('offers', 'a.one')", "('offers', 'a.two')", "('takes', 'f(x)', '1')"],
            ["('offers', 'a.two')", "('offers', 'a.new')", "('takes', 'f(x)', \"{'y': 2}\")"],
        )
    )
    found = differences(before, after)
    assert [(d.kind, d.detail, d.worse) for d in found] == [
        ("gone", "a.one", True), ("text", "f(x)", False), ("text", "a.new", False),
    ]  # fmt: skip
    assert [describe(d) for d in found] == [
        "it is gone: a.one", "f(x) was 1 and is {'y': 2}", "a.new is new",
    ]  # fmt: skip


@pytest.mark.parametrize("minutes", [0, 330, -90])
def test_moments_are_told_by_how_far_they_are_from_now(minutes: int) -> None:
    zone = timezone(timedelta(minutes=330))
    moment = datetime.now(timezone.utc) + timedelta(minutes=minutes)
    told = {normal(repr(moment)), normal(repr(moment.replace(tzinfo=None))),
            normal(f"{moment:%Y-%m-%d %H:%M:%S,123}"),
            normal(moment.astimezone(zone).isoformat())}  # fmt: skip
    assert told == {f"<now {minutes / 60:+g} h>" if minutes else "<now>"}


def test_moments_of_other_days_stay_as_they_are() -> None:
    assert "2024" in normal("datetime.datetime(2024, 1, 2, 0, 0)")
    assert "2024" in normal("2024-01-02T00:00:00")


def test_who_ends_otherwise_differs_in_nothing_else() -> None:
    (found,) = differences(_ended(_PUBLISH, _HANDLED), _raised("ValueError", "no"))
    assert found.source == "end"


def test_what_neither_side_offers_is_no_difference() -> None:
    sides = [_raised("ImportError", f"no X in {n}", "__main__") for n in (1, 2)]
    assert differences(*sides) == []


def test_a_confirm_may_come_before_or_after_its_message() -> None:
    published = ["seen", "('published', None)", {}]
    assert not differences(_ended(published, _HANDLED), _ended(_HANDLED, published))


def _finding(kind: str, detail: str, *choices: Choice) -> Finding:
    return Finding(Difference(kind, "log", "", "", "a", "b", detail), frozenset(choices))


def test_one_cause_is_one_finding_and_grave_ones_come_first() -> None:
    one, two = DIMENSIONS[0].choices[:2]
    other = DIMENSIONS[1].choices[0]
    found = merged([
        _finding("logs", "words", one), _finding("logs", "words", other),  # the same words
        _finding("wire", "", one),  # the same situation
        _finding("wire", "x", two), _finding("lost", "", DIMENSIONS[2].choices[0]),
    ])  # fmt: skip
    assert [(f.kind, len(f.alike)) for f in found] == [("lost", 0), ("logs", 2), ("wire", 0)]
    assert len({f.id for f in found}) == 3


def test_kinds_are_the_issues() -> None:
    assert set(KINDS) == {"lost", "hangs", "raises", "gone", "logs", "wire", "order", "text"}
    assert KINDS[:4] == GRAVE == ("lost", "hangs", "raises", "gone")


@pytest.mark.parametrize(
    "difference",
    [
        Difference("hangs", "end", "", "", "ends", "hangs"),
        Difference("raises", "end", "", "", "ends", "ValueError: no"),
        Difference("raises", "end", "", "", "KeyError: a", "ValueError: an error in it"),
        Difference("gone", "end", "", "", "ends", "AttributeError: no", "no"),
        Difference("lost", "seen", "handle", "", "('handle', 'a')", None),
        Difference("text", "seen", "", "", "{" + "a" * 300 + "b}", "{" + "a" * 300 + "c}"),
        Difference("lost", "left", "demo", "messages", "1", "0"),
        Difference("wire", "sent", "Basic.Publish", "body", "b'1'", "b'2'"),
        Difference("wire", "sent", "Basic.Publish", "headers", None, "{}"),
        Difference("wire", "sent", "Basic.Ack", "", None, "1 False"),
        Difference("logs", "log", "", "", "INFO a", None),
        Difference("logs", "warning", "DeprecationWarning", "", None, "old"),
        Difference("logs", "task", "RobustChannel.close", "", None, ""),
        Difference("order", "order", "", "", "Basic.Ack", "note handle"),
        Difference("text", "output", "", "", "a word", "two words"),
    ],
)
def test_programs_are_python_and_end_by_the_convention(difference: Difference) -> None:
    finding = Finding(difference, frozenset())
    written = list(programs.candidates(finding))
    assert written
    for program, passes in written:
        ast.parse(program, feature_version=(3, 8))
        finding.program, finding.passes = program, passes
        titled = programs.titled(finding, ("1.0", "2.0"), "mark")
        ast.parse(titled)
        assert re.search(r"Passes \(0\) on [12]\.0, fails \(1\) on [12]\.0", titled)
        used = {n.value.id for n in ast.walk(ast.parse(program))
                if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)}  # fmt: skip
        for module in used & {"sys", "os", "signal", "logging", "warnings", "aio_pika", "tempfile"}:
            assert f"import {module}\n" in program


def test_an_application_narrows_the_grammar(tmp_path: Any) -> None:
    app = tmp_path / "app.py"
    app.write_text(
        "from faststream.rabbit import RabbitBroker, RabbitRouter\n"
        "broker = RabbitBroker()\nbroker.include_router(RabbitRouter(prefix='a'))\n"
        "async def go(): await broker.publish('x', headers={})\n"
    )
    kept = {c.id for d in scope.used(DIMENSIONS, scope.words(str(app))) for c in d.choices}
    assert {"place=router with prefix", "headers=text", "payload=dict"} <= kept
    outside = ("tested", "middleware", "exchange=direct", "surface", "refused", "command")
    assert not {c for c in kept if c.startswith(outside)}
    assert scope.words(str(tmp_path)) == scope.words(str(app))


def test_an_application_that_is_no_python_is_wrong_use(tmp_path: Any) -> None:
    (tmp_path / "app.py").write_text("def\n")
    for app in ("app.py", "none.py", "."):
        with pytest.raises(UserError, match="--for"):
            scope.words(str(tmp_path / app))
    (tmp_path / "app.py").unlink()
    with pytest.raises(UserError, match=r"no \.py"):
        scope.words(str(tmp_path))


def test_a_history_goes_on_where_it_was_interrupted(tmp_path: Any) -> None:
    wanted = [("1.0", "1.1rc0"), ("1.1rc0", "1.1"), ("1.1", "1.1.1")]
    row = {"answer": "", "findings": [], "compared": {"situations": 1, "complete": True}}
    kept = History(tmp_path / "c.json", {"deps": "same-day"})
    kept.add({"before": "1.1", "after": "1.1.1", **row})
    kept.add({"before": "1.0", "after": "1.1rc0", **row, "why": "neither imports"})
    again = History(tmp_path / "c.json", {"deps": "same-day"})
    assert again.missing(wanted) == [("1.1rc0", "1.1")]
    assert [r["after"] for r in again.document()["pairs"]] == ["1.1rc0", "1.1.1"]
    assert [step(*pair) for pair in wanted] == ["release candidate", "major or minor", "patch"]
    with pytest.raises(UserError, match="today"):
        History(tmp_path / "c.json", {"deps": "today"})
    (tmp_path / "c.json").write_text("[]")
    with pytest.raises(UserError, match="no history"):
        History(tmp_path / "c.json", {})


def test_the_page_links_to_programs_that_are_there(tmp_path: Any) -> None:
    shown = _finding("lost", "", DIMENSIONS[0].choices[0])
    shown.program, shown.passes = "import os\n", "before"
    changes = Changes("1.0", "1.1", [shown], Compared(7, 3), DIMENSIONS)
    history = History(tmp_path / "changes.json", {})
    history.add({"before": "1.0", "after": "1.1", **telling.to_history(changes)})
    telling.write_programs(changes, history.programs("1.1"))
    (finding,) = history.document()["pairs"][0]["findings"]
    finding["sentence"] = "a *b* is no more"
    looked = {"situations": 7, "alike": 3, "complete": False}
    pairs = [
        {"before": "1.0", "after": "1.1", "findings": [finding], "compared": looked},
        {"before": "1.1", "after": "1.2", "findings": [], "compared": looked},
        {"before": "1.2", "after": "1.3", "findings": [], "compared": looked, "why": "no wheel"},
    ]
    page = tmp_path / "changes.md"
    for _ in range(2):  # in place of the last one
        changes_page.write({"circumstances": {}, "pairs": pairs}, page)
    text = page.read_text()
    assert r"- **lost** a \*b\* is no more ([program](changes/1.1/0001.py))" in text
    assert "Nothing changed, as far as was looked, in 1.2." in text
    assert "Not compared with 1.2: no wheel" in text
    assert "3 more on the earlier side alone" in text
    program = (tmp_path / "changes" / "1.1" / "0001.py").read_text()
    ast.parse(program)
    assert "Passes (0) on 1.0, fails (1) on 1.1" in program


def test_words_of_changed_lines_are_those_of_one_side_only(tmp_path: Any) -> None:
    sides = []
    for number, line in enumerate(("ack_policy = one", "AckPolicy.other()")):
        root = tmp_path / str(number) / "lib" / "python3.11" / "site-packages" / "faststream"
        (root / "kafka").mkdir(parents=True)
        (root / "broker.py").write_text(f"same = here\n{line}\n")
        (root / "kafka" / "elsewhere.py").write_text(line)
        sides.append(root)
    told = priority.words_between(*sides)
    assert {"ack", "policy", "one", "other", "broker"} <= told
    assert not {"same", "here", "kafka", "elsewhere"} & told
