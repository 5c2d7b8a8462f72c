"""`blockrec blocks` and `blockrec explain`: what they show is what the blocks declare."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
import yaml

from blockrec.cli import catalogue
from blockrec.cli.block_page import example
from blockrec.codes import CODES
from blockrec.language.schema import NODE_WORDS

NAMES = list(catalogue.signatures())


def test_every_block_is_listed_with_what_it_does(blockrec: Any) -> None:
    ended = blockrec("blocks")
    assert ended.code == 0
    heads = [line for line in ended.out.splitlines() if not line.startswith(" ")]
    assert heads == list(catalogue.signatures())
    for signature in catalogue.signatures().values():
        assert catalogue.summary(signature) in ended.out


def test_a_word_narrows_the_list(blockrec: Any) -> None:
    shown = [line for line in blockrec("blocks", "EMBED").out.splitlines() if not line.startswith(" ")]
    assert "embed" in shown
    assert len(shown) < len(NAMES)
    nothing = blockrec("blocks", "no such word")
    assert (nothing.code, nothing.out) == (0, "")
    assert "no such word" in nothing.err


def test_json_holds_the_whole_declaration(blockrec: Any) -> None:
    found = json.loads(blockrec("blocks", "--json").out)
    assert list(found) == list(catalogue.signatures())
    assert found["embed"]["ports"][0]["name"] == "features"


@pytest.mark.parametrize("name", NAMES)
def test_a_page_names_every_part_of_a_block(blockrec: Any, name: str) -> None:
    ended = blockrec("explain", name)
    signature = catalogue.signatures()[name]
    assert ended.code == 0
    for port in (*signature.ports, *signature.outputs):
        assert f"  {port.name} " in ended.out
    for parameter, schema in catalogue.properties(signature).items():
        assert f"  {parameter} " in ended.out
        assert schema.get("description", "") in ended.out


@pytest.mark.parametrize("name", NAMES)
def test_the_example_is_a_node_that_the_block_takes(name: str) -> None:
    signature = catalogue.signatures()[name]
    ((_, node),) = yaml.safe_load(example(name, signature)).items()
    assert node["block"] == name
    jsonschema.validate({k: v for k, v in node.items() if k not in NODE_WORDS}, dict(signature.schema))
    if isinstance(node["in"], dict):
        assert list(node["in"]) == signature.required_ports


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_has_a_description(name: str) -> None:
    missing = [
        p for p, schema in catalogue.properties(catalogue.signatures()[name]).items() if "description" not in schema
    ]
    assert missing == []


@pytest.mark.parametrize("code", ["E310", "e310", "W201"])
def test_a_code_is_explained(blockrec: Any, code: str) -> None:
    ended = blockrec("explain", code)
    assert ended.code == 0 and ended.out.startswith(code.upper())
    found = json.loads(blockrec("explain", code, "--json").out)
    assert (found["code"], found["title"]) == (code.upper(), CODES[code.upper()])
    assert found["page"] == ended.out.rstrip("\n")


def test_what_is_unknown_is_wrong_usage_with_a_suggestion(blockrec: Any) -> None:
    ended = blockrec("explain", "embd")
    assert (ended.code, ended.out) == (3, "")
    assert "did you mean `embed`?" in ended.err


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer"}, "integer"),
        ({"type": "number", "minimum": 0, "maximum": 1}, "number 0..1"),
        ({"type": ["integer", "null"], "minimum": 1}, "integer 1.. | null"),
        ({"type": "array", "items": {"type": "integer"}}, "list of integer"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "map to number"),
        ({"type": "object", "additionalProperties": False}, "map"),
        ({"enum": ["a", None]}, "a | null"),
        ({"const": 1}, "1"),
        ({"oneOf": [{"const": "default"}, {"type": "string"}]}, "default | string"),
        ({}, "any"),
    ],
)
def test_types_in_words(schema: dict[str, Any], words: str) -> None:
    assert catalogue.kind(schema) == words
