"""How the documentation is built: `nox -s docs`, strictly, and without a network.

The reference is read out of what it describes: options from the parsers (sphinx-argparse-cli),
JSON documents from their schemas (here).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

project = "faststream-bisector"
author = "the faststream-bisector authors"
extensions = ["myst_parser", "sphinx_argparse_cli"]
exclude_patterns = ["_build"]
nitpicky = True
smartquotes = False  # an option keeps its two dashes

myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]

html_theme = "furo"
html_title = "faststream-bisector"
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False


def described(schema: dict[str, Any]) -> Iterator[str]:
    """Tell a JSON Schema as Markdown, a table for each kind of object."""
    parts = {"": schema, **schema.get("$defs", {})}
    for name, part in parts.items():
        if name:
            yield f"### `{name}`\n"
        yield f"{part['description']}\n"
        if "properties" not in part:
            continue
        yield "| field | type | what it is |\n| --- | --- | --- |"
        for field, about in part["properties"].items():
            there = "" if field in part["required"] else " Not always there."
            yield f"| `{field}` | {kind(about)} | {about.get('description', '')}{there} |"
        yield ""


def kind(about: dict[str, Any]) -> str:
    """Say in a few words what a field may hold."""
    if "$ref" in about:
        return f"[{(name := about['$ref'].rpartition('/')[2])}](#{name})"
    if "const" in about:
        return f"always `{json.dumps(about['const'])}`"
    if "enum" in about:
        return " or ".join(f"`{value}`" for value in about["enum"])
    if "anyOf" in about:
        return " or ".join(map(kind, about["anyOf"]))
    types = about["type"] if isinstance(about["type"], list) else [about["type"]]
    if types == ["array"] and isinstance(about.get("items"), dict):
        return f"array of {kind(about['items'])}"
    if about.get("format") == "date-time":
        return "date and time"
    return " or ".join(types)


def fill_in(_app: Sphinx, _name: str, source: list[str]) -> None:
    """Put a schema's tables where a page asks for them: `<!-- schema: NAME -->`."""

    def tables(found: re.Match[str]) -> str:
        file = ROOT / "bisector" / "telling" / "schemas" / f"{found[1]}.json"
        text = "\n".join(described(json.loads(file.read_text(encoding="utf-8"))))
        # An anchor of its own for each object of each document.
        text = re.sub(r"^(### `(\w+)`)$", rf"({found[1]}-\2)=\n\1", text, flags=re.MULTILINE)
        return re.sub(r"\(#(\w+)\)", rf"(#{found[1]}-\1)", text)

    source[0] = re.sub(r"^<!-- schema: (\w+) -->$", tables, source[0], flags=re.MULTILINE)


def setup(app: Sphinx) -> None:
    """Let Sphinx know."""
    app.connect("source-read", fill_in)
