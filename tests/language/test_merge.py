"""RFC 7386 on values with positions, the rule for nodes, and a file over its card."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.diagnostics import Diagnostics, Source
from blockrec.language.merge import is_node, lay_over, merge
from blockrec.language.source import read_map
from blockrec.language.values import Map

RFC_7386 = [
    ('{"a":"b"}', '{"a":"c"}', '{"a":"c"}'),
    ('{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'),
    ('{"a":"b"}', '{"a":null}', "{}"),
    ('{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'),
    ('{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'),
    ('{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'),
    ('{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'),
    ('{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'),
    ('{"e":null}', '{"a":1}', '{"e":null,"a":1}'),
    ('{"a":{"b":1}}', '{"a":[1]}', '{"a":[1]}'),
    ("{}", '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'),
]


def tree(value: dict[str, Any], name: str = "t") -> Map:
    read = read_map(Source(name, json.dumps(value)), Diagnostics())
    assert read is not None
    return read


@pytest.mark.parametrize(("base", "patch", "result"), RFC_7386)
def test_vectors_of_the_standard(base: str, patch: str, result: str) -> None:
    assert merge(tree(json.loads(base)), tree(json.loads(patch))) == json.loads(result)


keys = st.sampled_from(["a", "b", "c"])
trees = st.dictionaries(
    keys,
    st.recursive(
        st.none() | st.integers(0, 9) | st.lists(st.integers(0, 9), max_size=2),
        lambda inner: st.dictionaries(keys, inner, max_size=3),
        max_leaves=8,
    ),
)


def reference(target: Any, patch: Any) -> Any:
    """The pseudocode of RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = reference(result.get(name), value)
    return result


@settings(deadline=None)
@given(trees, trees)
def test_as_the_standard_says(base: dict[str, Any], patch: dict[str, Any]) -> None:
    assert merge(tree(base), tree(patch)) == reference(base, patch)


@settings(deadline=None)
@given(trees, trees)
def test_every_value_keeps_the_place_where_it_was_written(base: dict[str, Any], patch: dict[str, Any]) -> None:
    def check(value: Any) -> None:
        if not isinstance(value, Map):
            return
        assert list(value) == list(value.keys_at) == list(value.at)
        for key, inner in value.items():
            assert value.keys_at[key].text == json.dumps(key)
            if not isinstance(inner, Map):
                assert value.at[key].text == json.dumps(inner)
            check(inner)

    check(merge(tree(base, "base"), tree(patch, "patch")))


@settings(deadline=None)
@given(trees, trees)
def test_deleted_keys_are_remembered(base: dict[str, Any], patch: dict[str, Any]) -> None:
    merged = merge(tree(base, "base"), tree(patch, "patch"))
    assert set(merged.deleted) == {key for key, value in patch.items() if value is None}
    assert all(at.source.name == "patch" for at in merged.deleted.values())
    assert not merge(merged, tree(dict.fromkeys(merged.deleted, 1))).deleted


NODES = [
    ("graph: {n: {block: a, in: x, p: 1}}", "graph: {n: {block: b, q: 2}}", {"block": "b", "in": "x", "q": 2}),
    ("graph: {n: {block: a, in: x, p: 1}}", "graph: {n: {block: b, in: y}}", {"block": "b", "in": "y"}),
    ("graph: {n: {block: a, in: x, p: 1}}", "graph: {n: {block: a}}", {"block": "a", "in": "x"}),
    ("graph: {n: {block: a, in: x, p: 1}}", "graph: {n: {p: 2}}", {"block": "a", "in": "x", "p": 2}),
    ("graph: {n: {block: a, in: {k: x}}}", "graph: {n: {in: {l: y}}}", {"block": "a", "in": {"k": "x", "l": "y"}}),
    ("graph: {}", "graph: {n: {block: b, q: null}}", {"block": "b", "q": None}),
    ("graph: {n: 3}", "graph: {n: {block: b}}", {"block": "b"}),
]


@pytest.mark.parametrize(("base", "patch", "node"), NODES)
def test_a_patch_that_sets_block_replaces_the_node(
    base: str, patch: str, node: dict[str, Any], mapping: Callable[[str], Map]
) -> None:
    assert merge(mapping(base), mapping(patch))["graph"]["n"] == node


def test_the_rule_for_nodes_holds_where_nodes_are(mapping: Callable[[str], Map]) -> None:
    def result(*path: str) -> Any:
        value: Any = {"block": "a", "in": "x", "p": 1}
        patch: Any = {"block": "b"}
        for key in reversed(path):
            value, patch = {key: value}, {key: patch}
        merged: Any = merge(tree(value), tree(patch))
        for key in path:
            merged = merged[key]
        return merged

    replaced = {"block": "b", "in": "x"}
    assert result("losses", "aux") == result("blocks", "head", "graph", "n") == result("tasks", "t", "loss") == replaced
    assert result("params", "x") == result("graph", "n", "table") == {"block": "b", "in": "x", "p": 1}
    assert not is_node(("graph",)) and not is_node(("blocks", "head", "graph"))


def test_a_file_over_its_card() -> None:
    card = tree({"features": {"user": {"vocab": 3}, "item": {"vocab": 4}}, "data": {"events": "x"}}, "card")
    file = tree({"features": {"user": None, "item": {"dim": 2}}, "graph": {"n": {"p": None}}}, "file")
    merged = lay_over(card, file)
    assert merged == {
        "features": {"item": {"vocab": 4, "dim": 2}},
        "data": {"events": "x"},
        "graph": {"n": {"p": None}},
    }
    features = merged["features"]
    assert features.keys_at["item"].source.name == "file" and features["item"].at["vocab"].source.name == "card"
    assert features.deleted["user"].source.name == "file"


@settings(deadline=None)
@given(trees, trees, trees)
def test_laws(base: dict[str, Any], patch: dict[str, Any], other: dict[str, Any]) -> None:
    once = merge(tree(base), tree(patch))
    assert merge(tree(base), tree({})) == base
    assert merge(once, tree(patch)) == once
    apart = {f"x{key}": value for key, value in other.items()}
    both = merge(merge(tree(base), tree(patch)), tree(apart))
    assert both == merge(merge(tree(base), tree(apart)), tree(patch)) == merge(tree(base), tree({**patch, **apart}))
