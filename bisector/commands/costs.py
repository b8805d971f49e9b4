"""`nox -s bisect -- --cost` and `--number`: which release made it slower; and all that did so."""

from __future__ import annotations

import argparse
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bisector import ROOT
from bisector.axes import commits
from bisector.axes.axis import Axis, Choice
from bisector.axes.releases import of_package
from bisector.bisection.answer import Circumstances
from bisector.bisection.journal import JOURNAL, Question
from bisector.commands import elsewhere, options
from bisector.cost import blaming
from bisector.cost.ledger import Ledger
from bisector.cost.result import Costs, Step
from bisector.cost.search import Search, Wish
from bisector.cost.subject import Ours, Printed, Subject
from bisector.errors import FOUND, NO_FLIP, UNSURE
from bisector.places.display import Display
from bisector.places.here import Here
from bisector.places.rounds import Rounds, RoundsHere
from bisector.questions import cost
from bisector.rabbitmq.broker import open_broker
from bisector.telling import costs
from bisector.telling.terminal import display_for

STEPS = ROOT / "results" / "steps.json"
HISTORY_LEAST = 0.04
"""The smallest step that the history of costs is searched for, as a part."""
PATIENCE = 20
"""How often a disturbed round is made again there, before it is given up."""


async def run(args: argparse.Namespace, axis_of: Callable[[], Awaitable[Axis]]) -> int:
    """Find the steps and report them.

    Args:
        axis_of: finds the axis to walk.
    """
    console = options.console_with({"--json": args.json, "--markdown": args.markdown})
    wish = Wish(args.least, args.confidence, args.most)
    with display_for(console) as display:
        async with _rounds(args, display) as (rounds, rabbitmq, source):
            subject: Subject
            if args.cost:
                subject = Ours(args.cost, cost.benchmarks(args.cost), rounds)
            else:
                (program,) = args.programs
                rules, number = options.rules_of(args, program), args.number or None
                subject = Printed(program, number, rules, rounds, args.higher_is_better)
            asking = _Asking(
                subject, wish, args.choice, rabbitmq, source, display, args.journal,
                fresh=args.fresh,
            )  # fmt: skip
            search = asking.search(await axis_of())
            await search.find()
            found = asking.answer(search)
            display.pause()
            costs.show(found, console)
            display.resume()
            try:
                for step in found.steps:
                    await asking.look_closer(search, step, args)
            finally:  # what was found is written, whatever came after it
                options.write(args.json, json.dumps(costs.document(found), indent=2) + "\n")
                options.write(args.markdown, costs.to_markdown(found))
            display.pause()
            costs.show_causes(found, console)
    if found.steps:
        return FOUND
    return NO_FLIP if found.sure else UNSURE


@contextlib.asynccontextmanager
async def _rounds(
    args: argparse.Namespace, display: Display
) -> AsyncIterator[tuple[Rounds, str, str]]:
    """Where rounds are taken; and the RabbitMQ there, its version and where it comes from."""
    if args.on:
        async with elsewhere.connected(args, display) as there:
            yield there.rounds(), there.rabbitmq, there.source
    else:
        async with open_broker(display.note, args.rabbitmq) as (broker, rabbitmq):
            place = Here(broker, 1, display.note)
            yield RoundsHere(broker, display.note, place), rabbitmq, broker.source


async def history(
    minutes: int, between: tuple[str | None, str | None], version: str | None, console: Console
) -> int:
    """Find all steps in the main costs of the releases; writes results/steps.json.

    Args:
        minutes: how long it may take.
        between: the oldest release, and the newest; None: of all.
        version: of RabbitMQ; None: whichever is found.
    """
    start, end = between
    choice = Choice(start, end)
    axis = of_package(choice)
    main = [benchmark for benchmark in cost.BENCHMARKS if benchmark.main]
    with display_for(console) as display:
        async with open_broker(display.note, version) as (broker, rabbitmq):
            subject = Ours("all", main, RoundsHere(broker, display.note), PATIENCE)
            wish = Wish(HISTORY_LEAST, minutes=minutes, all_or_nothing=False)
            asking = _Asking(subject, wish, choice, rabbitmq, broker.source, display)
            search = asking.search(axis)
            try:
                await search.find()
            finally:  # what is confirmed is true, whatever came after it
                found = asking.answer(search)
                told = costs.document(found)
                for step in told["steps"]:
                    step["dependencies"] = search.differences(step["before"], step["after"])
                options.write(str(STEPS), json.dumps(told, indent=1) + "\n")
    costs.show(found, console)
    return FOUND


@dataclass
class _Asking:
    """Asks about one subject, beside one broker."""

    subject: Subject
    wish: Wish
    choice: Choice
    rabbitmq: str
    source: str
    """Where that RabbitMQ comes from."""
    display: Display
    journal: Path = JOURNAL
    fresh: bool = False

    def __post_init__(self) -> None:
        self._forgotten: list[Question] = []

    def search(self, axis: Axis) -> Search:
        """Return the search along an axis, which knows what earlier runs measured."""
        subject = self.subject
        question = Question.of(
            axis.package, f"cost of {subject.kind}", subject.digest, self.choice,
            f"{self.rabbitmq}, {self.source}", subject.rules,
        )  # fmt: skip
        ledger = Ledger(question, self.journal, self.display.note)
        if self.fresh and question not in self._forgotten:
            self._forgotten.append(question)
            ledger.forget()
        return Search(axis, subject, ledger, self.wish, self.display)

    def answer(self, search: Search) -> Costs:
        """Return what a search has found so far."""
        return search.answer(
            Circumstances(self.choice.deps, self.choice.python, self.rabbitmq, self.source)
        )

    async def look_closer(self, search: Search, step: Step, args: argparse.Namespace) -> None:
        """Find out whose fault a step is, and which commit brought it."""
        package = search.axis.package
        if args.blame and package != "python":
            step.blame = await blaming.blame(search, step)
        if args.source:
            before, after = step.tested.before, step.tested.after
            step.line = commits.between(args.source, before, after)
            walked = commits.axis(args.source, step.line, package, search.environment(after))
            inside = self.search(walked)
            await inside.find()
            step.commits = self.answer(inside)
