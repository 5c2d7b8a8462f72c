"""The resolved file: the same model, nothing left out, every line with its origin."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from blockrec.diagnostics import Diagnostics
from blockrec.graph.compile import Checked, check_model
from blockrec.language.defaults import flattened
from blockrec.language.document import Document, load
from blockrec.language.resolved import effective, origins, resolved, resolved_text
from tests.models import MODELS


def checked(model: Any, **chosen: Any) -> Checked:
    found, report = check_model(model, **chosen)
    assert found is not None, str(report)
    return found


def unplaced(found: Checked) -> object:
    """What a graph says, without places; of the features, those that it reads."""
    graph = found.graph
    read = {root for name in graph.used_features() for root in (name, getattr(graph.features.get(name), "root", name))}
    nodes = [
        (
            n.name,
            n.block,
            n.params,
            n.axes,
            n.outputs,
            n.kernel,
            n.shares,
            [(p, e.source, e.output) for p, e in n.edges()],
        )
        for n in graph.nodes.values()
    ]
    sinks = [(s.key, s.kind, s.edge.source, s.weight, s.label, s.metrics, s.loss) for s in graph.sinks]
    features = [(f.name, f.kind, f.root, f.vocab, f.source, f.dim) for f in graph.features.values() if f.name in read]
    return nodes, sinks, features, found.kernels


@pytest.mark.parametrize(("name", "variant"), MODELS)
def test_it_is_the_same_model_and_its_own_resolved_file(name: str, variant: str) -> None:
    one = checked(name, variants=[variant] if variant else [])
    text = resolved_text(one.document)
    two = checked(text)
    assert unplaced(one) == unplaced(two)
    assert effective(two.document) == effective(one.document) == yaml.safe_load(text)


@pytest.mark.parametrize(("name", "variant"), MODELS)
def test_every_line_has_an_origin_and_the_place_is_right(name: str, variant: str) -> None:
    document = checked(name, variants=[variant] if variant else []).document
    for line in resolved(document):
        assert bool(line.text) == bool(line.origin)
        match = re.search(r"([\w/.]+\.yaml):(\d+)$", line.origin)
        if match:
            written = Path(match[1]).read_text("utf-8").splitlines()[int(match[2]) - 1]
            key = line.text.strip().partition(":")[0]
            assert re.search(rf"\b{re.escape(key)}\b", written) or written.strip().startswith(("-", ">")), line
        else:
            assert not line.text or line.origin == "default" or line.origin.startswith("card ")


def test_defaults_fill_every_setting(tmp_path: Path) -> None:
    document = load("dare", Diagnostics())
    assert document is not None
    found = {row["path"]: row["value"] for row in origins(document)}
    for section in ("train", "eval"):
        known = {path for path, _ in flattened(effective(document)[section], section)}
        for path in known:
            assert any(path == p or path.startswith(f"{p}.") for p in found), path


MODEL = """
blockrec: 1
name: small
doc: |
  two
  lines: of text
features: {item: {vocab: 9}}
labels: [click]
graph:
  v: {block: embed, in: item, dim: "$(min(4, 8))"}
  logit:
    block: mlp
    in: v
    hidden: [3, 1]
tasks: {click: {logits: logit, loss: bce}}
variants:
  wide: {graph: {logit: {hidden: [5, 1]}}}
  other: {graph: {logit: {block: linear, out: 1}}}
"""


def lines(*, variants: list[str] | None = None, sets: list[str] | None = None) -> dict[str, str]:
    document: Document | None = load(MODEL, Diagnostics(), variants=variants or [], sets=sets or [])
    assert document is not None
    return {line.text.strip(): line.origin for line in resolved(document)}


@pytest.mark.parametrize(
    ("chosen", "text", "origin"),
    [
        ({}, "hidden: [3, 1]", "<text>:14"),
        ({}, "logit:", "<text>:11"),
        ({}, "v: {block: embed, in: item, dim: '$(min(4, 8))'}", "<text>:10"),
        ({}, 'doc: "two\\nlines: of text\\n"', "<text>:4"),
        ({}, "seed: 1", "default"),
        ({"variants": ["wide"]}, "hidden: [5, 1]", "variant wide, <text>:17"),
        ({"variants": ["wide"]}, "block: mlp", "<text>:12"),
        ({"variants": ["other"]}, "out: 1", "variant other, <text>:18"),
        ({"variants": ["other"]}, "in: v", "<text>:13"),
        ({"sets": ["graph.logit.hidden=[7, 1]"]}, "hidden: [7, 1]", "--set"),
        ({"variants": ["wide"], "sets": ["train.seed=3"]}, "seed: 3", "--set"),
    ],
    ids=str,
)
def test_origins(chosen: Any, text: str, origin: str) -> None:
    assert lines(**chosen)[text] == origin


def test_a_base_and_a_file_over_it(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(MODEL)
    (tmp_path / "top.yaml").write_text("extends: base.yaml\ngraph:\n  logit: {hidden: [2, 1]}\n")
    document = load(tmp_path / "top.yaml", Diagnostics())
    assert document is not None
    found = {line.text.strip(): line.origin for line in resolved(document)}
    assert (found["block: mlp"], found["hidden: [2, 1]"]) == ("base.yaml:12", "top.yaml:3")
    assert found["name: small"] == "base.yaml:3"


def test_texts_with_marks_of_comments_survive() -> None:
    model = MODEL.replace("lines: of text", "a # b 'c' \"d\" \\e : - [f] {g}")
    document = load(model, Diagnostics())
    assert document is not None
    again = load(resolved_text(document), Diagnostics())
    assert again is not None and again.root["doc"] == document.root["doc"]
