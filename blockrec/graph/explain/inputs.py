"""Pages of features, sequences, labels and tables."""

from __future__ import annotations

from collections.abc import Iterator

from blockrec.graph.explain.page import Known, Page, Row
from blockrec.language.features import Calendar, Column, Constant, Feature, Position


def feature(known: Known, name: str) -> Iterator[Page]:
    """A feature or a field of a sequence."""
    found = known.document.features.features.get(name)
    if found is None:
        return
    sections: dict[str, list[Row]] = {
        "written": [*_keys(known, name)],
        "feature": [{"what": key, "value": value} for key, value in _described(known, found).items()],
        "tables": [*_tables(known, found.root)],
        "used by": [{"name": reader} for reader in known.readers(name)],
    }
    yield Page("feature", name, "", sections)


def sequence(known: Known, name: str) -> Iterator[Page]:
    """A sequence: its fields and its longest length."""
    found = known.document.features.sequences.get(name)
    if found is None:
        return
    fields = [known.document.features.features[f"{name}.{field}"] for field in found.fields]
    sections: dict[str, list[Row]] = {
        "written": [{"what": "at", "value": known.provenance.of(found.span)}],
        "fields": [{"name": f.name, **{k: _described(known, f)[k] for k in ("kind", "source")}} for f in fields],
        "lengths": [{"max_len": found.max_len, "keep": found.keep}],
        "used by": [{"name": r} for r in dict.fromkeys(r for f in fields for r in known.readers(f.name))],
    }
    yield Page("sequence", name, "", sections)


def label(known: Known, name: str) -> Iterator[Page]:
    """A label: how it is made of its column."""
    found = known.document.features.labels.get(name)
    if found is None:
        return
    made = {"column": found.column, "type": found.type, "at_least": found.at_least, "bit": found.bit}
    rows = {**made, "classes": found.classes, "sequence": found.sequence, "at": known.provenance.of(found.span)}
    sections: dict[str, list[Row]] = {
        "label": [{"what": key, "value": value} for key, value in rows.items() if value is not None],
        "used by": [{"name": reader} for reader in known.readers(name)],
    }
    yield Page("label", name, "", sections)


def table(known: Known, name: str) -> Iterator[Page]:
    """`main.item`, or all tables `main`."""
    for (table, root), readers in known.tables.items():
        if name in (table, f"{table}.{root}"):
            rows = [row for row in _tables(known, root) if row["table"] == table]
            sections: dict[str, list[Row]] = {"table": rows, "used by": [{"name": reader} for reader in readers]}
            yield Page("table", f"{table}.{root}", "", sections)


def _tables(known: Known, root: str) -> Iterator[Row]:
    dims = known.checked.whole.tables()
    for (table, owner), readers in known.tables.items():
        if owner == root:
            rows = known.document.features.features[root].vocab
            yield {"table": table, "rows": rows, "dim": dims[table, owner], "read by": ", ".join(readers)}


def _described(known: Known, found: Feature) -> dict[str, object]:
    described: dict[str, object] = {
        "kind": found.kind,
        "source": _source(found),
        "type": str(known.types[found.name, "out"]),
        "rows": found.vocab if found.kind == "id" else None,
        "table of": found.root if found.kind == "id" and found.root != found.name else None,
        "dim": found.dim,
        "pool": found.pool,
        "norm": found.norm,
    }
    return {key: value for key, value in described.items() if value is not None}


def _source(found: Feature) -> str:
    match found.source:
        case Column(name, default):
            return f"column `{name}`{f', null is {default}' if default is not None else ''}"
        case Constant(value):
            return f"always {value}"
        case Position(direction):
            return f"place of the step, {direction.replace('_', ' ')}"
        case Calendar(part):
            return f"calendar, {part}"


def _keys(known: Known, name: str) -> Iterator[Row]:
    """The keys of the feature as they are written, with their origins."""
    raw = known.document.root.section("features")
    path = name.split(".")
    for key in path[:1] + [word for field in path[1:] for word in ("fields", field)]:
        raw = raw.section(key)
    for key, value in raw.items():
        yield {"key": key, "value": value, "origin": known.provenance.of(raw.at[key])}
