"""Holds documents against the JSON Schemas that describe them to their readers."""

from __future__ import annotations

import json
from typing import Any

import jsonschema

from bisector import ROOT

SCHEMAS = ROOT / "bisector" / "telling" / "schemas"


def schema(name: str) -> dict[str, Any]:
    """Read the schema of a command's document, or of a line of the journal."""
    text: dict[str, Any] = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    return text


def validate(document: object, name: str) -> None:
    """See that a document keeps to its schema, and that all of its fields are described there.

    The schemas themselves let fields be added: whoever reads a document should not mind.
    """
    jsonschema.Draft202012Validator(
        _closed(schema(name)), format_checker=jsonschema.FormatChecker()
    ).validate(document)


def validate_journal(text: str) -> None:
    """See that every line of a journal keeps to its schema."""
    for line in text.splitlines():
        validate(json.loads(line), "journal")


def _closed(part: Any) -> Any:
    """The same schema, without room for fields that it does not describe."""
    if isinstance(part, list):
        return [_closed(each) for each in part]
    if not isinstance(part, dict):
        return part
    closed = {key: _closed(value) for key, value in part.items()}
    if part.get("type") == "object" and "properties" in part:
        closed["additionalProperties"] = False
    return closed
