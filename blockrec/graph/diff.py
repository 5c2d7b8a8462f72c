"""What makes two models different: nodes, values, tables, settings and sizes; not names of files, docs or order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from blockrec.graph.compile import Checked
from blockrec.graph.ir import Graph, Sink
from blockrec.graph.size import counts
from blockrec.graph.written import Written, reference, written_nodes
from blockrec.language.defaults import SETTINGS, flattened, with_defaults
from blockrec.language.features import Feature, Label, Sequence
from blockrec.signature import Type

Described = Mapping[str, Any]
"""Aspect → value."""
Kind = Literal["added", "removed", "changed", "renamed"]
NAMELESS = ("name", "span")


@dataclass(frozen=True)
class Aspect:
    """One aspect of a thing in the first and in the second model; None where the thing, or the aspect, is not there."""

    name: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Change:
    """One thing that is not the same in both models.

    section: `nodes`, `returns`, `features`, `sequences`, `labels`, `tables`, `settings` or `totals`.
    name: in the first model, unless it is only in the second. renamed: its name in the second, if that is another one.
    """

    section: str
    name: str
    kind: Kind
    aspects: tuple[Aspect, ...]
    renamed: str | None = None

    def mirrored(self) -> Change:
        """The same change seen from the second model."""
        kind: Kind = {"added": "removed", "removed": "added"}.get(self.kind, self.kind)  # type: ignore[assignment]
        aspects = tuple(Aspect(a.name, a.new, a.old) for a in self.aspects)
        name, renamed = (self.renamed, self.name) if self.renamed else (self.name, None)
        return Change(self.section, name, kind, aspects, renamed)

    def to_json(self) -> dict[str, Any]:
        """Plain data for JSON."""
        aspects = [{"name": a.name, "old": a.old, "new": a.new} for a in self.aspects]
        return {**vars(self), "aspects": aspects}


@dataclass(frozen=True)
class Diff:
    """All changes, by section."""

    changes: tuple[Change, ...]

    @property
    def same(self) -> bool:
        return not self.changes

    def mirrored(self) -> Diff:
        """The difference from the second model to the first."""
        return Diff(tuple(change.mirrored() for change in self.changes))

    def to_json(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"same": self.same, "changes": [change.to_json() for change in self.changes]}


def diff(old: Checked, new: Checked) -> Diff:
    """What changes from `old` to `new`. A node of another name that is alike counts as renamed."""
    before, after = written_nodes(old.graph), written_nodes(new.graph)
    names = renamed(before, after)
    own, one, two = _described(old, before, {}), _described(old, before, names), _described(new, after, {})
    return Diff(tuple(c for s in one for c in _changes(s, one[s], two[s], own[s], names)))


def renamed(old: Mapping[str, Written], new: Mapping[str, Written]) -> dict[str, str]:
    """Old name → new name of nodes with the same block, parameters and inputs, which no other node has."""
    numbers: dict[str, int] = {}
    gone, come = _alike(old, new, numbers), _alike(new, old, numbers)
    alone = {number: name for name, number in _only(come).items()}
    names: dict[str, str] = {}
    for name, number in _only(gone).items():
        if number in alone and all(s in names for s in old[name].sources if s in gone):
            names[name] = alone[number]
    return names


def _alike(nodes: Mapping[str, Written], others: Mapping[str, Written], numbers: dict[str, int]) -> dict[str, int]:
    """A number for each node that the other model has not, the same for nodes that are alike with all above them."""
    found: dict[str, int] = {}
    names: dict[str, str] = {}
    for name, node in nodes.items():
        if name not in others:
            likeness = repr((node.block, _parameters(node), _inputs(node, names)))
            found[name] = numbers.setdefault(likeness, len(numbers))
            names[name] = f"#{found[name]}"
    return found


def _only(numbers: Mapping[str, int]) -> dict[str, int]:
    """Without the numbers that several have."""
    counts = Counter(numbers.values())
    return {name: number for name, number in numbers.items() if counts[number] == 1}


def _described(
    model: Checked, nodes: Mapping[str, Written], names: Mapping[str, str]
) -> dict[str, dict[str, Described]]:
    graph, features = model.graph, model.document.features
    used = graph.used_features()
    read = {name: feature for name, feature in graph.features.items() if name in used}
    sequences = {f.sequence for f in read.values() if f.sequence}
    return {
        "nodes": {name: _node(node, names) for name, node in nodes.items()},
        "returns": {sink.key: _sink(sink, names) for sink in graph.sinks},
        "features": {name: _fields(feature) for name, feature in read.items()},
        "sequences": {name: _fields(s) for name, s in features.sequences.items() if name in sequences},
        "labels": {name: _fields(label) for name, label in graph.labels.items() if name in used},
        "tables": dict(_tables(graph)),
        "settings": {path: {"value": value} for path, value in _settings(model)},
        "totals": {name: {"count": count} for name, count in counts(graph).items()},
    }


def _node(node: Written, names: Mapping[str, str]) -> Described:
    shares = node.node.shares
    return {
        "block": node.block,
        "kernel": node.node.kernel,
        "shares": names.get(shares, shares) if shares else None,
        **_parameters(node),
        **_inputs(node, names),
        **{f"gives {output}": _renamed_axes(type, names) for output, type in node.outputs.items()},
        "parameters": node.parameters,
        "flops": node.flops,
        "bytes": node.bytes,
    }


def _renamed_axes(type: Type, names: Mapping[str, str]) -> str:
    """An axis that is born in a node has its name: `search.s`."""
    return str(replace(type, axes=tuple(_mapped(a, names) if isinstance(a, str) else a for a in type.axes)))


def _parameters(node: Written) -> dict[str, Any]:
    return {f"parameter {key}": value for key, value in sorted(node.params.items())}


def _inputs(node: Written, names: Mapping[str, str]) -> dict[str, Any]:
    return {f"input {port}": [_mapped(v, names) for v in values] for port, values in sorted(node.inputs.items())}


def _mapped(value: str, names: Mapping[str, str]) -> str:
    """A value by the name that its node has in the other model."""
    if value in names:
        return names[value]
    name, dot, output = value.rpartition(".")
    return f"{names[name]}.{output}" if dot and name in names else value


def _sink(sink: Sink, names: Mapping[str, str]) -> Described:
    value = _mapped(reference(sink.edge), names)
    weight = sink.weight if sink.kind == "loss" else None
    return {
        "value": value,
        "weight": weight,
        "label": sink.label,
        "metrics": [*sink.metrics] or None,
        "warn": sink.warn,
    }


def _fields(thing: Feature | Sequence | Label) -> Described:
    return {f.name: _plain(getattr(thing, f.name)) for f in fields(thing) if f.name not in NAMELESS}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [*value]
    return value if isinstance(value, str | int | float | None) else str(value)


def _tables(graph: Graph) -> Iterator[tuple[str, Described]]:
    for (table, root), dim in graph.tables().items():
        yield f"{table}.{root}", {"rows": graph.features[root].vocab, "dim": dim}


def _settings(model: Checked) -> Iterator[tuple[str, Any]]:
    for section, schema in SETTINGS.items():
        yield from flattened(with_defaults(model.document.evaluated(section), schema), section)
    yield "kernels", model.kernels
    yield "fuse", model.document.root.get("fuse") is not False


def _changes(
    section: str,
    old: Mapping[str, Described],
    new: Mapping[str, Described],
    own: Mapping[str, Described],
    names: Mapping[str, str],
) -> Iterator[Change]:
    """Old things are compared as the new model would call their inputs, and shown in their own words."""
    names = names if section == "nodes" else {}
    known = {*names.values()}
    for name, described in old.items():
        other = names.get(name, name)
        aspects = tuple(_aspects(described, new.get(other, {}), own[name]))
        if other not in new:
            yield Change(section, name, "removed", aspects)
        elif other != name:
            yield Change(section, name, "renamed", aspects, other)
        elif aspects:
            yield Change(section, name, "changed", aspects)
    for name, described in new.items():
        if name not in old and name not in known:
            yield Change(section, name, "added", tuple(_aspects({}, described, {})))


def _aspects(old: Described, new: Described, own: Described) -> Iterator[Aspect]:
    for key in dict.fromkeys([*old, *new]):
        if old.get(key) != new.get(key):
            yield Aspect(key, own.get(key), new.get(key))
