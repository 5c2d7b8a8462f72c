"""Pages of nodes, of their parts, and of composites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blockrec.graph.derive import Place
from blockrec.graph.explain.page import Known, Page, Row
from blockrec.graph.explain.settings import legal
from blockrec.graph.explain.sizes import axes, sizes
from blockrec.graph.facts import facts
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
        "sizes": [*sizes(known, found)],
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
        rows = [*axes(known, Place(head, tail, 0), tail, {})]
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


def _written(known: Known, found: Written) -> list[Row]:
    node = found.node
    row: dict[str, Any] = {"block": found.block, "at": known.provenance.of(node.span)}
    if node.used_at:
        row["used at"] = ", ".join(known.provenance.of(at) for at in node.used_at)
    if node.kernel:
        row["kernel"] = node.kernel
    if node.name in known.checked.graph.nodes and (fused := known.checked.graph.nodes[node.name].fused):
        row["reads in place"] = f"rows of tables for {', '.join(fused)}"
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
