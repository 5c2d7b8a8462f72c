"""Tables, tiles and other pieces of HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from blockrec.viz.writers.markup import element, escaped
from blockrec.words import human, setting, shortened

LONGEST = 20_000
"""Characters of a file that the page shows."""


def table(header: Sequence[str], rows: Iterable[Sequence[str]], numbers: int = 0) -> str:
    """The last `numbers` columns hold numbers."""
    first = len(header) - numbers

    def line(cells: Sequence[str], kind: str) -> str:
        made = [element(kind, [], "n" if i >= first else "", text=cell) for i, cell in enumerate(cells)]
        return element("tr", made)

    head = element("thead", [line(header, "th")]) if any(header) else ""
    body = element("tbody", [line(row, "td") for row in rows])
    return element("div", [element("table", [head, body])], "wide")


def facts(values: Mapping[str, Any]) -> str:
    """Names and values; mappings inside are dotted names."""
    return table(["", ""], [[name, cell(value)] for name, value in flat(values)])


def flat(values: Mapping[str, Any], path: str = "") -> Iterable[tuple[str, Any]]:
    """
    >>> dict(flat({"a": {"b": 1}, "c": 2}))
    {'a.b': 1, 'c': 2}
    """
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def cell(value: Any) -> str:
    """A value as people read it."""
    if isinstance(value, bool) or value is None:
        return setting(value)
    if isinstance(value, int):
        return f"{value:,}"
    return shortened(f"{value:,.4g}" if isinstance(value, float) else setting(value), 120)


def tile(value: str, what: str) -> str:
    """A key figure."""
    return element("div", [element("b", [], text=value), element("span", [], text=what)], "tile")


def figure(title: str, *parts: str, caption: str = "") -> str:
    """A chart with its title."""
    return element(
        "figure", [element("h3", [], text=title), *parts, element("figcaption", [], text=caption) if caption else ""]
    )


def legend(names: Iterable[tuple[str, str]]) -> str:
    """(CSS class, text) of each."""
    return element("div", [f'<span class="key {kind}"></span>{escaped(text)}' for kind, text in names], "legend")


def more(title: str, *parts: str) -> str:
    """Shown when it is asked for."""
    return element("details", [element("summary", [], text=title), *parts])


def code(text: str) -> str:
    """A YAML file: keys and comments coloured. The middle of a long one is left out."""
    shown = text
    if len(text) > LONGEST:
        half = LONGEST // 2
        shown = f"{text[:half]}\n# … {human(len(text) - LONGEST)} characters are left out …\n{text[-half:]}"
    lines = [_coloured(escaped(line)) for line in shown.splitlines()]
    return element("pre", ["\n".join(lines)])


def _coloured(line: str) -> str:
    if line.lstrip().startswith("#"):
        return f"<s>{line}</s>"
    return re.sub(r"^(\s*(?:- )?)([\w.$-]+)(:)(?=\s|$)", r"\1<i>\2</i>\3", line)
