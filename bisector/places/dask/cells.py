"""A cell as it travels: all that its answer follows from, and nothing of where it comes from."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bisector.environments.recipes import Environment
from bisector.errors import UserError
from bisector.isolation.files import Files
from bisector.isolation.needs import Needs
from bisector.places.dask import sent
from bisector.questions.ending import Rules
from bisector.questions.programs import Program

FOLDER = "<folder>"
"""Stands in a program's arguments for the folder that it runs in, wherever that is."""
_PLAIN = (
    "name", "title", "arguments", "digest", "report", "expected", "builtin", "python", "timeout",
    "broker",
)  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """A question, and what one worker needs to answer it as a whole."""

    text: str
    """Kind, recipes, program, rules, RabbitMQ: JSON."""
    sent: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Files that are packed, by what stands for them in the text: a hash of their content."""
    likely: str = ""
    """Whoever had a cell with the same of this most likely has its environments already."""
    wishes: Mapping[str, str] = field(default_factory=dict)
    """What a worker has to offer, by kind."""

    @property
    def key(self) -> str:
        """What dask calls it: a hash of all that it is, so that to ask twice is harmless."""
        return f"bisector-{hashlib.sha256(self.text.encode()).hexdigest()[:32]}"


def probe(
    version: str,
    environment: Environment,
    program: Program,
    rules: Rules,
    rabbitmq: str | None,
    wishes: Mapping[str, str],
    *,
    alone: bool,
) -> Cell:
    """Return the cell of one program in one environment.

    Raises:
        UserError: the program, or a requirement, cannot be sent.
    """
    recipe, files = sent.pack_all(environment.to_json())
    told, own = _program(program)
    text = json.dumps(
        {
            "kind": "probe", "version": version, "environment": recipe, "program": told,
            "rules": asdict(rules), "rabbitmq": rabbitmq, "alone": alone,
        },
        sort_keys=True,
    )  # fmt: skip
    return Cell(text, {**files, **own}, environment.digest, wishes)


def rounds(
    environments: Sequence[Environment],
    rabbitmq: str,
    wishes: Mapping[str, str],
    **what: Any,
) -> Cell:
    """Return the cell of something done with several environments, all of them on one worker.

    Args:
        what: `kind`, and what that needs to know.
    """
    packed = [sent.pack_all(environment.to_json()) for environment in environments]
    files = {mark: content for _, found in packed for mark, content in found.items()}
    if program := what.pop("program", None):
        what["program"], own = _program(program)
        files |= own
    told = {"environments": [recipe for recipe, _ in packed], "rabbitmq": rabbitmq, **what}
    likely = " ".join(sorted(environment.digest for environment in environments))
    return Cell(json.dumps(told, sort_keys=True), files, likely, wishes)


def _program(program: Program) -> tuple[dict[str, Any], dict[str, bytes]]:
    told = {name: getattr(program, name) for name in _PLAIN}
    if program.files is None:
        return told, {}
    prefix = f"{program.folder}{os.sep}"
    told["arguments"] = [
        f"{FOLDER}{os.sep}{word.removeprefix(prefix)}" if word.startswith(prefix) else word
        for word in program.arguments
    ]
    for word in told["arguments"]:
        if Path(word).is_absolute() and Path(word).exists() and not _everywhere(word):
            raise UserError(
                f"{word} is not sent to other machines: put it into the folder of {program.name}"
            )
    packed = sent.pack(program.files)
    told |= {
        "needs": asdict(program.needs),
        "folder": program.folder.name,
        "names": program.files.names,
        "sent": program.digest,
    }
    return told, {program.digest: packed}


def _everywhere(word: str) -> bool:
    """Whether a path is the system's: /dev/null, /bin/sh."""
    return word.startswith(("/dev/", "/bin/", "/usr/", "/proc/"))


def read_environment(recipe: str, files: dict[str, bytes]) -> Environment:
    """Read an environment's recipe, and put in place what came along."""
    return Environment.from_json(sent.unpack_all(recipe, files))


def read_program(told: dict[str, Any], files: dict[str, bytes]) -> Program:
    """Read a program, and put its files in place."""
    plain = {name: told[name] for name in _PLAIN}
    plain["arguments"] = tuple(plain["arguments"])
    if "sent" not in told:
        return Program(**plain)
    folder = sent.unpack(told["sent"], files[told["sent"]]) / told["folder"]
    plain["arguments"] = tuple(
        word.replace(FOLDER, str(folder), 1) if word.startswith(FOLDER) else word
        for word in plain["arguments"]
    )
    needs: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in told["needs"].items()
    }
    files_ = Files(folder, tuple(told["names"]))
    return Program(**plain, folder=folder, files=files_, needs=Needs(**needs))
