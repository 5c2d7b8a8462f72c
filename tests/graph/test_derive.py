"""Sizes and their reasons: terms add up, in every value of every packaged model."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from blockrec.graph.compile import check_model
from blockrec.graph.derive import MOST, Derivation, Place
from blockrec.graph.passes.infer import value_types
from tests.models import MODELS


def derivation(graph: Any) -> Derivation:
    return Derivation(graph, value_types(graph))


@pytest.mark.parametrize(("name", "variant"), MODELS)
def test_terms_add_up(name: str, variant: str) -> None:
    checked, report = check_model(name, variants=[variant] if variant else [])
    assert checked is not None, str(report)
    derived = derivation(checked.graph)
    for (node, output), type in derived.types.items():
        for axis, size in enumerate(type.axes):
            terms = derived.terms(Place(node, output, axis))
            assert derived.size(Place(node, output, axis)) == size
            if isinstance(size, int):
                assert sum(term.size for term in terms if isinstance(term.size, int)) == size
            else:
                assert [term.size for term in terms] == [size]
            assert all(term.step.at.source.lines[term.step.at.line] for term in terms)


BASE = """
  query: {block: embed, in: [item, category], dim: {item: 3, category: 5}}
  steps: {block: embed, in: [behaviors.item, behaviors.category], dim: 4, table: other}
  both: {block: concat, in: [query, price]}
  normal: {block: layer_norm, in: both}
  pooled: {block: mean_pool, in: steps}
  wide: {block: mlp, in: [normal, pooled], hidden: [7, 6]}
  tall: {block: stack, in: [wide, wide, wide]}
  logit: {block: linear, in: wide, out: 1}
"""
SINKS = "tasks: {click: {logits: logit, loss: bce}}\noutputs: {tall: tall}\n"


@pytest.mark.parametrize(
    ("place", "terms"),
    [
        (("query", "out", 1), [("item", 3, "parameter", "dim"), ("category", 5, "parameter", "dim")]),
        (("normal", "out", 1), [("item", 3, "parameter", "dim"), ("category", 5, "parameter", "dim"), ("price", 2)]),
        (("pooled", "out", 1), [("behaviors.item", 4, "parameter"), ("behaviors.category", 4, "parameter")]),
        (("steps", "out", 1), [("behaviors.item", "behaviors", "feature")]),
        (("wide", "out", 1), [("wide", 6, "parameter", "hidden")]),
        (("tall", "out", 1), [("tall", 3, "computed", "len(inputs)")]),
        (("tall", "out", 2), [("wide", 6, "parameter", "hidden")]),
        (("price", "out", 1), [("price", 2, "feature", "")]),
        (("tall", "out", 0), [("item", "b", "feature")]),
    ],
    ids=str,
)
def test_what_a_size_is_made_of(checked: Any, place: Any, terms: Any) -> None:
    graph, report = checked(BASE, SINKS)
    assert graph is not None, str(report)
    found = derivation(graph).terms(Place(*place))
    assert [(t.name, t.size, t.step.kind, t.step.rule)[: len(e)] for t, e in zip(found, terms, strict=True)] == terms


def test_a_long_chain_and_a_doubling_sum_have_few_terms(checked: Any) -> None:
    chain = ["query", *(f"n{i}" for i in range(3000))]
    doubled = [chain[-1], *(f"d{i}" for i in range(10))]
    lines = [f"  {b}: {{block: layer_norm, in: {a}}}" for a, b in pairwise(chain)]
    lines += [f"  {b}: {{block: concat, in: [{a}, {a}]}}" for a, b in pairwise(doubled)]
    graph, report = checked(BASE + "\n".join(lines), SINKS + "watch: {end: d9}\n")
    assert graph is not None, str(report)
    derived = derivation(graph)
    assert len(derived.terms(Place(chain[-1], "out", 1))) == 2
    terms = derived.terms(Place("d9", "out", 1))
    assert 2 <= len(terms) <= MOST and sum(int(t.size) for t in terms) == 8 * 2**10
