"""Pages of nodes, of their parts, and of composites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blockrec.graph.derive import Place, Term
from blockrec.graph.explain.page import Known, Page, Row
from blockrec.graph.explain.settings import legal
from blockrec.graph.facts import facts
from blockrec.graph.ir import Node
from blockrec.graph.written import Written
from blockrec.language.values import Map
from blockrec.signature import Signature, Type


def node(known: Known, name: str) -> Iterator[Page]:
    """A node: what it reads and gives, and why its values have their sizes."""
    if name not in known.written:
        return
    found = known.written[name]
    signature = _signature(known, found)
    sections: dict[str, list[Row]] = {
        "written": _written(known, found),
        "inputs": [*_inputs(known, found)],
        "parameters": [_parameter(known, found, key, signature) for key in found.params],
        "outputs": [*_outputs(found)],
        "sizes": [row for output, type in found.outputs.items() for row in sizes(known, found.node, output, type)],
        "used by": [{"name": reader} for reader in known.readers(name)],
        "work": [{"parameters": found.parameters, "flops": found.flops, "bytes": found.bytes}],
    }
    summary = signature.doc.partition("\n")[0] if signature else ""
    yield Page("node", name, found.node.doc or summary, sections)


def part(known: Known, name: str) -> Iterator[Page]:
    """`search.k`: a parameter; `search.weights`: an output; `score.keys`: an input."""
    head, _, tail = name.rpartition(".")
    if head not in known.written:
        return
    found = known.written[head]
    signature = _signature(known, found)
    if tail in found.params:
        schema = (signature.schema.get("properties", {}) if signature else {}).get(tail, {})
        row = _parameter(known, found, tail, signature)
        sections: dict[str, list[Row]] = {"value": [row], "legal": legal(schema)}
        yield Page("parameter of a node", name, schema.get("description", ""), sections)
    if tail in found.outputs:
        type = found.outputs[tail]
        rows = [*sizes(known, found.node, tail, type)]
        yield Page("output of a node", name, "", {"type": [_type(tail, type)], "sizes": rows})
    if tail in found.inputs:
        yield Page("input of a node", name, "", {"inputs": [r for r in _inputs(known, found) if r["input"] == tail]})


def group(known: Known, name: str) -> Iterator[Page]:
    """A use of a composite, a family of `each`, a chain of `repeat`."""
    if name not in known.groups:
        return
    members = [known.written[member] for member in known.groups[name]]
    raw = known.document.root.section("graph").get(name)
    written = [*_raw(known, raw)] if isinstance(raw, Map) else []
    inside = {member.name for member in members}
    readers = [r for m in members for r in known.readers(m.name) if r not in inside]
    sections: dict[str, list[Row]] = {
        "written": written,
        "nodes": [
            {"name": m.name, "block": m.block, "gives": ", ".join(map(str, m.outputs.values()))} for m in members
        ],
        "used by": [{"name": reader} for reader in dict.fromkeys(readers)],
        "work": [{key: _sum(members, key) for key in ("parameters", "flops", "bytes")}],
    }
    doc = str(raw.get("doc", "")) if isinstance(raw, Map) else ""
    yield Page("nodes", name, doc, sections)


def composite(known: Known, name: str) -> Iterator[Page]:
    """A block that the file, or a library, is made of."""
    found = known.checked.library.composites.get(name)
    if found is None:
        return
    root = known.document.root
    graphs = {"": root.section("graph")} | {f"{b}.": root["blocks"][b].section("graph") for b in root.section("blocks")}
    users = [prefix + key for prefix, nodes in graphs.items() for key, raw in nodes.items() if _block(raw) == name]
    sections: dict[str, list[Row]] = {
        "written": [{"at": known.provenance.of(found.span)}],
        "inputs": [{"input": port, "kind": kind} for port, kind in found.ports.items()],
        "parameters": [{"parameter": key, "default": value} for key, value in found.params.items()],
        "nodes": [{"name": key, "block": _block(raw)} for key, raw in found.graph.items()],
        "outputs": [{"output": key, "value": value} for key, (value, _) in found.outputs.items()],
        "used by": [{"name": user} for user in users],
    }
    raw = known.document.root.section("blocks").section(name)
    yield Page("composite", name, str(raw.get("doc", "")), sections)


def sizes(known: Known, node: Node, output: str, type: Type) -> Iterator[Row]:
    """Each axis but that of the samples: what it is the sum of, and where each summand is written.

    times: how often the same summand occurs in the sum; its `size` is that of all of them.
    """
    for axis, size in enumerate(type.axes):
        if size != "b":
            place = Place(node.name, output, axis)
            first, *more = _summands(known, known.derivation.terms(place))
            head = {"axis": f"{output}[{axis}]", "size": size}
            if not more:
                yield {**head, "from": _subject(first), "why": first["why"], "times": "", "at": first["at"]}
                continue
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


def _written(known: Known, found: Written) -> list[Row]:
    node = found.node
    row: dict[str, Any] = {"block": found.block, "at": known.provenance.of(node.span)}
    if node.used_at:
        row["used at"] = ", ".join(known.provenance.of(at) for at in node.used_at)
    if node.kernel:
        row["kernel"] = node.kernel
    if node.shares:
        row["weights"] = f"of {node.shares}"
    if why := facts(known.checked).pruned.get(found.name):
        row["left out"] = why
    return [{"what": key, "value": value} for key, value in row.items()]


def _inputs(known: Known, found: Written) -> Iterator[Row]:
    for port, values in found.inputs.items():
        for value in values:
            name, output = (value, "out") if (value, "out") in known.types else value.rpartition(".")[::2]
            type = known.types.get((name, output))
            yield {"input": port, "value": value, "dtype": type.dtype if type else "?", "type": str(type or "?")}


def _outputs(found: Written) -> Iterator[Row]:
    return (_type(name, type) for name, type in found.outputs.items())


def _type(name: str, type: Type) -> Row:
    return {"output": name, "dtype": type.dtype, "type": str(type), "form": "sequence" if type.jagged else ""}


def _parameter(known: Known, found: Written, key: str, signature: Signature | None) -> Row:
    places = found.node.params_at or {}
    at = places.get(key)
    text = at.text if at is not None and at.text.startswith("$") else ""
    default = signature.defaults.get(key) if signature else None
    origin = known.provenance.of(at) if at is not None else _origin_of_default(known, found, key)
    return {"parameter": key, "value": found.params[key], "origin": origin, "written": text, "default": default}


def _origin_of_default(known: Known, found: Written, key: str) -> str:
    dims = [known.checked.whole.features[lookup.params["feature"]] for lookup in found.lookups]
    if key == "dim" and dims:
        return ", ".join(dict.fromkeys(f"feature `{f.name}`, {known.provenance.of(f.span)}" for f in dims))
    return "default"


def _signature(known: Known, found: Written) -> Signature | None:
    return known.checked.library.signature(found.block) or found.node.signature


def _raw(known: Known, raw: Map) -> Iterator[Row]:
    for key, value in raw.items():
        if key != "doc":
            yield {"what": key, "value": value, "origin": known.provenance.of(raw.at[key])}


def _block(raw: object) -> str:
    return str(raw.get("block", "")) if isinstance(raw, Mapping) else ""


def _sum(members: list[Written], key: str) -> int | None:
    numbers = [getattr(member, key) for member in members]
    return None if None in numbers else sum(numbers)
