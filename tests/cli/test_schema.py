"""`blockrec schema`: every file that the compiler takes is valid, and mistakes that a schema can see are not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from blockrec.cli import catalogue
from blockrec.cli.schema import offered
from blockrec.diagnostics import Diagnostics, Source
from blockrec.language.files import packaged_cards, packaged_models
from blockrec.language.schema.document import model_schema
from blockrec.language.schema.editor import editor_schema
from blockrec.language.source import read_map
from blockrec.language.values import Map

ROOT = Path(__file__).parents[2]
PACKAGED = {**packaged_models(), **packaged_cards()}
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BAD = sorted((ROOT / "tests/bad").glob("*.yaml"))
WHOLE = re.compile(r"^```yaml (model|card|mended|file=[\w.]+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
VISIBLE = {"E010", "E100", "E102", "E103", "E104", "E105", "E106", "E107", "E109", "E202", "E203", "E204"}
"""Codes of mistakes that stand in one place of the file."""
ELSEWHERE = ("composite_", "expr_", "set_", "variant_", "extends_")
"""Files whose mistake is in the use of a composite, in the value of an expression, or in what is merged."""
BEYOND = {
    "each_member_cannot_be_a_name": "members may come from an expression",
    "embed_dims_of_another_feature": "features are those of the node's inputs",
    "embed_without_dim": "the feature may say its `dim`",
    "loss_named_loss": "a name of the module's result",
    "param_empty_list": "the block's constructor refuses it",
    "scalar_1e6_for_whole": "1e6 is whole in JSON",
    "scalar_float_for_whole": "64.0 is whole in JSON",
    "scalar_thousands_point": "64.000 is whole in JSON",
    "sweep_metric_unknown": "metrics are those of the tasks",
}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json.loads(json.dumps(editor_schema(offered([]))))


@pytest.fixture(scope="module")
def validator(schema: dict[str, Any]) -> Draft7Validator:
    return Draft7Validator(schema)


def read(text: str) -> Any:
    """The file as an editor sees it; None if it is no YAML mapping."""
    found = read_map(Source("file", text), report := Diagnostics())
    return None if found is None or report.failed else plain(found)


def plain(value: Any) -> Any:
    if isinstance(value, Map):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def mistakes(validator: Draft7Validator, value: Any) -> list[str]:
    return [f"{list(error.absolute_path)}: {error.message[:200]}" for error in validator.iter_errors(value)]


def test_it_is_a_schema_of_draft_7(schema: dict[str, Any]) -> None:
    Draft7Validator.check_schema(schema)
    assert "draft-07" in schema["$schema"]


@pytest.mark.parametrize("name", PACKAGED)
def test_packaged_files_are_valid(validator: Draft7Validator, name: str) -> None:
    assert mistakes(validator, read(PACKAGED[name].read_text("utf-8"))) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_of_the_documentation_are_valid(validator: Draft7Validator, page: Path) -> None:
    for mark, text in WHOLE.findall(page.read_text("utf-8")):
        if mark != "file=typo.yaml" and (value := read(text)) is not None:
            assert mistakes(validator, value) == [], text


def test_a_library_is_told_from_a_card(validator: Draft7Validator) -> None:
    tower = {"in": {"x": "vec"}, "graph": {"a": {"block": "mlp", "in": "x", "hidden": [4]}}, "out": "a"}
    assert mistakes(validator, {"blockrec": 1, "blocks": {"tower": tower}}) == []
    assert mistakes(validator, {"blockrec": 1, "blocks": {"tower": {**tower, "out": 3}}}) != []
    assert mistakes(validator, {"blockrec": 1, "blocks": {"tower": tower}, "labels": ["click"]}) != []
    assert mistakes(validator, {"blockrec": 1, "features": {"user": {"vocab": 3}}, "licence": "none"}) == []
    model = {"blockrec": 1, "features": {"user": {"vocab": 3}}, "graph": {}}
    assert mistakes(validator, model) == []
    assert mistakes(validator, {**model, "licence": "none"}) != []


def codes(path: Path) -> set[str]:
    text = path.read_text("utf-8", errors="replace")
    return set(re.findall(r"^# expect: (\S+)", text, re.MULTILINE))


def visible(path: Path) -> bool:
    return bool(codes(path)) and codes(path) <= VISIBLE and not path.name.startswith(ELSEWHERE)


@pytest.mark.parametrize("path", [path for path in BAD if visible(path)], ids=lambda path: path.stem)
def test_what_a_schema_can_see_is_rejected(validator: Draft7Validator, path: Path) -> None:
    value = read(path.read_text("utf-8", errors="replace"))
    rejected = value is None or mistakes(validator, value) != []
    assert rejected != (path.stem in BEYOND), BEYOND.get(path.stem)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every scalar that is not null."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield from places(inner, (*path, key))
    if not isinstance(value, (dict, list, type(None))):
        yield path


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy of `value` with another value at `path`."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


EVALUATED = ("features", "data", "train", "eval", "graph", "tasks", "kernels", "variants")
RAW = ("in", "block", "logits", "loss")
"""Names, not values."""


@pytest.mark.parametrize("name", PACKAGED)
def test_an_expression_may_stand_for_every_value(validator: Draft7Validator, name: str) -> None:
    value = read(PACKAGED[name].read_text("utf-8"))
    value |= {"kernels": "auto"} if "graph" in value else {}
    for path in places({key: value[key] for key in EVALUATED if key in value}):
        if not {*path} & {*RAW}:
            assert mistakes(validator, changed(value, path, "$width")) == [], path


@pytest.mark.parametrize("name", packaged_models())
def test_a_variant_may_delete_whatever_the_file_has(validator: Draft7Validator, name: str) -> None:
    value = read(PACKAGED[name].read_text("utf-8"))
    sections = {key: value[key] for key in EVALUATED if key in value and key not in ("kernels", "variants")}
    for path in places(sections):
        names = [*takewhile(lambda part: isinstance(part, str), path)]
        for depth in range(2, len(names) + 1):
            patch: Any = None
            for part in reversed(names[:depth]):
                patch = {part: patch}
            assert mistakes(validator, {**value, "variants": {"without": patch}}) == [], names[:depth]


def test_every_key_block_parameter_and_name_is_offered(schema: dict[str, Any]) -> None:
    top, definitions = schema["properties"], schema["definitions"]
    for key, inner in model_schema()["properties"].items():
        assert top[key]["description"].startswith(inner["description"].rstrip("."))
    for name, signature in catalogue.signatures().items():
        properties = definitions[f"block.{name}"]["properties"]
        assert properties["block"]["description"].startswith(catalogue.summary(signature))
        assert {*catalogue.properties(signature), "in", "doc", "kernel"} <= {*properties}
        ports = properties["in"]["allOf"][0]["properties"]
        assert [*ports] == [port.name for port in signature.ports]
    for key, names in (("extends", packaged_models()), ("dataset", packaged_cards())):
        assert top[key]["anyOf"][0]["enum"] == [*names]
        assert all(top[key]["anyOf"][0]["enumDescriptions"])


OWN = '''
from jaxtyping import Float
from torch import Tensor, nn
from blockrec import block

@block("schema_test_halve")
class Halve(nn.Module):
    """Half of it."""

    def __init__(self, *, times: int = 1) -> None:
        super().__init__()
        self.times = times

    def forward(self, x: Float[Tensor, "... d"]) -> Float[Tensor, "... d"]:
        return x / 2**self.times
'''


def test_it_has_blocks_of_imports_and_goes_to_a_file(blockrec: Any, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN, "utf-8")
    file = tmp_path / "schema.json"
    ended = blockrec("schema", "--import", str(tmp_path / "own.py"), "-o", str(file))
    assert (ended.code, ended.out) == (0, ""), ended.err
    halve = json.loads(file.read_text("utf-8"))["definitions"]["block.schema_test_halve"]
    assert halve["description"] == "Half of it."
    assert halve["properties"]["times"]["type"] == ["integer", "string"]
    assert json.loads(blockrec("schema").out)["$schema"].startswith("http")
