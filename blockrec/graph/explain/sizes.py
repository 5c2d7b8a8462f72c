"""Why values have their sizes, as rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blockrec.graph.derive import Place, Term
from blockrec.graph.explain.page import Known, Row
from blockrec.graph.written import Written


def sizes(known: Known, found: Written) -> Iterator[Row]:
    """Of a node: of the lists that its ports take as one value, then of its outputs."""
    shown: dict[Place, str] = {}
    made = {part.name for part in found.parts if part.role != "lookup"}
    for port, edges in found.node.inputs.items():
        if len(edges) == 1 and edges[0].source in made:
            yield from axes(known, Place(edges[0].source, edges[0].output, 0), port, shown)
    for output in found.outputs:
        yield from axes(known, Place(found.name, output, 0), output, shown)


def axes(known: Known, value: Place, name: str, shown: dict[Place, str]) -> Iterator[Row]:
    """Each axis of a value but that of the samples: what it is the sum of, and where each summand is written.

    times: how often the same summand occurs in the sum; its `size` is that of all of them.
    shown: origins that have rows already, with the name of the axis; those of this value are added.
    """
    for axis, size in enumerate(known.types[value.name, value.output].axes):
        if size != "b":
            yield from _axis(known, value._replace(axis=axis), f"{name}[{axis}]", shown)


def _axis(known: Known, place: Place, name: str, shown: dict[Place, str]) -> Iterator[Row]:
    first, *more = _summands(known, known.derivation.terms(place))
    origin, _ = known.derivation.origin(place)
    seen = shown.setdefault(origin, name)
    head = {"axis": name, "size": known.derivation.size(place)}
    if seen != name:
        yield {**head, "from": f"= {seen}", "why": "", "times": "", "at": ""}
    elif not more:
        yield {**head, "from": _subject(first), "why": first["why"], "times": "", "at": first["at"]}
    else:
        yield {**head, "from": _sum_of(known, place), "why": "", "times": "", "at": ""}
        yield from ({"axis": "", **summand} for summand in (first, *more))


def _summands(known: Known, terms: list[Term]) -> list[dict[str, Any]]:
    """Equal terms together."""
    alike: dict[tuple[str, str, str], list[Term]] = {}
    for term in terms:
        alike.setdefault((term.name, _why(term, known), known.provenance.of(term.step.at)), []).append(term)
    return [
        {
            "size": found[0].size if len(found) == 1 else sum(int(t.size) for t in found),
            "from": name,
            "why": why,
            "times": f"{len(found)} times" if len(found) > 1 else "",
            "at": at,
        }
        for (name, why, at), found in alike.items()
    ]


def _subject(summand: Row) -> str:
    return f"= {summand['size']} of {summand['from']}" if summand["times"] else f"= {summand['from']}"


def _sum_of(known: Known, place: Place) -> str:
    """The sum that one reads in the file, which may be shorter than that of all terms."""
    _, why = known.derivation.origin(place)
    return "= " + " + ".join(f"{_source(known, part)} {known.derivation.size(part)}" for part in why.parts)


def _source(known: Known, place: Place) -> str:
    node = known.checked.whole.nodes.get(place.name)
    name = node.params["feature"] if node is not None and node.role == "lookup" and "/" in node.name else place.name
    return name if place.output == "out" else f"{name}.{place.output}"


def _why(term: Term, known: Known) -> str:
    step = term.step
    if step.kind == "parameter":
        owner = term.place.name.partition("/")[0]
        return f"`{step.rule}` of `{owner}`{', its default' if step.default else ''}"
    if step.kind == "feature":
        return f"`{step.rule}` of the feature" if step.rule else "as it is declared"
    if step.kind == "computed":
        parts = ", ".join(f"{_source(known, part)} {known.derivation.size(part)}" for part in step.parts)
        return f"{step.rule or 'found by the block itself'}{f', of {parts}' if parts else ''}"
    return "as the block declares it" if step.kind == "block" else f"{step.kind}"
