"""`nox -s bisect -- --along faststream --along rabbitmq`: which pairs work?"""

from __future__ import annotations

import argparse
import contextlib
import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from bisector.axes import crossed
from bisector.axes.axis import Axis, Choice
from bisector.axes.brokers import RABBITMQ
from bisector.axes.crossed import Row
from bisector.bisection.journal import Journal, Question
from bisector.bisection.pairs import Ask, Pairs, Search
from bisector.commands import along, elsewhere, options
from bisector.commands.elsewhere import Elsewhere
from bisector.errors import FOUND, NO_FLIP, TROUBLE
from bisector.places.beside import Beside
from bisector.places.display import Display
from bisector.places.here import Here
from bisector.places.place import Place
from bisector.questions.programs import Program
from bisector.rabbitmq.broker import open_broker
from bisector.rabbitmq.fleet import Fleet, versions
from bisector.search.exact import Verdict
from bisector.telling import maps
from bisector.telling import pairs as telling
from bisector.telling.terminal import display_for


async def run(args: argparse.Namespace, console: Console) -> int:
    """Find which pairs work and report it, for each program."""
    maps_of_pairs: list[Pairs] = []
    down, _ = args.pairs
    try:
        with display_for(console) as display:
            async with contextlib.AsyncExitStack() as stack:
                there = None
                if args.on:
                    there = await stack.enter_async_context(_connected(args, display))
                rows = await _rows(args, display.note, there)
                if there:
                    asking = _there(there, rows)
                else:
                    asking = await (_fleet if down.name == RABBITMQ else _broker)(
                        args, rows, display, stack
                    )
                for program in args.programs:
                    found = Pairs(program, down.title, rows)
                    maps_of_pairs.append(found)
                    await _search(args, found, asking, display)
                    display.pause()
                    telling.show(found, console)
                    display.resume()
    finally:  # what was found is written, whatever came after it
        if maps_of_pairs:
            _write(args, maps_of_pairs)
    told = {verdict for found in maps_of_pairs for verdict in found.known.values()}
    answers = {Verdict.GOOD, Verdict.BAD} & told
    return FOUND if len(answers) > 1 else NO_FLIP if answers else TROUBLE


def _connected(
    args: argparse.Namespace, display: Display
) -> contextlib.AbstractAsyncContextManager[Elsewhere]:
    down, _ = args.pairs
    needed = not args.no_broker and any(program.broker for program in args.programs)
    return elsewhere.connected(args, display, needed=needed, walked=down.name == RABBITMQ)


async def _rows(
    args: argparse.Namespace, note: Callable[[str], None], there: Elsewhere | None
) -> list[Row]:
    down, across = args.pairs
    rabbitmqs: Sequence[str] = ()
    if down.name == RABBITMQ:
        rabbitmqs = there.versions() if there else await versions(note)

    async def walk(choice: Choice) -> Axis:
        return await along.line_of(across.name, choice, args.project, note)

    points = crossed.points(down, args.choice, rabbitmqs)
    return await crossed.rows(down, across, args.choice, points, walk)


class _Asking:
    """How the cells of a row are answered, and by which RabbitMQ."""

    def __init__(self, place: Place, rabbitmqs: dict[str, str], beside: Ask | None = None) -> None:
        """Take the RabbitMQ of each row by its point; of one that stands for all, by "".

        Args:
            beside: how cells are answered beside a version that is named first.
        """
        self.place, self._rabbitmqs, self._beside = place, rabbitmqs, beside

    def ask(self, row: Row) -> Ask:
        return partial(self._beside, row.point) if self._beside else self.place.answer

    def rabbitmq(self, row: Row) -> str:
        return self._rabbitmqs.get(row.point) or self._rabbitmqs[""]


async def _fleet(
    args: argparse.Namespace,
    rows: Sequence[Row],
    display: Display,
    stack: contextlib.AsyncExitStack,
) -> _Asking:
    fleet = await stack.enter_async_context(Fleet(display.note))
    there = {}
    for row in rows:
        async with fleet.lend(row.point) as broker:
            there[row.point] = f"{row.point}, {broker.source}"
    manner = args.manner
    place = Beside(fleet, manner.jobs, display.note, insist=manner.insist)
    return _Asking(place, there, place.beside)


def _there(there: Elsewhere, rows: Sequence[Row]) -> _Asking:
    """On the workers of a scheduler."""
    place = there.place()
    if not there.walked:
        return _Asking(place, {"": f"{there.rabbitmq}, {there.source}"})
    told = {row.point: f"{row.point}, {there.source_of(row.point)}" for row in rows}
    return _Asking(place, told, place.beside)


async def _broker(
    args: argparse.Namespace,
    _: Sequence[Row],
    display: Display,
    stack: contextlib.AsyncExitStack,
) -> _Asking:
    needed = not args.no_broker and any(program.broker for program in args.programs)
    opened = open_broker(display.note, args.rabbitmq, needed=needed)
    broker, version = await stack.enter_async_context(opened)
    here = Here(broker, args.manner.jobs, display.note, insist=args.manner.insist)
    return _Asking(here, {"": f"{version}, {broker.source}"})


async def _search(
    args: argparse.Namespace, found: Pairs, asking: _Asking, display: Display
) -> None:
    questions: list[Question] = []
    journals: list[Journal] = []
    for row in found.rows:
        question = _question(args, found.program, row, asking.rabbitmq(row))
        if question in questions:  # asked of other environments: a long journal is read once
            journals.append(journals[questions.index(question)])
        else:
            journals.append(Journal(question, args.journal, display.note, args.known))
            if args.fresh:
                journals[-1].forget()
        questions.append(question)
    asks = [asking.ask(row) for row in found.rows]
    rules = options.rules_of(args, found.program)
    search = Search(found, journals, asks, lambda: asking.place.jobs, rules, display,
                    local=asking.place.local)  # fmt: skip
    await search.run(whole=args.map)


def _question(args: argparse.Namespace, program: Program, row: Row, rabbitmq: str) -> Question:
    """The question that a bisection along the row asks, too: they know each other's answers."""
    rules = options.rules_of(args, program).to_json()
    package = row.across.package
    return Question.of(package, program.as_typed, program.digest, row.choice, rabbitmq, rules)


def _write(args: argparse.Namespace, found: Sequence[Pairs]) -> None:
    told = [telling.to_json(each) for each in found]
    options.write(
        args.json, json.dumps(told if len(args.programs) > 1 else told[0], indent=2) + "\n"
    )
    options.write(args.markdown, "\n".join(map(telling.to_markdown, found)))
    if args.figure:
        figure = maps.draw(
            telling.figure_rows(found), telling.title(found), telling.columns(found[0])
        )
        maps.save(figure, Path(args.figure))
