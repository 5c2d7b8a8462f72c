"""Differences of models: laws over pairs of the zoo, and what single changes look like."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest

from blockrec.graph.compile import Checked, check_model
from blockrec.graph.diff import Change, Diff, diff
from blockrec.language.resolved import resolved_text
from tests.graph.conftest import model_text
from tests.models import MODELS

PAIRS = [pair for by in (0, 1, 7, 31) for pair in zip(MODELS, [*MODELS[by:], *MODELS[:by]], strict=True)]
"""Each model with itself, with its neighbours, which are often variants of it, and with some far away."""


@cache
def zoo(name: str, variant: str = "") -> Checked:
    return checked_model(name, variants=[variant] if variant else [])


def checked_model(model: Any, **chosen: Any) -> Checked:
    found, report = check_model(model, **chosen)
    assert found is not None, str(report)
    return found


def alike(one: Diff, two: Diff) -> bool:
    def key(change: Change) -> tuple[str, ...]:
        return (change.section, change.name, change.kind, str(change.renamed), *sorted(map(repr, change.aspects)))

    return sorted(map(key, one.changes)) == sorted(map(key, two.changes))


@pytest.mark.parametrize(("name", "variant"), MODELS)
def test_a_model_does_not_differ_from_itself_nor_from_its_resolved_file(name: str, variant: str) -> None:
    assert diff(zoo(name, variant), checked_model(name, variants=[variant] if variant else [])).same
    assert diff(zoo(name, variant), checked_model(resolved_text(zoo(name, variant).document))).same


@pytest.mark.parametrize(("one", "two"), PAIRS, ids=str)
def test_the_way_back_is_the_mirror_image(one: tuple[str, str], two: tuple[str, str]) -> None:
    there, back = diff(zoo(*one), zoo(*two)), diff(zoo(*two), zoo(*one))
    assert alike(there.mirrored(), back) and alike(back.mirrored(), there)
    assert there.same == back.same == (not there.changes)
    assert json.dumps(there.to_json(), default=str)
    assert all(change.aspects or change.renamed for change in there.changes)


GRAPH = """
  v: {block: embed, in: [item, category], dim: 4}
  deep: {block: linear, in: v, out: 6}
  norm: {block: layer_norm, in: deep}
  logit: {block: linear, in: norm, out: 1}
"""
REST = "tasks: {click: {logits: logit, loss: bce}}\n"


def changed(graph: str = GRAPH, rest: str = REST, **chosen: Any) -> Diff:
    return diff(checked_model(model_text(GRAPH, REST)), checked_model(model_text(graph, rest), **chosen))


def summary(found: Diff) -> list[str]:
    return [f"{c.kind} {c.section}.{c.name}" for c in found.changes if c.section != "totals"]


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ("dim: 4}", "dim: 4}  # a comment", []),
        ("dim: 4}", "dim: 4, doc: some words}", []),
        ("dim: 4}", "dim: 4, table: main}", []),
        ("out: 1}", "out: 1, bias: true}", []),
        ("out: 6}", "out: 7}", ["changed nodes.deep", "changed nodes.norm", "changed nodes.logit"]),
        ("deep", "wide", ["renamed nodes.deep"]),
        ("layer_norm", "l2_norm", ["changed nodes.norm"]),
        ("in: v,", "in: [v, price],", ["changed nodes.deep", "added features.price"]),
        ("[item, category]", "[category, item]", ["changed nodes.v"]),
        ("dim: 4}", "dim: 4, table: x}", ["changed nodes.v", "removed tables.main.item", "removed tables.main.category",
                                          "added tables.x.item", "added tables.x.category"]),
        ("in: norm", "in: deep", ["removed nodes.norm", "changed nodes.logit"]),
    ],
)  # fmt: skip
def test_a_change_of_the_graph(old: str, new: str, changes: list[str]) -> None:
    assert summary(changed(GRAPH.replace(old, new))) == changes


def test_a_chain_of_new_names_is_only_that() -> None:
    found = changed(re.sub(r"\b(v|deep|norm|logit)\b", r"\1_2", GRAPH), REST.replace("logit,", "logit_2,"))
    assert summary(found) == [f"renamed nodes.{name}" for name in ("v", "deep", "norm", "logit")]
    assert [c.renamed for c in found.changes] == ["v_2", "deep_2", "norm_2", "logit_2"]
    assert not any(c.aspects for c in found.changes)


def test_twins_are_not_guessed_at() -> None:
    twins = "  a: {block: linear, in: v, out: 6}\n  b: {block: linear, in: v, out: 6}\n"
    ends = "  logit: {block: linear, in: [a, b], out: 1}\n"
    old = checked_model(model_text(GRAPH.replace("  logit", "  other") + twins + ends, REST + "outputs: {o: other}"))
    text = (twins + ends).replace("a:", "x:").replace("b:", "y:").replace("[a, b]", "[x, y]")
    new = checked_model(model_text(GRAPH.replace("  logit", "  other") + text, REST + "outputs: {o: other}"))
    assert {c.kind for c in diff(old, new).changes if c.name in "abxy"} == {"added", "removed"}


@pytest.mark.parametrize(
    ("sets", "changes"),
    [
        (["train.epochs=1"], []),
        (["train.epochs=2"], ["changed settings.train.epochs"]),
        (["train.optimizer.dense.adam.lr=0.5"], ["changed settings.train.optimizer.dense.adam.lr"]),
        (["kernels=reference"], ["changed settings.kernels"]),
        (["features.behaviors.max_len=3"], []),
        (["features.item.vocab=9"], ["changed features.item", "changed tables.main.item"]),
        (["tasks.click.weight=2"], ["changed returns.loss.click"]),
        (["tasks.click.metrics=[auc]"], ["changed returns.click"]),
        (["outputs.v=v"], ["added returns.v"]),
        (["watch.v=v"], ["added returns.watch.v"]),
        (["name=other"], []),
    ],
)
def test_a_change_of_a_setting(sets: list[str], changes: list[str]) -> None:
    assert summary(changed(sets=sets)) == changes


def test_counts_are_those_of_both_models() -> None:
    (dense,) = [c for c in changed(GRAPH.replace("out: 6", "out: 7")).changes if c.name == "dense"]
    (aspect,) = dense.aspects
    assert (aspect.old, aspect.new) == (8 * 6 + 6 + 12 + 7, 8 * 7 + 7 + 14 + 8)
