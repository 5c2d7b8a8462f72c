"""Write the tables of keys in docs/*.md from the schemas that check model files.

A table stands between `<!-- keys: SECTION -->` and `<!-- end -->`. Run it after a change of a schema; a test compares.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from blockrec.cli.catalogue import kind
from blockrec.language.schema.document import model_schema

DOCS = Path(__file__).parents[1] / "docs"
TABLE = re.compile(r"(<!-- keys: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
HEAD = "| key | value | default | meaning |\n|---|---|---|---|\n"

Schema = Mapping[str, Any]
Row = tuple[str, str, str, str]


def with_tables(page: str) -> str:
    """`page` with every table of keys as the schemas have it now."""
    return TABLE.sub(lambda m: f"{m[1]}{table(m[2])}{m[3]}", page)


def table(section: str) -> str:
    """The keys of a section, or of the top level, as a Markdown table."""
    schema = model_schema()
    found = top(schema) if section == "top" else below(section, schema["properties"][section])
    return HEAD + "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |\n" for row in found)


def top(schema: Schema) -> Iterator[Row]:
    return (row(key, inner, key in schema["required"]) for key, inner in schema["properties"].items())


def below(path: str, schema: Schema) -> Iterator[Row]:
    """The keys inside `path`, parents before children."""
    for key, inner in schema.get("properties", {}).items():
        yield from whole(f"{path}.{key}", inner, key in schema.get("required", ()))
    if isinstance(named := schema.get("additionalProperties"), Mapping):
        yield from whole(f"{path}.NAME", named)
    if isinstance(item := schema.get("items"), Mapping) and "properties" in item:
        yield from below(f"{path}[]", item)


def whole(path: str, schema: Schema, required: bool = False) -> Iterator[Row]:
    yield row(path, schema, required)
    yield from below(path, schema)


def row(path: str, schema: Schema, required: bool = False) -> Row:
    shown = schema.get("default")
    default = "needed" if required else f"`{json.dumps(shown)}`" if shown not in (None, {}, []) else ""
    return (f"`{path}`", kind(schema), default, schema.get("description", ""))


def main() -> None:
    for path in sorted(DOCS.glob("*.md")):
        path.write_text(with_tables(path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
