"""JSON Schema validation whose mistakes are diagnostics: a code, the exact place, and what was probably meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

from blockrec.diagnostics import Diagnostics, Span
from blockrec.language.advice import Path, advice_on_missing_block, is_in_a_misplaced_node
from blockrec.language.fits import fits
from blockrec.language.renamed import NESTED, called, explain_word, meant
from blockrec.language.schema import NODE_WORDS
from blockrec.language.schema.parts import NAME
from blockrec.language.subjects import Parameters, Section, key_span, value_span
from blockrec.language.values import MERGE_KEY, UNKNOWN, Map
from blockrec.language.words import as_name, correction, expected, given

Mistake = Any
"""A `ValidationError` of jsonschema, which is imported only when there is something to validate."""

SHOWN = 100
"""So many mistakes of one section are reported."""


def validate(value: Map, schema: Mapping[str, Any], report: Diagnostics, path: Path = ()) -> bool:
    """Report how `value`, found at `path` of its document, differs from `schema`; True if it does not."""
    return _Validation(Section(value, path), report).run(schema)


def validate_parameters(
    block: str,
    values: Mapping[str, Any],
    schema: Mapping[str, Any],
    at: Span,
    report: Diagnostics,
    ports: Sequence[str] = (),
) -> bool:
    """Check a node's parameters against its block's schema. `at`: the place of the block's name; `ports`: its inputs.

    False if one is wrong, missing, unknown, or has no value because of an earlier error.
    """
    return _Validation(Parameters(values, block, at, ports), report).run(schema) and not holds_unknown(values)


def holds_unknown(value: Any) -> bool:
    """Whether an earlier error left a part of `value` unknown."""
    if isinstance(value, Mapping):
        return any(map(holds_unknown, value.values()))
    return any(map(holds_unknown, value)) if isinstance(value, list) else value is UNKNOWN


class _Validation:
    """One run: jsonschema finds, we say."""

    def __init__(self, words: Section | Parameters, report: Diagnostics) -> None:
        self.words, self.report, self.clean = words, report, True

    def run(self, schema: Mapping[str, Any]) -> bool:
        if fits(self.words.root, schema):
            return True
        for error in islice(_validator()(schema).iter_errors(self.words.root), SHOWN):
            self._report(error)
        return self.clean

    def _report(self, error: Mistake) -> None:
        if error.instance is UNKNOWN or error.instance == MERGE_KEY:
            return
        if is_in_a_misplaced_node(self.words.root, tuple(error.absolute_path)):
            return
        rule = _RULES.get(error.validator, _Validation._otherwise)
        rule(self, error, tuple(error.absolute_path), error.schema)

    def _say(self, error: Mistake, code: str, message: str, at: Span, label: str = "", help: str = "") -> None:
        self.clean = False
        code = error.schema.get("x-codes", {}).get(error.validator, code)
        self.report.error(code, message, at, label=label, help=help or error.schema.get("x-help", ""))

    def _value_span(self, path: Path) -> Span:
        return value_span(self.words.root, path, getattr(self.words, "at", None))

    def _unknown(self, error: Mistake, path: Path, schema: Any) -> None:
        known = [*schema.get("properties", {}), *(() if path else self.words.further)]
        for key in _unknown_keys(error):
            listed = f"known here: {', '.join(known)}" if known else "nothing can be set here"
            otherwise = self.words.advice(path, key, error.instance[key]) or listed
            at = key_span(self.words.root, (*path, key), getattr(self.words, "at", None))
            help = explain_word(key, known, otherwise)
            self._say(error, self.words.codes["unknown"], self.words.unknown(path, key), at, help=help)

    def _required(self, error: Mistake, path: Path, schema: Any) -> None:
        properties = schema.get("properties", {})
        others = [key for key in error.instance if key not in (*properties, *NODE_WORDS)]
        for key in error.validator_value:
            if key in error.instance:
                continue
            instead = next((other for other in others if other in NESTED or meant(other, [key])), None)
            if MERGE_KEY in error.instance or any(called(other, schema.get("x-instead", ())) for other in others):
                continue
            if advice := advice_on_missing_block(path) if key == "block" else "":
                at = self.words.home(path)
                self._say(error, "E105", self.words.missing(path, key), at, f"missing `{key}`", advice)
            elif instead is None:
                help = _of_a_card(path, key, error.instance) or schema.get("x-help") or _described(properties, key)
                self._say(error, "E105", self.words.missing(path, key), self.words.home(path), f"missing `{key}`", help)
            elif schema.get("additionalProperties") is not False:  # else it is reported as unknown
                at = key_span(self.words.root, (*path, instead))
                self._say(error, "E105", self.words.missing(path, key), at, help=explain_word(instead, [key]))

    def _type(self, error: Mistake, path: Path, schema: Any) -> None:
        code = "E101" if isinstance(self.words, Section) and error.validator_value == "object" else "E104"
        wanted = expected(schema)
        message = f"{self.words.name(path)} must be {wanted}, not {given(error.instance)}"
        advice = schema.get("x-help", "") if error.instance is None else ""
        help = advice or correction(error.instance, schema)
        self._say(error, code, message, self._value_span(path), f"expected {wanted}", help)

    def _enum(self, error: Mistake, path: Path, schema: Any) -> None:
        choices = error.validator_value if error.validator == "enum" else [error.validator_value]
        listed = ", ".join(map(_written, choices))
        message = f"{self.words.name(path)} cannot be {given(error.instance)}"
        names, word = [*map(_written, choices)], str(error.instance)
        same = next((name for name in names if name.lower() == word.lower() and name != word), "")
        advice = schema.get("x-help", "")
        near = advice if advice and word in schema.get("x-others", ()) else explain_word(word, names, advice)
        help = f"did you mean `{same}`?" if same else near
        self._say(error, "E107", message, self._value_span(path), f"one of: {listed}", help)

    def _limit(self, error: Mistake, path: Path, schema: Any) -> None:  # noqa: ARG002 - one form for all rules
        bound = f"{_LIMITS[str(error.validator)]} {error.validator_value}"
        message = f"{self.words.name(path)} must be {bound}, not {given(error.instance)}"
        self._say(error, "E106", message, self._value_span(path), f"must be {bound}")

    def _size(self, error: Mistake, path: Path, schema: Any) -> None:
        if error.validator == "minProperties" and any(key not in error.instance for key in schema.get("required", ())):
            return  # reported as missing
        bound, what = _SIZES[str(error.validator)]
        count = f"{error.validator_value} {what}{'' if error.validator_value == 1 else 's'}"
        message = f"{self.words.name(path)} must have {bound} {count}, not {len(error.instance)}"
        keys = ", ".join(schema.get("properties", {}))
        choices = f"choose from: {keys}" if keys and "Properties" in str(error.validator) else ""
        help = choices or schema.get("x-help") or schema.get("description", "")
        self._say(error, "E106", message, self._value_span(path), help=help)

    def _pattern(self, error: Mistake, path: Path, schema: Any) -> None:
        help = schema.get("x-help") or schema.get("description", "")
        help = f"write `{as_name(error.instance)}`: {help}" if error.validator_value == NAME else help
        if "propertyNames" in error.absolute_schema_path:
            at = key_span(self.words.root, (*path, error.instance))
            self._say(error, "E109", f"`{error.instance}` is not a name", at, help=help)
        else:
            message = f"{self.words.name(path)} cannot be {given(error.instance)}"
            number = correction(error.instance, {"type": "number"})
            self._say(error, "E101", message, self._value_span(path), help=number or help)

    def _alternatives(self, error: Mistake, path: Path, schema: Any) -> None:
        """Report the mistakes of the alternative that has the right type, if one has."""
        fitting = [branch for branch in _branches(error) if not any(_is_wrong_kind(e) for e in branch)]
        if len(fitting) == 1:
            for inner in fitting[0]:
                self._report(inner)
            return
        wanted = " or ".join(expected(s) for s in error.validator_value)
        message = f"{self.words.name(path)} must be {wanted}, not {given(error.instance)}"
        help = correction(error.instance, schema)
        self._say(error, "E104", message, self._value_span(path), f"expected {wanted}", help)

    def _otherwise(self, error: Mistake, path: Path, schema: Any) -> None:  # noqa: ARG002 - one form for all rules
        self._say(error, "E101", f"{self.words.name(path)}: {error.message}", self._value_span(path))


_LIMITS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
}
_SIZES = {
    "minItems": ("at least", "item"),
    "maxItems": ("at most", "item"),
    "minLength": ("at least", "character"),
    "maxLength": ("at most", "character"),
    "minProperties": ("at least", "key"),
    "maxProperties": ("at most", "key"),
}


_RULES: dict[str, Callable[[_Validation, Mistake, Path, Any], None]] = {
    "additionalProperties": _Validation._unknown,
    "required": _Validation._required,
    "type": _Validation._type,
    "enum": _Validation._enum,
    "const": _Validation._enum,
    "pattern": _Validation._pattern,
    "anyOf": _Validation._alternatives,
    "oneOf": _Validation._alternatives,
    **dict.fromkeys(_LIMITS, _Validation._limit),
    **dict.fromkeys(_SIZES, _Validation._size),
}


def _unknown_keys(error: Mistake) -> Iterator[str]:
    properties = error.schema.get("properties", {})
    return islice((key for key in error.instance if key not in properties and key != MERGE_KEY), SHOWN)


def _branches(error: Mistake) -> list[list[Mistake]]:
    branches: dict[Any, list[Mistake]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.schema_path[0], []).append(inner)
    return list(branches.values())


def _is_wrong_kind(error: Mistake) -> bool:
    return not error.relative_path and error.validator in ("type", "const", "enum")


def _described(properties: Mapping[str, Any], key: str) -> str:
    found = properties.get(key, {})
    return str(found.get("x-help", found.get("description", "")))


def _of_a_card(path: Path, key: str, written: Mapping[str, Any]) -> str:
    """What to do with a file that describes data and has no graph."""
    is_card = not path and key == "graph" and "data" in written and "tasks" not in written
    return "a dataset card has none: try `blockrec data FILE`, `blockrec check MODEL --data FILE`" if is_card else ""


def _written(choice: Any) -> str:
    return choice if isinstance(choice, str) else given(choice)


@cache
def _validator() -> Any:
    """Draft 2020-12 with our values: true is no number, 1.0 is not whole, and a pattern's `$` is the very end."""
    import re

    from jsonschema import Draft202012Validator, ValidationError, validators

    def pattern(validator: Any, wanted: str, instance: Any, schema: Any) -> Iterator[ValidationError]:  # noqa: ARG001
        if isinstance(instance, str) and not re.search(re.sub(r"\$\Z", r"\\Z", wanted), instance):
            yield ValidationError(f"{instance!r} does not match {wanted!r}")

    is_whole = lambda checker, v: isinstance(v, int) and not isinstance(v, bool)  # noqa: ARG005, E731
    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", is_whole)
    extend: Any = validators.extend
    return extend(Draft202012Validator, {"pattern": pattern}, type_checker=types)
