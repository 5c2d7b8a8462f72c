"""Which features a file only declares: nothing else in it writes their names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from blockrec.language.values import Map

_PROSE = ("doc", "how_to_get", "licence")


def unmentioned_features(root: Map) -> set[str]:
    """Features and sequences whose name stands only where they, or others that nothing mentions, are declared."""
    features = root.section("features")
    words = set(_words(root.without("features"))) | set(root.section("data").section("history"))
    open_ = [name for name in features if name in words]
    mentioned = set(open_)
    while open_:
        spec = features[open_.pop()]
        more = [name for name in _words(spec) if name in features and name not in mentioned]
        mentioned.update(more)
        open_ += more
    return set(features) - mentioned


def teaching(features: Map, unmentioned: set[str]) -> set[str]:
    """Of the unmentioned features those that name one with `vocab: auto`: `like: item` adds to what `item` learns."""
    learning = {name for name, spec in features.items() if isinstance(spec, Map) and spec.get("vocab") == "auto"}
    return {name for name in unmentioned if learning & {*_words(features[name])} - unmentioned}


def _words(value: object) -> Iterator[str]:
    """The words of all texts in `value` that are not meant for people; keys do not count."""
    if isinstance(value, Map):
        for key, inner in value.items():
            if key not in _PROSE:
                yield from _words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner)
    elif isinstance(value, str):
        yield from re.findall(r"\w+", value)
