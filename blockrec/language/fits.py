"""Whether a value fits a JSON Schema, fast: a schema becomes a function once, which answers in microseconds.

It only ever says "certainly" or "ask jsonschema", which finds and explains the mistakes. So a file without mistakes,
the usual case, does not pay for the explanations, not even for importing them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Test = Callable[[Any], bool]
Schema = Mapping[str, Any]

KEPT = 500
"""Schemas whose functions are remembered."""
NOTES = frozenset(("title", "description", "default", "examples", "deprecated", "$comment"))
"""Keywords that say nothing about a value; so do those that begin with `x-`."""


def fits(value: Any, schema: Schema) -> bool:
    """True if `value` certainly fits; False if jsonschema has to look."""
    known = _tests.get(id(schema))
    if known is None:
        if len(_tests) >= KEPT:
            _tests.clear()
        known = _tests[id(schema)] = (schema, _compiled(schema))
    return known[1](value)


_tests: dict[int, tuple[Schema, Test]] = {}
"""By identity, with the schema itself, which so stays alive."""


class _LeftToJsonschema(Exception):
    """A keyword, or a form of one, that is not known here."""


def _compiled(schema: Schema) -> Test:
    try:
        return _test(schema)
    except _LeftToJsonschema:
        return _never


def _never(_: Any) -> bool:
    return False


def _always(_: Any) -> bool:
    return True


def _test(schema: Schema | bool) -> Test:
    if isinstance(schema, bool):
        return _always if schema else _never
    for key in schema:
        if key not in _KEYWORDS and key not in _PARTS and key not in NOTES and not key.startswith("x-"):
            raise _LeftToJsonschema(key)
    return _every([make(schema[key], schema) for key, make in _KEYWORDS.items() if key in schema])


def _every(tests: list[Test]) -> Test:
    if len(tests) < 2:
        return tests[0] if tests else _always

    def test(value: Any) -> bool:
        for one in tests:  # noqa: SIM110 - `all` with a generator takes twice as long
            if not one(value):
                return False
        return True

    return test


def _is(*types: type) -> Test:
    return lambda value: isinstance(value, types)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: dict[str, Test] = {
    "object": _is(dict),
    "array": _is(list),
    "string": _is(str),
    "boolean": _is(bool),
    "null": _is(type(None)),
    "number": _is_number,
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
}


def _type(wanted: str | list[str], _: Schema) -> Test:
    if isinstance(wanted, str):
        return _TYPES[wanted]
    tests = [_TYPES[name] for name in wanted]
    return lambda value: any(test(value) for test in tests)


def _enum(choices: Iterable[Any], _: Schema) -> Test:
    """Choices that are no containers; `1`, `1.0` and `true` are equal to Python, so types are compared too."""
    known = {(type(choice), choice) for choice in choices if not isinstance(choice, dict | list)}
    return lambda value: not isinstance(value, dict | list) and (type(value), value) in known


def _const(choice: Any, schema: Schema) -> Test:
    return _enum([choice], schema)


def _pattern(text: str, _: Schema) -> Test:
    found = re.compile(re.sub(r"\$\Z", r"\\Z", text)).search
    return lambda value: not isinstance(value, str) or found(value) is not None


def _limit(holds: Callable[[Any, Any], bool]) -> Callable[[Any, Schema], Test]:
    return lambda bound, _: lambda value: not _is_number(value) or holds(value, bound)


def _size(
    kind: type[str | list[Any] | dict[str, Any]], holds: Callable[[int, int], bool]
) -> Callable[[int, Schema], Test]:
    return lambda bound, _: lambda value: not isinstance(value, kind) or holds(len(value), bound)


def _unique(wanted: bool, _: Schema) -> Test:
    def test(value: Any) -> bool:
        return not isinstance(value, list) or (all(type(v) is str for v in value) and len({*value}) == len(value))

    return test if wanted else _always


def _items(schema: Schema, _: Schema) -> Test:
    one = _test(schema)
    return lambda value: not isinstance(value, list) or all(map(one, value))


def _properties(_: Any, schema: Schema) -> Test:
    """`properties` and `additionalProperties` together."""
    known = {key: _test(part) for key, part in schema.get("properties", {}).items()}
    others = _test(schema.get("additionalProperties", True))

    def test(value: Any) -> bool:
        if isinstance(value, dict):
            for key, item in value.items():
                if not known.get(key, others)(item):
                    return False
        return True

    return test


def _additional(_: Any, schema: Schema) -> Test:
    return _always if "properties" in schema else _properties(_, schema)


def _names(schema: Schema, _: Schema) -> Test:
    one = _test(schema)
    return lambda value: not isinstance(value, dict) or all(map(one, value))


def _required(keys: list[str], _: Schema) -> Test:
    wanted = frozenset(keys)
    return lambda value: not isinstance(value, dict) or wanted <= value.keys()


def _all_of(schemas: list[Schema], _: Schema) -> Test:
    return _every([_test(schema) for schema in schemas])


def _any_of(schemas: list[Schema], _: Schema) -> Test:
    tests = [_test(schema) for schema in schemas]
    return lambda value: any(test(value) for test in tests)


def _one_of(schemas: list[Schema], schema: Schema) -> Test:
    """The same, if no value can fit two of them because their types differ."""
    types = [set(_types(one)) for one in schemas]
    if any(a & b for i, a in enumerate(types) for b in types[:i]):
        raise _LeftToJsonschema("oneOf")
    return _any_of(schemas, schema)


def _types(schema: Schema) -> Iterable[str]:
    """The types of the values that fit; `number` stands for `integer` too."""
    if isinstance(schema.get("const"), str):
        return ["string"]
    written = schema.get("type", list(_TYPES))
    names = [written] if isinstance(written, str) else written
    return ["number" if name == "integer" else name for name in names]


def _conditional(condition: Schema, schema: Schema) -> Test:
    """Of `if`, both branches: a test that is not certain of a value cannot tell which of them holds."""
    then, otherwise = _test(schema.get("then", True)), _test(schema.get("else", True))
    exact = _test(condition) if _is_exact(condition) else None
    if exact is None:
        return lambda value: then(value) and otherwise(value)
    return lambda value: then(value) if exact(value) else otherwise(value)


def _is_exact(schema: Schema) -> bool:
    """Whether the test of a condition is also certain when it says no."""
    texts = all(isinstance(choice, str) for choice in [*schema.get("enum", ()), schema.get("const", "")])
    simple = {"required", "type", "properties", "const", "enum", "minimum", "maximum"}
    return texts and set(schema) <= simple and all(_is_exact(part) for part in schema.get("properties", {}).values())


_KEYWORDS: dict[str, Callable[[Any, Schema], Test]] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "pattern": _pattern,
    "minimum": _limit(lambda value, bound: value >= bound),
    "maximum": _limit(lambda value, bound: value <= bound),
    "exclusiveMinimum": _limit(lambda value, bound: value > bound),
    "exclusiveMaximum": _limit(lambda value, bound: value < bound),
    "minLength": _size(str, lambda size, bound: size >= bound),
    "maxLength": _size(str, lambda size, bound: size <= bound),
    "minItems": _size(list, lambda size, bound: size >= bound),
    "maxItems": _size(list, lambda size, bound: size <= bound),
    "minProperties": _size(dict, lambda size, bound: size >= bound),
    "maxProperties": _size(dict, lambda size, bound: size <= bound),
    "uniqueItems": _unique,
    "required": _required,
    "propertyNames": _names,
    "items": _items,
    "properties": _properties,
    "additionalProperties": _additional,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "if": _conditional,
}
_PARTS = frozenset(("then", "else"))
