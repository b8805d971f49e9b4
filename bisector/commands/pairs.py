"""`nox -s bisect -- --along faststream --along rabbitmq`: which pairs work?"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rich.console import Console

from bisector.bisection.journal import Journal, Question
from bisector.bisection.pairs import Pairs, Search
from bisector.commands import along, options
from bisector.errors import FOUND, NO_FLIP, TROUBLE, UserError
from bisector.places.beside import Beside
from bisector.questions.programs import Program
from bisector.rabbitmq.fleet import Fleet, versions
from bisector.search.exact import Verdict
from bisector.search.grid import Plan
from bisector.telling import maps
from bisector.telling import pairs as telling
from bisector.telling.terminal import display_for


async def run(args: argparse.Namespace, console: Console) -> int:
    """Find which pairs work and report it."""
    if len(args.programs) > 1:
        raise UserError("two axes: name one scenario or program")
    (program,) = args.programs
    with display_for(console) as display:
        rabbitmqs = await versions(display.note)
        axis = await along.axis(args, display.note)
        plan = Plan.of(len(rabbitmqs), len(axis.releases))
        found = Pairs(program, rabbitmqs, axis, plan)
        async with Fleet(display.note) as fleet:
            place = Beside(fleet, args.manner.jobs, display.note, insist=args.manner.insist)
            journals = []
            for version in rabbitmqs:
                async with fleet.lend(version) as broker:
                    question = _question(args, program, axis.package, f"{version}, {broker.source}")
                journals.append(Journal(question, args.journal, display.note))
                if args.fresh:
                    journals[-1].forget()
            rules = options.rules_of(args, program)
            await Search(found, journals, place, rules, display).run(whole=args.map)
    telling.show(found, console)
    options.write(args.json, json.dumps(telling.to_json(found), indent=2) + "\n")
    options.write(args.markdown, telling.to_markdown(found))
    if args.figure:
        title = f"{program.as_typed}: which pairs work"
        figure = maps.draw(telling.rows(found), title, telling.columns(found))
        maps.save(figure, Path(args.figure))
    told = {Verdict.GOOD, Verdict.BAD} & {*found.known.values()}
    return FOUND if len(told) > 1 else NO_FLIP if told else TROUBLE


def _question(args: argparse.Namespace, program: Program, package: str, rabbitmq: str) -> Question:
    """The question that `bisect --rabbitmq VERSION` asks, too: they know each other's answers."""
    rules = options.rules_of(args, program).to_json()
    return Question.of(package, program.as_typed, program.digest, args.choice, rabbitmq, rules)
