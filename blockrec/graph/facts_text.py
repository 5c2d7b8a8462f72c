"""Facts as a few lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from blockrec.graph.facts import Facts, TableFacts
from blockrec.graph.kernels import Choice
from blockrec.words import human, work

MOST = 5
"""Nodes named for their work."""


def facts_text(facts: Facts, kernels: Iterable[Choice] = ()) -> str:
    """One line a fact, its title first; kernels: what `graph.kernels.choices` found."""
    lines: list[str] = []
    last = ""
    for title, text in _lines(facts, kernels):
        lines.append(f"{'' if title == last else title:<11}{text}")
        last = title
    return "\n".join(lines)


def _lines(facts: Facts, kernels: Iterable[Choice]) -> Iterator[tuple[str, str]]:
    yield "work", _total(facts)
    yield from (("", line) for line in _heaviest(facts))
    yield from (("tables", _table(table)) for table in facts.tables)
    for feature, tables in facts.several_tables.items():
        yield "duplicates", f"`{feature}` has {len(tables)} tables: {', '.join(tables)}"
    for lookup in facts.shared:
        yield "shared", f"{', '.join(lookup.nodes)} read `{lookup.feature}` of `{lookup.table}` once"
    if facts.fused:
        yield "fused", _fused(facts)
    for name, why in facts.pruned.items():
        yield "pruned", f"{name}: {why}"
    for idle in facts.idle:
        names = f" ({', '.join(idle.parameters)})" if idle.parameters and not idle.whole else ""
        yield "idle", f"{idle.node}: no task or loss reaches {human(idle.count)} parameters{names}"
    yield from (("kernels", line) for line in kernel_lines(kernels))


def _total(facts: Facts) -> str:
    lengths = ", ".join(f"{name} of {steps} steps" for name, steps in facts.lengths.items())
    total = f"{work(facts.flops)} and {human(facts.bytes)}B written a sample{f', {lengths}' if lengths else ''}"
    return f"{total}, without {', '.join(facts.unknown)}" if facts.unknown else total


def _heaviest(facts: Facts) -> Iterator[str]:
    first = sorted((n for n in facts.nodes if n.flops), key=lambda n: -(n.flops or 0))[:MOST]
    if first:
        yield "most in " + ", ".join(f"{n.name} {(n.flops or 0) / facts.flops:.0%}" for n in first)


def _fused(facts: Facts) -> str:
    nodes = ", ".join(f"{node} ({', '.join(ports)})" for node, ports in facts.fused.items())
    return f"{nodes} read tables in place: {human(facts.unwritten)}B a sample are not written"


def _table(table: TableFacts) -> str:
    rows = "rows of the data" if table.rows is None else f"{table.rows:,} rows"
    return f"{table.table}.{table.feature}: {rows} of {table.dim}, read by {', '.join(table.nodes)}"


def kernel_lines(kernels: Iterable[Choice]) -> Iterator[str]:
    """Ops with one answer together: `cpu: head segment_sum, … (auto; triton: it serves cuda tensors, …)`."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for c in kernels:
        found.setdefault((c.bound, c.asked, c.why), []).append(f"{c.node} {c.op}")
    for (bound, asked, why), ops in found.items():
        yield f"{bound or f'no {asked}'}: {', '.join(ops)} ({asked}{f'; {why}' if why != 'asked for' else ''})"
