"""Pages of a model and of its parts, as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from blockrec.cli.columns import columns, titled
from blockrec.words import human, setting

if TYPE_CHECKING:
    from blockrec.graph.compile import Checked
    from blockrec.graph.explain.page import Page
    from blockrec.graph.facts import Facts


def part(page: Page) -> str:
    """A page of `graph.explain`."""
    sections = [section(title, rows) for title, rows in page.sections.items() if rows]
    return "\n\n".join(filter(None, [f"{page.kind} {page.name}", page.doc, *sections]))


def section(title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows under their keys, which are left out if there are at most two; columns without values are left out."""
    keys = [key for key in rows[0] if any(cell(row[key]) for row in rows)]
    words = [[cell(row[key]) for key in keys] for row in rows]
    return titled(title, [keys, *words] if len(keys) > 2 else words)


def cell(value: Any) -> str:
    """A value as one word of a table."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {cell(inner)}' for key, inner in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(cell, value))}]"
    return "" if value is None else setting(value)


def model(checked: Checked, *, bind: bool) -> str:
    """A model: what it computes, of what, and at what cost. bind: try the kernels of this machine (imports torch)."""
    from blockrec.graph.facts import facts
    from blockrec.graph.facts_text import facts_text
    from blockrec.graph.kernels import choices
    from blockrec.graph.size import size

    known = facts(checked)
    graph = checked.graph
    heads = [f"model {graph.name}: {size(graph)}", graph.doc]
    rows = [("features", features(checked)), ("returns", ", ".join(sink.key for sink in graph.sinks))]
    asked = [] if bind else [("kernels", line) for line in _asked(known)]
    facts_of = facts_text(known, choices(known.kernels) if bind else ())
    lines = [facts_of, *(f"{title:<11}{text}" for title, text in [*asked, *rows])]
    return "\n\n".join(filter(None, [*heads, "\n".join(lines), "\n".join(nodes(checked))]))


def features(checked: Checked) -> str:
    """Those that the model reads."""
    used = checked.graph.used_features()
    return ", ".join(name for name in used if name in checked.graph.features)


def nodes(checked: Checked) -> list[str]:
    """A line a node with its parameters and its work."""
    from blockrec.graph.written import written_nodes

    found = written_nodes(checked.graph).values()
    total = sum(n.flops or 0 for n in found) or 1
    head = ("node", "block", "params", "FLOPs", "share", "bytes")
    rows = [
        (n.name, n.block, _number(n.parameters), _number(n.flops), f"{(n.flops or 0) / total:.1%}", _number(n.bytes))
        for n in found
    ]
    return columns([head, *rows], right=(2, 3, 4, 5))


def _number(count: int | None) -> str:
    return "?" if count is None else human(count)


def _asked(facts: Facts) -> Iterator[str]:
    """Which nodes ask for which kernel, without trying whether they get it."""
    found: dict[str, list[str]] = {}
    for request in facts.kernels:
        found.setdefault(request.kernel, []).append(f"{request.node} ({', '.join(request.ops)})")
    for kernel, names in found.items():
        yield f"{kernel}: {', '.join(names)}; -v says what they get here"
