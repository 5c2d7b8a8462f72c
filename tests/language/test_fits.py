"""The fast test of a schema never accepts what jsonschema refuses, and accepts what users write."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.language.files import packaged_models
from blockrec.language.fits import fits
from blockrec.language.schema.document import card_schema, model_schema
from blockrec.language.validate import _validator
from blockrec.registry import catalogue

SCHEMAS = {
    "model": dict(model_schema()),
    "card": dict(card_schema()),
    **{name: dict(entry.signature.schema) for name, entry in catalogue().items()},
}


def parts(schema: Any) -> Iterator[Any]:
    """A schema and the schemas in it."""
    if isinstance(schema, dict):
        yield schema
        for key in ("items", "additionalProperties", "propertyNames", "if", "then", "else"):
            yield from parts(schema.get(key))
        for inner in (*schema.get("properties", {}).values(), *schema.get("anyOf", ()), *schema.get("oneOf", ())):
            yield from parts(inner)


def words(schema: Any) -> set[str]:
    """Keys and choices that a schema knows, so that random values come near to what it takes."""
    found: set[str] = set()
    for part in parts(schema):
        found |= {*part.get("properties", {})} | {c for c in part.get("enum", ()) if isinstance(c, str)}
    return found


def values(schema: Any) -> st.SearchStrategy[Any]:
    texts = st.sampled_from(sorted(words(schema)) or ["x"]) | st.sampled_from(["a", "A b", "a.b", "", "9", "x\n"])
    numbers = st.sampled_from([0, 1, -1, 2, 3.0, 0.5, 1e9, True, False, None])
    return st.recursive(
        texts | numbers, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=4)
    )


@pytest.mark.parametrize("name", SCHEMAS)
@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_what_fits_is_valid(name: str, data: Any) -> None:
    for part in data.draw(st.lists(st.sampled_from(list(parts(SCHEMAS[name]))), min_size=1, max_size=8)):
        value = data.draw(values(part))
        if fits(value, part):
            assert _validator()(part).is_valid(value)


KEYWORDS = [
    ({"type": "integer"}, [1, True, 1.0, "1", None]),
    ({"type": ["number", "null"]}, [1, True, 1.5, "1", None]),
    ({"enum": [1, "a", None]}, [1, True, "a", None, "b", []]),
    ({"const": True}, [1, True, False]),
    ({"pattern": "^a+$"}, ["a", "aa", "a\n", "b", 3]),
    ({"minimum": 2, "exclusiveMaximum": 4}, [1, 2, 3.9, 4, True, "x"]),
    ({"minLength": 1, "maxItems": 1, "minProperties": 1}, ["", "a", [], [1, 2], {}, {"a": 1}]),
    ({"uniqueItems": True}, [["a", "b"], ["a", "a"], "aa"]),
    (
        {"required": ["a"], "properties": {"a": {"type": "string"}}, "additionalProperties": False},
        [{}, {"a": ""}, {"a": 1}, {"a": "", "b": 1}],
    ),
    (
        {"additionalProperties": {"type": "string"}, "propertyNames": {"pattern": "^a"}},
        [{"a": ""}, {"b": ""}, {"a": 1}],
    ),
    ({"items": {"type": "string"}}, [["a"], [1], "a"]),
    ({"anyOf": [{"type": "string"}, {"minimum": 3, "type": "number"}]}, ["a", 3, 2, []]),
    ({"oneOf": [{"const": "a"}, {"type": ["integer", "null"]}]}, ["a", "b", 3, 2.5, None, []]),
    ({"allOf": [{"type": "string"}, {"minLength": 2}]}, ["a", "ab", 2]),
    (
        {"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {"maxProperties": 1}},
        [{"a": 1}, {"a": 1, "b": 2}, {"c": 1, "d": 2}],
    ),
]


@pytest.mark.parametrize(("schema", "instances"), KEYWORDS, ids=[", ".join(schema) for schema, _ in KEYWORDS])
def test_each_keyword_means_what_it_means_to_jsonschema(schema: dict[str, Any], instances: list[Any]) -> None:
    for value in instances:
        assert fits(value, schema) == _validator()(schema).is_valid(value), value


def test_a_keyword_that_is_not_known_is_left_to_jsonschema() -> None:
    assert not fits({}, {"dependentRequired": {"a": ["b"]}}) and not fits(1, {"items": {"format": "date"}})
    assert not fits(3, {"oneOf": [{"type": "integer"}, {"type": "number"}]})


def test_files_without_mistakes_need_no_explanation() -> None:
    code = (
        "import sys\nfrom blockrec.graph.compile import check_model\n"
        "for name in sys.argv[1:]: assert check_model(name)[0]\n"
        "print('jsonschema' in sys.modules)"
    )
    command = [sys.executable, "-c", code, *packaged_models()]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"
