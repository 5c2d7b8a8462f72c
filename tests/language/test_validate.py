"""Schema mistakes in a document and in a node's parameters: code, exact place, suggestion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from blockrec.diagnostics import Diagnostics, Source, Span
from blockrec.language.schema.document import card_schema, model_schema
from blockrec.language.validate import validate, validate_parameters
from blockrec.language.values import UNKNOWN, Map
from blockrec.language.words import correction

CHANGES = [
    ("name: small", "nam: small", ["E100 2:1"]),
    ("name: small", "name: Small", ["E109 2:7"]),
    ("name: small", "name: 3", ["E104 2:7"]),
    ("blockrec: 1", "blockrec: 2", ["E010 1:11"]),
    ("blockrec: 1", "blockrec: one", ["E010 1:11"]),
    ("blockrec: 1\n", "", ["E105 1:1"]),
    ("graph:\n", "grph:\n", ["E100 10:1"]),
    ("labels: [click]", "labels: click", ["E104 9:9"]),
    ("labels: [click]", "labels: [Click]", ["E109 9:10"]),
    ("labels: [click]", "labels: {click: {at_lest: 4}}", ["E100 9:18"]),
    ("labels: [click]", "labels: {click: {bit: 64}}", ["E106 9:23"]),
    ("labels: [click]", "labels: {click: {type: flot}}", ["E107 9:24"]),
    ("item: {vocab: 100}", "item: {vocab: 0}", ["E106 5:17"]),
    ("item: {vocab: 100}", "item: {vocab: 1_000}", ["E107 5:17"]),
    ("item: {vocab: 100}", "item: {vocab: 1.5}", ["E104 5:17"]),
    ("item: {vocab: 100}", "item: {vocab: autto}", ["E107 5:17"]),
    ("item: {vocab: 100}", "item: {vocb: 100}", ["E100 5:10"]),
    ("item: {vocab: 100}", "item: {hsh: 100}", ["E100 5:10"]),
    ("item: {vocab: 100}", "item: 100", ["E101 5:9"]),
    ("item: {vocab: 100}", "item: {raw: int65}", ["E107 5:15", "E108 8:50"]),
    ("user: {vocab: auto}", "User: {vocab: auto}", ["E109 6:3"]),
    ("max_len: 50", "max_len: 0", ["E106 8:24"]),
    ("max_len: 50", "maxlen: 50", ["E100 8:15"]),
    ("{position: from_end}", "{position: from_ende}", ["E107 8:78"]),
    ("target: {block: embed, in: item, dim: $dim}", "target: {in: item, dim: $dim}", ["E102 11:3"]),
    ("target: {block: embed, in: item, dim: $dim}", "target: embed", ["E101 11:11"]),
    ("target: {block: embed, in: item, dim: $dim}", "Target: {block: embed, in: item}", ["E109 11:3"]),
    ("target: {block: embed, in: item, dim: $dim}", "target: {block: 3}", ["E104 11:19"]),
    ("target: {block: embed, in: item, dim: $dim}", "target: {block: a, in: 3}", ["E104 11:26"]),
    ("target: {block: embed, in: item, dim: $dim}", "target: {block: a, in: {x: {}}}", ["E104 11:30"]),
    ("target: {block: embed, in: item, dim: $dim}", "target: {block: a, in: [3]}", ["E104 11:27"]),
    ("target: {block: embed, in: item, dim: $dim}", "target: {block: a, kernel: gpu}", ["E107 11:30"]),
    ("loss: bce", "los: bce", ["E100 14:32"]),
    ("loss: bce, ", "", ["E105 14:9"]),
    ("loss: bce", "loss: {p: 1}", ["E105 14:32"]),
    ("metrics: [auc, {gauc: {by: user}}]", "metrics: auc", ["E104 14:52"]),
    ("[auc, {gauc: {by: user}}]", "[auk]", ["E107 14:53"]),
    ("[auc, {gauc: {by: user}}]", "[auc, {gauc: {bye: user}}]", ["E100 14:66"]),
    ("[auc, {gauc: {by: user}}]", "[auc, {gauc: {}}]", ["E105 14:59"]),
    ("weight: 0.5", "weight: half", ["E104 15:71"]),
    ("weight: 0.5", "weight: $half", ["E401 15:72"]),
    ("variants:\n", "train: {epochs: 0}\nvariants:\n", ["E106 16:17"]),
    ("variants:\n", "train: {epochs: 1.0}\nvariants:\n", ["E104 16:17"]),
    ("variants:\n", "train: {epochs: yes}\nvariants:\n", ["E104 16:17"]),
    ("variants:\n", "train:\nvariants:\n", ["E101 16:1"]),
    ("variants:\n", "kernels: gpu\nvariants:\n", ["E107 16:10"]),
    ("variants:\n", "imports: [3]\nvariants:\n", ["E104 16:11"]),
    ("variants:\n", "outputs: {a: [head]}\nvariants:\n", ["E104 16:14"]),
    ("variants:\n", "sweeps: {}\nvariants:\n", ["E100 16:1"]),
    ("variants:\n", "extends: x.yaml\nvariants:\n", ["E111 16:10"]),
    ("variants:\n", "blocks: {b: {in: {x: vec}, graph: {}, out: x}}\nvariants:\n", []),
    ("variants:\n", "blocks: {b: {in: {x: vek}, graph: {}}}\nvariants:\n", ["E105 16:10", "E107 16:22"]),
    ("variants:\n", "blocks: {b: {in: {x: vec}, graph: {x: {block: a}}, out: x}}\nvariants:\n", ["E201 16:36"]),
    ("dim: 16", "Dim: 16", ["E109 3:10"]),
    ("dim: 16", "dim: required", ["E105 3:15"]),
]


@pytest.mark.parametrize(("old", "new", "expected"), CHANGES)
def test_one_mistake_in_a_model(
    old: str, new: str, expected: list[str], model: str, found: Callable[..., list[str]]
) -> None:
    assert old in model
    assert found(model.replace(old, new, 1)) == expected


def test_a_model_without_mistakes(model: str, found: Callable[..., list[str]]) -> None:
    assert found(model) == []


SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["out"],
    "properties": {
        "out": {"type": "integer", "minimum": 1},
        "hidden": {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 1},
        "dropout": {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
        "activation": {"enum": ["relu", "silu", "prelu"]},
        "bias": {"type": "boolean"},
        "dim": {"type": ["integer", "object"], "additionalProperties": {"type": "integer"}},
        "scale": {"anyOf": [{"type": "number", "minimum": 0}, {"enum": ["auto", "none"]}]},
    },
}
PARAMETERS = [
    ("out: 3", "", ""),
    ("out: 3, bias: true, dropout: 0, hidden: [1], scale: auto, dim: {a: 1}", "", ""),
    ("hidden: [3]", "E105 1", "block `mlp` needs the parameter `out`"),
    ("out: 3, hiden: [3]", "E103 17", "did you mean `hidden`?"),
    ("out: 3, kernl: cpu", "E103 17", "did you mean `kernel`?"),
    ("out: 3, zzz: 1", "E103 17", "known here: out, hidden"),
    ("out: 0", "E106 14", "parameter `out` of `mlp` must be at least 1, not 0"),
    ("out: 1_6", "E104 14", "write 16"),
    ("out: '16'", "E104 14", "write 16"),
    ("out: 8.0", "E104 14", "`//` divides whole numbers"),
    ("out: true", "E104 14", "not true"),
    ("out: null", "E104 14", "give a value"),
    ("out: 3, hidden: 64", "E104 25", "write [64]"),
    ("out: 3, hidden: [64, x]", "E104 30", "parameter `hidden[1]` of `mlp`"),
    ("out: 3, hidden: []", "E106 25", "at least 1 item,"),
    ("out: 3, dropout: 1", "E106 26", "less than 1"),
    ("out: 3, activation: rely", "E107 29", "did you mean `relu`?"),
    ("out: 3, bias: yes", "E104 23", "write true"),
    ("out: 3, dim: {a: x}", "E104 26", "parameter `dim.a` of `mlp`"),
    ("out: 3, scale: -1", "E106 24", "at least 0"),
    ("out: 3, scale: atuo", "E104 24", "must be a number or one of auto, none"),
]


@pytest.mark.parametrize(("written", "place", "words"), PARAMETERS)
def test_parameters(written: str, place: str, words: str, mapping: Callable[[str], Map]) -> None:
    node = mapping(f"n: {{p: {{{written}}}}}\n")["n"]
    values, at = node["p"], Span(Source("<text>", "mlp"), 0, 0, 3)
    report = Diagnostics()
    valid = validate_parameters("mlp", values, SCHEMA, at, report)
    errors = [d for d in report if d.is_error]
    assert valid == (not place) and len(errors) == bool(place)
    for d in errors:
        assert f"{d.code} {d.at.column + 1 if d.at else ''}" == place and words in f"{d.message} {d.help}"


def test_only_what_may_be_an_item_is_put_into_a_list() -> None:
    numbers = {"type": "array", "items": {"type": "integer"}}
    assert correction(64, numbers) == "write [64]" and correction("x", numbers) == ""
    assert correction("x", {"type": "array", "items": {"type": "string"}}) == "write [x]"


def test_a_card_is_no_model(mapping: Callable[[str], Map]) -> None:
    report = Diagnostics()
    validate(
        mapping("blockrec: 1\nfeatures: {x: {vocab: 3}}\nlabels: [y]\ndata: {events: x.csv}\n"), model_schema(), report
    )
    (error,) = report
    assert "blockrec data FILE" in error.help


def test_parameters_with_an_unknown_value_are_not_valid_and_not_reported() -> None:
    at = Span(Source("<text>", "mlp"), 0, 0, 3)
    report = Diagnostics()
    for values in ({"out": UNKNOWN}, {"out": 3, "hidden": [UNKNOWN]}, {"out": 3, "dim": {"a": UNKNOWN}}):
        assert not validate_parameters("mlp", values, SCHEMA, at, report)
    assert not len(report)


def test_parameters_without_places_are_shown_at_the_block() -> None:
    at = Span(Source("<text>", "mlp"), 0, 0, 3)
    report = Diagnostics()
    assert not validate_parameters("mlp", {"out": "x", "hiden": 3}, SCHEMA, at, report)
    assert [(d.code, d.at) for d in report] == [("E103", at), ("E104", at)]


@pytest.mark.parametrize("schema", [model_schema(), card_schema()])
def test_the_schemas_are_schemas(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)
    assert all_described(schema)


def all_described(schema: dict[str, Any]) -> bool:
    """Every key that a file may write says what it means."""
    assert all(p.get("description") for p in schema.get("properties", {}).values()), list(schema["properties"])
    inner = [*schema.get("properties", {}).values(), schema.get("additionalProperties"), schema.get("items")]
    return all(all_described(s) for s in inner if isinstance(s, dict))
