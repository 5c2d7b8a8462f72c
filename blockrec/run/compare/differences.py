"""Which settings of several models differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blockrec.language.words import dotted


class Missing:
    """A setting that a model does not have."""

    def __repr__(self) -> str:
        return "–"


MISSING = Missing()


def differences(settings: Sequence[Any], path: tuple[str, ...] = ()) -> dict[str, list[Any]]:
    """Path → the value of each model, for what is not the same in all; a part that one of them lacks is one value.

    >>> differences([{"k": 1, "node": {"a": 1}}, {"k": 1, "node": {"a": 2, "b": 3}}])
    {'node.a': [1, 2], 'node.b': [–, 3]}
    """
    if all(value == settings[0] for value in settings):
        return {}
    if not all(isinstance(value, Mapping) for value in settings):
        return {dotted(path): list(settings)}
    keys = dict.fromkeys(key for value in settings for key in value)
    found: dict[str, list[Any]] = {}
    for key in keys:
        found |= differences([value.get(key, MISSING) for value in settings], (*path, key))
    return found
