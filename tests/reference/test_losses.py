"""Losses of tasks, and vectors of numbers, against the original code: each one in a small document."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

import blockrec
from blockrec.graph.lower import Model
from tests.reference.case import Case, backpropagate, load_weights

COMPONENTS = ("focal_loss", "jrc_loss", "autodis_embedding")
LOSSES = {"focal_loss": "focal", "jrc_loss": "jrc"}
AUTODIS = {"proj_w": "nodes.y.scale", "proj_m": "nodes.y.mix", "meta_emb": "nodes.y.vectors"}


def test_case(case: Case) -> None:
    if case.component == "autodis_embedding":
        check_autodis(case)
    else:
        check_loss(case)


def check_loss(case: Case) -> None:
    given = case.tensors("in")
    logits = given["logits"].requires_grad_()
    model = blockrec.compile(loss_document(case)).to(case.dtype).train(case.training)
    outputs = {"loss": loss(model, given)}
    if "out/loss_none" in case.arrays:
        alone = torch.eye(len(logits), dtype=case.dtype)
        outputs["loss_none"] = torch.stack([loss(model, given, row) for row in alone])
    for name, own in outputs.items():
        case.assert_close(f"out/{name}", own)
    backpropagate(outputs, case.tensors("cot"))
    assert logits.grad is not None
    case.assert_close("grad/in/logits", logits.grad)


def loss(model: Model, given: dict[str, Tensor], weight: Tensor | None = None) -> Tensor:
    """Of the rows, or of those that weigh something."""
    logits = given["logits"]
    weight = torch.ones(len(logits), dtype=logits.dtype) if weight is None else weight
    batch = {"x": logits.reshape(len(logits), -1), "click": given["label"], "w": weight}
    found: Tensor = model(batch | {k: v for k, v in given.items() if k == "session"})["loss"]
    return found


def loss_document(case: Case) -> dict[str, Any]:
    p = dict(case.params)
    block: dict[str, Any] = {"block": LOSSES[case.component], **p}
    features: dict[str, Any] = {"x": {"dense": 2 if case.component == "jrc_loss" else 1}}
    if case.component == "focal_loss":
        block["detach"] = True
    if "in/session" in case.arrays:
        block["in"] = {"session": "session"}
        features["session"] = {"raw": "int64"}
    return {
        "blockrec": 1,
        "name": case.component,
        "features": features,
        "labels": {"click": {}, "w": {"type": "float"}},
        "graph": {"logit": {"block": "concat", "in": ["x"]}},
        "tasks": {"click": {"logits": "logit", "loss": block, "sample_weight": "w"}},
    }


def check_autodis(case: Case) -> None:
    p, x = case.params, case.tensors("in")["x"].requires_grad_()
    sizes = {"dim": p["embedding_dim"], "channels": p["num_channels"]}
    model = blockrec.compile(
        {
            "blockrec": 1,
            "name": "numbers",
            "features": {"x": {"dense": p["num_features"]}},
            "graph": {
                "y": {"block": "autodis", "in": "x", **sizes, "temperature": p["temperature"], "keep": p["keep_prob"]}
            },
            "outputs": {"result": "y"},
        }
    ).to(case.dtype)
    load_weights(model, {AUTODIS[name]: value for name, value in case.tensors("w").items()})
    y = model.train(case.training)({"x": x})["result"]
    case.assert_close("out/y", y)
    backpropagate({"y": y}, case.tensors("cot"))
    parameters = dict(model.named_parameters())
    for name, own in AUTODIS.items():
        grad = parameters[own].grad
        assert grad is not None
        case.assert_close(f"grad/w/{name}", grad)
    assert x.grad is not None
    case.assert_close("grad/in/x", x.grad)
