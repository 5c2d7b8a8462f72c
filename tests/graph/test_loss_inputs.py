"""Inputs that the loss of a task has besides logits, label and weights."""

from __future__ import annotations

from typing import Any

import pytest

import blockrec
from blockrec.blocks.loss.jrc import JRC
from tests.graph.conftest import batch_of, model_text

GRAPH = "  v: {block: embed, in: [item, user], dim: 4}\n  logit: {block: linear, in: v, out: 2}"


def task(loss: str, rest: str = "") -> str:
    return f"tasks: {{click: {{logits: logit, loss: {loss}{rest}}}}}"


def test_they_reach_the_loss_and_not_the_prediction() -> None:
    model = blockrec.compile(model_text(GRAPH, task("{block: jrc, alpha: 0.2, in: {session: category}}")))
    batch = batch_of()
    results = model(batch)
    wanted = JRC(alpha=0.2)(results["click"], batch["click"], batch["category"])
    assert results["loss"] == wanted and "category" not in model.only("click").graph_ir.used_features()


@pytest.mark.parametrize(
    ("loss", "found"),
    [
        ("{block: jrc, in: {sesion: category}}", [("E203", "sesion")]),
        ("{block: jrc, in: {session: v}}", [("E315", "v")]),
        ("{block: jrc, in: {session: nothing}}", [("E207", "nothing")]),
        ("{block: jrc, in: {logits: v}}", [("E101", "logits")]),
        ("{block: jrc, in: {weight: price}}", [("E101", "weight")]),
        ("{block: jrc, in: category}", [("E101", "category")]),
        ("{block: match_softmax, in: {query: v}}", [("E205", "match_softmax")]),
    ],
)
def test_mistakes(codes: Any, loss: str, found: list[tuple[str, str]]) -> None:
    assert codes(GRAPH, task(loss)) == found
