"""`nox -s bisect -- --cost` and `--number`: which release made it slower."""

from __future__ import annotations

import argparse
import json
import uuid
from collections.abc import Awaitable, Callable

from rich.console import Console

from bisector import ROOT
from bisector.axes import commits
from bisector.axes.axis import Axis, Choice
from bisector.axes.releases import of_package
from bisector.bisection.answer import Circumstances
from bisector.bisection.journal import JOURNAL, Question
from bisector.commands import options
from bisector.cost import blaming
from bisector.cost.ledger import Ledger
from bisector.cost.result import Costs
from bisector.cost.search import Search, Wish
from bisector.cost.subject import Ours, Printed, Subject
from bisector.environments import recipes
from bisector.errors import FOUND, NO_FLIP, UNSURE
from bisector.places.display import Display
from bisector.places.here import Here
from bisector.questions import cost
from bisector.rabbitmq.broker import Broker, open_broker
from bisector.telling import costs
from bisector.telling.terminal import display_for

STEPS = ROOT / "results" / "steps.json"
HISTORY_LEAST = 0.04
"""The smallest step that the history of costs is searched for, as a part."""


async def run(args: argparse.Namespace, axis_of: Callable[[], Awaitable[Axis]]) -> int:
    """Find the steps and report them.

    Args:
        axis_of: finds the axis to walk.
    """
    console = options.console_with({"--json": args.json, "--markdown": args.markdown})
    wish = Wish(args.least, args.confidence, args.most)
    with display_for(console) as display:
        async with open_broker(display.note, args.rabbitmq) as (broker, rabbitmq):
            asking = _Asking(args, wish, broker, rabbitmq, display)
            search, found = await asking.find(await axis_of())
            display.pause()
            costs.show(found, console)
            display.resume()
            try:
                await asking.look_closer(search, found)
            finally:  # what was found is written, whatever came after it
                options.write(args.json, json.dumps(costs.document(found), indent=2) + "\n")
                options.write(args.markdown, costs.to_markdown(found))
            display.pause()
            costs.show_causes(found, console)
    if found.steps:
        return FOUND
    return NO_FLIP if found.sure else UNSURE


def question_of(subject: Subject, choice: Choice, axis: Axis, rabbitmq: str) -> Question:
    """Return what rounds belong to; they answer no other question."""
    return Question(
        axis.package, f"cost of {subject.kind}", subject.digest or f"unknown {uuid.uuid4()}",
        choice.python, recipes.rule(choice.deps), rabbitmq, subject.rules,
    )  # fmt: skip


class _Asking:
    """Asks about one subject, beside one broker."""

    def __init__(
        self,
        args: argparse.Namespace,
        wish: Wish,
        broker: Broker,
        rabbitmq: str,
        display: Display,
    ) -> None:
        self._args, self._wish, self._display = args, wish, display
        self._broker, self._rabbitmq = broker, rabbitmq
        self._forgotten: list[Question] = []
        self._subject: Subject
        if args.cost:
            self._subject = Ours(args.cost, cost.benchmarks(args.cost), broker, display.note)
        else:
            (program,) = args.programs
            place = Here(broker, 1, display.note)
            self._subject = Printed(
                program, args.number or None, options.rules_of(args, program), place,
                args.higher_is_better,
            )  # fmt: skip

    async def find(self, axis: Axis) -> tuple[Search, Costs]:
        """Search along an axis."""
        choice, subject = self._args.choice, self._subject
        rabbitmq = f"{self._rabbitmq}, {self._broker.source}"
        question = question_of(subject, choice, axis, rabbitmq)
        ledger = Ledger(question, self._args.journal, self._display.note)
        if self._args.fresh and question not in self._forgotten:
            self._forgotten.append(question)
            ledger.forget()
        search = Search(axis, subject, ledger, self._wish, self._display)
        await search.find()
        where = Circumstances(choice.deps, choice.python, self._rabbitmq, self._broker.source)
        found = search.answer(where, higher_is_better=self._args.higher_is_better)
        return search, found

    async def look_closer(self, search: Search, found: Costs) -> None:
        """Find out whose fault the steps are, and which commit brought them."""
        for step in found.steps:
            if self._args.blame and found.axis.package != "python":
                step.blame = await blaming.blame(search, step)
            if self._args.source:
                before, after = step.tested.before, step.tested.after
                step.line = commits.between(self._args.source, before, after)
                walked = commits.axis(
                    self._args.source, step.line, found.axis.package, search.environment(after)
                )
                _, step.commits = await self.find(walked)


async def history(minutes: int, version: str | None, console: Console) -> int:
    """Find all steps in the main costs over all releases; writes results/steps.json.

    Args:
        minutes: how long it may take.
        version: of RabbitMQ; None: whichever is found.
    """
    where = Choice()
    main = [benchmark for benchmark in cost.BENCHMARKS if benchmark.main]
    with display_for(console) as display:
        async with open_broker(display.note, version) as (broker, rabbitmq):
            subject = Ours("all", main, broker, display.note)
            question = question_of(
                subject, where, of_package(where), f"{rabbitmq}, {broker.source}"
            )
            ledger = Ledger(question, JOURNAL, display.note)
            search = Search(
                of_package(where), subject, ledger, Wish(HISTORY_LEAST, minutes=minutes), display
            )
            await search.find()
            found = search.answer(Circumstances(where.deps, where.python, rabbitmq, broker.source))
    costs.show(found, console)
    told = costs.document(found)
    for step in told["steps"]:
        step["dependencies"] = search.differences(step["before"], step["after"])
    options.write(str(STEPS), json.dumps(told, indent=1) + "\n")
    return FOUND
