"""The one merge rule: JSON merge patch (RFC 7386) on values with positions, and one addition for nodes.

A patch that sets `block` replaces the node and keeps only `in`: parameters of the old block would be wrong for the new.
"""

from __future__ import annotations

from blockrec.language.values import Map

Path = tuple[str, ...]


def merge(base: Map, patch: Map, path: Path = ()) -> Map:
    """`base` changed by `patch`: maps merge by key, null deletes, everything else replaces."""
    entries, deleted = base.entries(), dict(base.deleted)
    for key, (key_at, value, at) in patch.entries().items():
        old = base.get(key)
        deleted.pop(key, None)
        if value is None:
            entries.pop(key, None)
            deleted[key] = key_at
        elif not isinstance(value, Map):
            entries[key] = (entries[key][0] if key in entries else key_at, value, at)
        elif is_node((*path, key)) and "block" in value:
            entries[key] = (key_at, _replaced(old, value), at)
        elif isinstance(old, Map):
            entries[key] = (entries[key][0], merge(old, value, (*path, key)), base.at[key])
        else:
            entries[key] = (key_at, merge(Map(value.span), value, (*path, key)), at)
    return Map(base.span, entries, deleted)


def lay_over(card: Map, file: Map, path: Path = ()) -> Map:
    """A file over its dataset card or its libraries: the same rule, but nulls with nothing to delete stay its values.

    A key that both have counts as the file's.
    """
    entries, deleted = card.entries(), dict(card.deleted)
    for key, (key_at, value, at) in file.entries().items():
        old = card.get(key)
        if value is None and key in card:
            del entries[key]
            deleted[key] = key_at
        elif isinstance(value, Map) and is_node((*path, key)) and "block" in value:
            entries[key] = (key_at, _replaced(old, value), at)
        elif isinstance(value, Map) and isinstance(old, Map):
            entries[key] = (key_at, lay_over(old, value, (*path, key)), at)
        else:
            entries[key] = (key_at, value, at)
    return Map(file.span, entries, {**deleted, **file.deleted})


def is_node(path: Path) -> bool:
    """Whether a node, or a loss with parameters, stands at this path of a document."""
    match path:
        case ("graph" | "losses", _) | ("blocks", _, "graph", _) | ("tasks", _, "loss"):
            return True
    return False


def _replaced(old: object, new: Map) -> Map:
    kept = {"in": old.entries()["in"]} if isinstance(old, Map) and "in" in old and "in" not in new else {}
    head = {"block": new.entries()["block"]}
    return Map(new.span, {**head, **kept, **new.entries()})
