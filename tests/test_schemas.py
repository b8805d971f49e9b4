"""The JSON Schemas: well-formed, told in full, and kept to by what lies in results/."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from bisector import ROOT
from bisector.telling.documents import SCHEMA
from tests.schemas import SCHEMAS, schema, validate

NAMES = sorted(path.stem for path in SCHEMAS.glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_is_a_schema_that_describes_every_field(name: str) -> None:
    whole = schema(name)
    jsonschema.Draft202012Validator.check_schema(whole)
    for part in [whole, *whole.get("$defs", {}).values()]:
        if part.get("type") == "object":
            assert part["description"], part
            for field, described in part["properties"].items():
                assert described.get("description") or "$ref" in described, (name, field)


@pytest.mark.parametrize("name", ["bisect", "changes", "check", "advise", "lifetimes"])
def test_names_the_version_that_is_written(name: str) -> None:
    assert schema(name)["properties"]["schema"]["const"] == SCHEMA


@pytest.mark.parametrize(
    ("file", "name"),
    [("sibling-close", "bisect"), ("map", "bisect"), ("advise", "advise"),
     ("lifetimes", "lifetimes")],
)  # fmt: skip
def test_results_of_real_runs_keep_to_it(file: str, name: str) -> None:
    told = json.loads((ROOT / "results" / f"{file}.json").read_text(encoding="utf-8"))
    for document in told if isinstance(told, list) else [told]:
        # What was measured before these two fields were written stays as it is.
        later = {"schema": SCHEMA, **({"hints": []} if name == "bisect" else {})}
        validate({**later, **document}, name)


@pytest.mark.parametrize("spoilt", [{"flips": None}, {"seconds": -1}, {"unheard of": 1}])
def test_whatever_else_is_refused(spoilt: dict[str, Any]) -> None:
    told = json.loads((ROOT / "results" / "sibling-close.json").read_text(encoding="utf-8"))
    with pytest.raises(jsonschema.ValidationError):
        validate({"schema": SCHEMA, "hints": [], **told, **spoilt}, "bisect")
