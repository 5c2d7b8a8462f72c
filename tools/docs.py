"""Write what README and docs/*.md derive from the code: tables of keys, pictures of models.

A part stands between `<!-- keys: SECTION -->` (or `<!-- picture: FILE -->`, of a model that the page shows,
`<!-- codes: LETTERS -->`, `<!-- metrics: all|settings -->`) and `<!-- end -->`. Run it after a change of a schema or of
the pictures; a test compares.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from blockrec.cli.catalogue import kind
from blockrec.codes import CODES
from blockrec.graph.compile import check
from blockrec.language.schema.document import model_schema
from blockrec.language.schema.metrics import KINDS, LABELS
from blockrec.viz import mermaid

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "docs/errors/README.md"]
PART = re.compile(r"(<!-- (keys|picture|codes|metrics): (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
HEAD = "| key | value | default | meaning |\n|---|---|---|---|\n"

Schema = Mapping[str, Any]
Row = tuple[str, str, str, str]


def current(page: str) -> str:
    """`page` with every derived part as the code has it now."""
    made = {"keys": table, "picture": lambda file: picture(page, file), "codes": codes, "metrics": metrics}
    return PART.sub(lambda m: f"{m[1]}{made[m[2]](m[3])}{m[4]}", page)


def codes(letters: str) -> str:
    """The codes that begin with `letters`, each with a link to its page."""
    rows = [f"| [{code}]({code}.md) | {text} |\n" for code, text in CODES.items() if code.startswith(letters)]
    return "| code | what it says |\n|---|---|\n" + "".join(rows)


def metrics(part: str) -> str:
    """`all`: what each metric is, what is good, its labels, its settings. `settings`: what those mean."""
    if part == "settings":
        known = {name: schema for metric in reversed(KINDS.values()) for name, schema in metric.settings.items()}
        return lined(row(*one) for one in known.items())
    rows = []
    for name, metric in KINDS.items():
        settings = ", ".join(f"`{key}`" + " (needed)" * (key in metric.required) for key in metric.settings)
        better = f"{'more' if metric.higher else 'less'}, best {metric.best}"
        rows.append(f"| `{name}` | {metric.doc} | {better} | {LABELS[metric.labels]} | {settings} |\n")
    return "| metric | what it is | better | label | settings |\n|---|---|---|---|---|\n" + "".join(rows)


def picture(page: str, file: str) -> str:
    """The model that `page` shows as `file`, drawn."""
    shown = re.search(rf"^```yaml file={re.escape(file)}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert shown is not None, f"the page shows no file {file}"
    _, graph, found = check(shown[1])
    found.raise_errors()
    assert graph is not None
    return f"```mermaid\n{mermaid(graph)}```\n"


def table(section: str) -> str:
    """The keys of a section, or of the top level, as a Markdown table."""
    schema = model_schema()
    found = top(schema) if section == "top" else below(section, schema["properties"][section])
    return lined(found)


def lined(rows: Iterable[Row]) -> str:
    """Rows under the head of a table of keys."""
    return HEAD + "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |\n" for row in rows)


def top(schema: Schema) -> Iterator[Row]:
    return (row(key, inner, key in schema["required"]) for key, inner in schema["properties"].items())


def below(path: str, schema: Schema) -> Iterator[Row]:
    """The keys inside `path`, parents before children."""
    for key, inner in schema.get("properties", {}).items():
        yield from whole(f"{path}.{key}", inner, key in schema.get("required", ()))
    if isinstance(named := schema.get("additionalProperties"), Mapping):
        yield from whole(f"{path}.NAME", named)
    if isinstance(item := schema.get("items"), Mapping) and "properties" in item and "x-page" not in item:
        yield from below(f"{path}[]", item)


def whole(path: str, schema: Schema, required: bool = False) -> Iterator[Row]:
    yield row(path, schema, required)
    yield from below(path, schema)


def row(path: str, schema: Schema, required: bool = False) -> Row:
    shown = schema.get("default")
    default = "needed" if required else f"`{json.dumps(shown)}`" if shown not in (None, {}, []) else ""
    return (f"`{path}`", kind(schema), default, schema.get("description", ""))


def main() -> None:
    for path in PAGES:
        path.write_text(current(path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
