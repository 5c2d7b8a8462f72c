"""Features that a file only declares."""

from __future__ import annotations

from pathlib import Path

import pytest

from blockrec.diagnostics import Diagnostics, Source
from blockrec.graph.compile import check
from blockrec.language.mentions import unmentioned_features
from blockrec.language.source import read_map

HEAD = "features: {a: {vocab: 3}, b: {vocab: 3}, c: {like: b}, s: {fields: {x: {like: a}}}}\n"


@pytest.mark.parametrize(
    ("text", "unmentioned"),
    [
        ("graph: {}", {"a", "b", "c", "s"}),
        ("graph: {n: {in: [a, b]}}", {"c", "s"}),
        ("graph: {n: {in: c}}", {"a", "s"}),
        ("graph: {n: {in: s.x}}", {"b", "c"}),
        ("data: {history: {s: {where: y > 1}}}", {"b", "c"}),
        ("tasks: {t: {metrics: [{gauc: {by: b}}]}}", {"a", "c", "s"}),
        ("params: {which: a}", {"b", "c", "s"}),
        ("doc: a and b\ngraph: {a: {doc: of b}}", {"a", "b", "c", "s"}),
    ],
)
def test_what_nothing_mentions(text: str, unmentioned: set[str]) -> None:
    root = read_map(Source("m", HEAD + text), Diagnostics())
    assert root is not None and unmentioned_features(root) == unmentioned


def test_only_features_of_the_file_itself_are_warned_about(tmp_path: Path) -> None:
    model = tmp_path / "m.yaml"
    rest = (
        "graph:\n  v: {block: embed, in: item, dim: 4}\n  logit: {block: linear, in: v, out: 1}\n"
        "tasks: {click: {logits: logit, loss: bce}}\n"
    )
    model.write_text("blockrec: 1\ndataset: planted_interests\nfeatures: {price: {vocab: 9}}\n" + rest)
    assert [(d.code, d.at.text if d.at else "") for d in check(model)[2]] == [("W202", "price")]
    model.write_text("blockrec: 1\ndataset: planted_interests\nfeatures: {item: {vocab: auto}}\n" + rest)
    assert not list(check(model)[2])
