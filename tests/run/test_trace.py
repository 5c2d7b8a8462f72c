"""The first value that is not finite is told by the node that gives it, as users know it."""

from __future__ import annotations

import math

import torch

import blockrec
from blockrec.run.trace import not_finite

MODEL = """
blockrec: 1
features: {price: {dense: 1}, age: {dense: 1}}
labels: [click]
graph: {deep: {block: linear, in: [price, age], out: 1}}
tasks: {click: {logits: deep, loss: bce}}
"""


def test_what_the_compiler_made_has_a_name_and_a_place() -> None:
    batch = {"price": torch.tensor([[1.0], [math.nan]]), "age": torch.ones(2, 1), "click": torch.tensor([0.0, 1.0])}
    error = not_finite(blockrec.compile(MODEL), batch, "at the first batch", math.nan, "")
    assert "comes from `deep/x`, for the samples 1 of the batch" in str(error)
    (found,) = error.diagnostics
    assert found.at is not None and found.at.text in MODEL
