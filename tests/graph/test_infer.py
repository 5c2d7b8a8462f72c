"""Types and sizes: what fits, what does not, and where each size came from."""

from __future__ import annotations

from typing import Any

import pytest

BASE = """
  target: {block: embed, in: [item, category], dim: 4}
  history: {block: embed, in: [behaviors.item, behaviors.category], dim: 4}
"""
OUT = "tasks: {click: {logits: logit, loss: bce}}"
LOGIT = "\n  logit: {block: linear, in: interest, out: 1}"


def test_types_of_vectors_and_sequences(checked: Any) -> None:
    graph, _ = checked(BASE + "  interest: {block: din, in: {query: target, keys: history}}" + LOGIT, OUT)
    assert graph is not None
    types = {name: (str(node.outputs["out"]), node.outputs["out"].jagged) for name, node in graph.nodes.items()}
    assert types["history"] == ("[b, behaviors, 8]", True) and types["interest"] == ("[b, 8]", False)


def test_shape_mismatch_says_where_both_sizes_come_from(checked: Any) -> None:
    graph = (
        BASE + "  wide: {block: linear, in: target, out: 9}\n  interest: {block: hadamard, in: [target, wide]}" + LOGIT
    )
    _, report = checked(graph, OUT)
    (error,) = report.errors
    assert (error.code, error.label) == ("E310", "[b, 9], but axis `d` is 8")
    assert [text for _, text in error.notes] == ["`d` = 8 = item 4 + category 4", "9 comes from here"]
    assert [at.text for at, _ in error.notes] == ["4", "9"] and "{block: linear, in: wide, out: 8}" in error.help


@pytest.mark.parametrize(
    ("node", "code"),
    [
        ("{block: mean_pool, in: target}", "E315"),
        ("{block: din, in: {query: history, keys: history}}", "E315"),
        ("{block: linear, in: item, out: 3}", "E315"),
        ("{block: hadamard, in: [target, history]}", "E316"),
    ],
)
def test_wrong_kind_of_value(codes: Any, node: str, code: str) -> None:
    assert [c for c, _ in codes(BASE + f"  interest: {node}" + LOGIT, OUT)] == [code]


def test_sequences_of_different_lengths_do_not_mix(codes: Any) -> None:
    graph = BASE + "  other: {block: embed, in: views.item, dim: 4, table: second}\n"
    graph += "  both: {block: concat, in: [history, other]}\n  interest: {block: mean_pool, in: both}" + LOGIT
    assert codes(graph, OUT) == [("E316", "other")]


def test_a_row_wise_block_applies_to_every_step(checked: Any) -> None:
    graph = (
        BASE
        + "  steps: {block: mlp, in: [history, behaviors.gap], hidden: [5]}\n  interest: {block: mean_pool, in: steps}"
    )
    found, _ = checked(graph + LOGIT, OUT)
    assert found is not None and found.nodes["steps"].lifted
    assert str(found.nodes["steps"].outputs["out"]) == "[b, behaviors, 5]"


def test_one_table_has_one_width(checked: Any) -> None:
    graph = BASE + "  wide: {block: embed, in: item, dim: 6}\n  interest: {block: concat, in: [target, wide]}" + LOGIT
    _, report = checked(graph, OUT)
    (error,) = report.errors
    assert error.code == "E311" and error.notes[0][1] == "dim 4 comes from here"


def test_empty_hidden_is_a_diagnostic(codes: Any) -> None:
    assert [c for c, _ in codes(BASE + "  interest: {block: mlp, in: target, hidden: []}" + LOGIT, OUT)] == ["E106"]


@pytest.mark.parametrize(
    ("params", "code", "place"),
    [
        ("hidden: 64", "E104", "64"),
        ("hidden: [4], dropout: 1.5", "E106", "1.5"),
        ("hidden: [4], activation: rulu", "E107", "rulu"),
        ("hidden: [4], hiden: 3", "E103", "hiden"),
        ("dropout: 0.1", "E105", "mlp"),
    ],
)
def test_parameters_against_the_schema(codes: Any, params: str, code: str, place: str) -> None:
    assert codes(BASE + f"  interest: {{block: mlp, in: target, {params}}}" + LOGIT, OUT) == [(code, place)]


def test_per_step_labels_are_not_confused_with_rows(codes: Any) -> None:
    graph = BASE + "  logit: {block: linear, in: history, out: 1}"
    assert [c for c, _ in codes(graph, OUT)] == ["E316"]


def test_a_loss_is_one_number(codes: Any) -> None:
    graph = BASE + "  interest: {block: hadamard, in: [target, target]}" + LOGIT
    assert codes(graph, OUT + "\nlosses: {side: {block: linear, in: target, out: 1}}\n") == [("E310", "side")]
