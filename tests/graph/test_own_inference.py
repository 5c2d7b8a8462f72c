"""A block whose output type annotations cannot say infers it itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

import blockrec
from blockrec.graph.compile import check

BLOCKS = '''
import torch
from jaxtyping import Float
from torch import Tensor, nn
from blockrec import block
from blockrec.signature import Type


@block("pairs")
class Pairs(nn.Module):
    """Dot products of all pairs of fields: [b, f, d] → [b, f (f − 1) / 2]."""

    def forward(self, x: Float[Tensor, "b f d"]) -> Float[Tensor, "b p"]:
        i, j = torch.triu_indices(x.shape[1], x.shape[1], 1)
        return (x @ x.mT)[:, i, j]

    @staticmethod
    def infer(params: dict, x: Type) -> dict[str, Type]:
        fields = x.axes[1]
        if fields < 2:
            raise ValueError("one field has no pairs")
        return {"out": Type("float", (x.axes[0], fields * (fields - 1) // 2))}
'''
MODEL = """
blockrec: 1
name: pairs
imports: [pairs.py]
features: {a: {vocab: 5}, c: {vocab: 6}, e: {vocab: 7}}
graph:
  fields: {block: embed, in: [a, c, e], dim: 4, stack: true}
  found: {block: pairs, in: fields}
  score: {block: linear, in: found, out: 1}
outputs: {score: score}
"""


def written(folder: Path, text: str = MODEL) -> Path:
    (folder / "pairs.py").write_text(BLOCKS, "utf-8")
    (folder / "model.yaml").write_text(text, "utf-8")
    return folder / "model.yaml"


def test_its_type_flows_on(tmp_path: Path) -> None:
    model = blockrec.compile(written(tmp_path))
    types: dict[str, Any] = {
        name: str(node.outputs["out"]) for name, node in model.graph_ir.nodes.items() if node.outputs
    }
    assert types["fields"] == "[b, 3, 4]" and types["found"] == "[b, 3]"
    ids = torch.tensor([1, 2])
    assert model({"a": ids, "c": ids, "e": ids})["score"].shape == (2, 1)


def test_what_it_refuses_is_a_diagnostic(tmp_path: Path) -> None:
    _, _, report = check(written(tmp_path, MODEL.replace("[a, c, e]", "[a]")))
    (error,) = report.errors
    assert error.code == "E310" and "one field has no pairs" in error.message
