"""Where the two sizes of a mismatch were written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from blockrec.diagnostics import Span
from blockrec.graph.derive import Derivation, Place, Term, axis_of
from blockrec.graph.ir import Edge, Node
from blockrec.signature import LEADING, Bound, Mismatch, Port

SHOWN = 4
"""Places of one sum."""
Note = tuple[Span, str]


def blame(
    derivation: Derivation, node: Node, port: Port, edge: Edge, wrong: Mismatch, known: Bound | None
) -> list[Note]:
    """Notes for the size that an axis had before, and for that of the value that does not fit.

    For a value of the wrong kind: where the sequence was written, if it is one.
    """
    if node.signature is None:
        return []
    if wrong.code == "E315":
        return [*_of_sequence(derivation, edge, port)]
    notes: list[Note] = []
    if known is not None and (first := node.signature.port(known.port)):
        bound = next(e for e in node.inputs[known.port] if e.span == known.by)
        axis = wrong.limit or wrong.axis
        notes += _notes(derivation, bound, first, axis, f"`{axis}` = ")
    notes += _notes(derivation, edge, port, wrong.axis, "")
    return [*dict.fromkeys(notes)]


def _of_sequence(derivation: Derivation, edge: Edge, port: Port) -> Iterator[Note]:
    given = derivation.types[edge.source, edge.output]
    if given.jagged and not (port.jagged or port.rowwise):
        origin, _ = derivation.origin(Place(edge.source, edge.output, 1))
        yield derivation.written(origin.name), f"the sequence `{given.axes[1]}` comes from here"


def _notes(derivation: Derivation, edge: Edge, port: Port, axis: str, subject: str) -> Iterator[Note]:
    place = _place(derivation, edge, port, axis)
    if place is None:
        return
    if derivation.size(place) == "b":
        yield derivation.written(edge.source), "one row a sample comes from here"
        return
    found = derivation.terms(place)
    size = f"{subject}{derivation.size(place)}" if axis != LEADING else f"`{derivation.size(place)}`"
    places: Mapping[Span, None] = dict.fromkeys(term.step.at for term in found)
    if len(found) == 1:
        yield found[0].step.at, f"{size} comes from here"
    elif len(places) == 1:
        yield found[0].step.at, f"{size} = {sum_of(found)}"
    else:
        origin, _ = derivation.origin(place)
        yield derivation.written(origin.name), f"{size} = {sum_of(found)}"
        for at in [*places][:SHOWN]:
            yield at, f"{sum_of([term for term in found if term.step.at == at])}"


def _place(derivation: Derivation, edge: Edge, port: Port, axis: str) -> Place | None:
    """The axis that disagrees; of rows the sequence that they are steps of; else the width, if it is a number."""
    given = derivation.types[edge.source, edge.output]
    if axis == LEADING:
        leading = len(given.axes) - (len(port.dims) - 1)
        return Place(edge.source, edge.output, leading - 1) if leading > 0 else None
    index = axis_of(port, axis, given) if axis else None
    return derivation.width(edge.source, edge.output) if index is None else Place(edge.source, edge.output, index)


def sum_of(terms: list[Term]) -> str:
    """`item 64 + category 32`."""
    return " + ".join(f"{term.name} {term.size}" for term in terms)
