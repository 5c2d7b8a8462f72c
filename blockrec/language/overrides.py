"""What a patch may change: keys that exist, or that the schema knows at that place (E110 otherwise)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from blockrec.diagnostics import Diagnostics, Source, Span, did_you_mean
from blockrec.language.expressions import mentioned
from blockrec.language.merge import is_node
from blockrec.language.places import belongs
from blockrec.language.renamed import explain_word
from blockrec.language.source import read_value
from blockrec.language.values import Map
from blockrec.language.words import dotted

Path = tuple[str, ...]
FIXED = {
    "blockrec": "the language version belongs to the file",
    "dataset": "use `--data CARD`",
    "extends": "it belongs to the file",
    "variants": "use `--variant NAME`",
}


def check_patch(base: Map, patch: Map, schema: Mapping[str, Any], report: Diagnostics) -> Map:
    """`patch` without the keys that it cannot change, each of which is reported."""
    return _Check(report, mentioned(patch)).part(base, patch, schema, ())


def read_override(argument: str, report: Diagnostics) -> Map | None:
    """`graph.head.hidden=[3]` as a patch, with places in the argument."""
    source = Source("--set", argument)
    path, equals, _ = argument.partition("=")
    names = path.split(".")
    if not equals or not all(map(str.strip, names)):
        at = Span(source, 0, 0, max(1, len(argument)))
        report.error("E101", f"`{argument}` is not an override", at, help="write `--set path.to.key=value`")
        return None
    read = read_value(source, report, start=len(path) + 1)
    return None if read is None else _nested(source, names, *read)


def _nested(source: Source, names: Sequence[str], value: Any, at: Span) -> Map:
    """`value` inside one mapping for each of `names`."""
    for depth in reversed(range(len(names))):
        start = sum(len(name) + 1 for name in names[:depth])
        key_at = Span(source, 0, start, len(names[depth]))
        value, at = Map(key_at, {names[depth]: (key_at, value, at)}), key_at
    patch: Map = value
    return patch


def child(schema: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The schema of the value under `key`; empty if anything may stand there."""
    further = schema.get("additionalProperties", {})
    found = schema.get("properties", {}).get(key, further)
    return found if isinstance(found, Mapping) else {}


class _Check:
    """mentioned: names that the patch's own expressions use; it may add those parameters."""

    def __init__(self, report: Diagnostics, mentioned: set[str]) -> None:
        self.report, self.mentioned = report, mentioned

    def part(self, base: Map, patch: Map, schema: Mapping[str, Any], path: Path) -> Map:
        """The legal part of what `patch` does to `base`, both found at `path`."""
        entries = {}
        for key, (key_at, value, at) in patch.entries().items():
            here = (*path, key)
            if not self._is_legal(base, key, value, key_at, schema, here):
                continue
            if isinstance(value, Map) and not (is_node(here) and "block" in value):
                old = base.get(key)
                value = self.part(old if isinstance(old, Map) else Map(at), value, child(schema, key), here)
            entries[key] = (key_at, value, at)
        return Map(patch.span, entries)

    def _is_legal(self, base: Map, key: str, value: Any, at: Span, schema: Mapping[str, Any], here: Path) -> bool:
        properties = schema.get("properties", {})
        if len(here) == 1 and key in FIXED:
            return self._refuse(f"`{key}` cannot be overridden", at, FIXED[key])
        if key in base:
            return self._is_no_index(base[key], value, here)
        if value is None:
            help = did_you_mean(key, base, _listed(base))
            return self._refuse(f"there is no `{dotted(here)}` to delete", at, help)
        if key in properties or self._may_add(key, value, schema):
            return True
        new = child(schema, key).get("x-new")
        listed = belongs(key) or _listed([*base, *properties])
        otherwise = f"a new one needs `{new[0]}`" if new else listed
        help = explain_word(key, [*base, *properties], otherwise)
        return self._refuse(f"there is no `{dotted(here)}` to override", at, help)

    def _may_add(self, key: str, value: Any, schema: Mapping[str, Any]) -> bool:
        if schema.get("additionalProperties", True) is False:
            return False
        needs = child(schema, key).get("x-new")
        return needs is None or key in self.mentioned or (isinstance(value, Map) and any(k in value for k in needs))

    def _is_no_index(self, old: Any, new: Any, here: Path) -> bool:
        """`hidden.0=3` would replace a list by a mapping."""
        if isinstance(new, Map) and new and not isinstance(old, Map) and all(key.isdigit() for key in new):
            at = next(iter(new.keys_at.values()))
            return self._refuse(f"`{dotted(here)}` can only be replaced as a whole", at, f"{dotted(here)}=[...]")
        return True

    def _refuse(self, message: str, at: Span, help: str) -> bool:
        self.report.error("E110", message, at, help=help)
        return False


def _listed(names: Iterable[str]) -> str:
    """Help for a name that resembles none."""
    known = list(names)
    return f"known here: {', '.join(known[:20])}" if known else ""
