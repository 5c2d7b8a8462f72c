"""MIND's capsules and variational dropout against TorchEasyRec: each in a small document from the case's parameters."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import blockrec
from tests.reference.case import Case, backpropagate, jagged_prefix, load_weights

COMPONENTS = ("mind_capsule", "variational_dropout")


def test_case(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    if case.component == "mind_capsule":
        check_capsules(case)
    else:
        check_dropout(case, monkeypatch)


def check_capsules(case: Case) -> None:
    p, given = case.params, case.tensors("in")
    model = blockrec.compile(capsules_document(p)).to(case.dtype).train(case.training)
    weight = case.tensors("w")["bilinear_matrix"]
    load_weights(model, {"nodes.interests.bilinear": weight})
    x = given["x"].requires_grad_()
    found = model({"history.vector": jagged_prefix(x, given["length"])})["interests"]
    mask = torch.arange(p["max_k"]) < found.lengths[:, None]
    padded = torch.zeros(len(x), p["max_k"], p["high_dim"], dtype=case.dtype)
    y = padded.masked_scatter(mask[..., None], found.values)
    case.assert_close("out/mask", mask)
    case.assert_close("out/y", y)
    backpropagate({"y": y}, case.tensors("cot"))
    assert x.grad is not None
    case.assert_close("grad/in/x", x.grad)
    case.assert_close("grad/w/bilinear_matrix", gradient(model, "nodes.interests.bilinear"))


def capsules_document(p: Any) -> dict[str, Any]:
    capsules = {
        "block": "capsules",
        "in": "history.vector",
        "width": p["high_dim"],
        "k": p["max_k"],
        "iterations": p["num_iters"],
        "scale": p["routing_logits_scale"],
        "power": p["squash_pow"],
        "first": {"zeros": "zeros"}.get(p["routing_init_method"], "noise"),
        "adaptive": not p["const_caps_num"],
        "max_len": p["max_seq_len"],
    }
    return {
        "blockrec": 1,
        "name": "mind",
        "features": {"history": {"max_len": 1000, "fields": {"vector": {"dense": p["input_dim"]}}}},
        "graph": {"interests": capsules},
        "outputs": {"interests": "interests"},
    }


def check_dropout(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    p, given, weights = case.params, case.tensors("in"), case.tensors("w")
    assert weights["feature_dim_repeat"].tolist() == p["feature_dims"]
    model = blockrec.compile(dropout_document(p)).to(case.dtype).train(case.training)
    names = [f"nodes.drop.x{i}.logit" for i in range(len(p["feature_dims"]))]
    load_weights(model, dict(zip(names, weights["feature_p"], strict=True)))
    x = given["x"].requires_grad_()
    if "unif_noise" in given:
        columns = iter(given["unif_noise"].split(1, dim=1))
        monkeypatch.setattr(torch, "rand", lambda *_, **__: next(columns))
    found = model({f"x{i}": part for i, part in enumerate(x.split(p["feature_dims"], dim=1))})
    outputs = {"y": found["result"], "loss": found["loss"]}
    case.assert_close("out/y", outputs["y"])
    case.assert_close("out/loss", outputs["loss"])
    backpropagate(outputs, case.tensors("cot"))
    assert x.grad is not None
    case.assert_close("grad/in/x", x.grad)
    case.assert_close("grad/w/feature_p", torch.stack([gradient(model, name) for name in names]))


def dropout_document(p: Any) -> dict[str, Any]:
    features = {f"x{i}": {"dense": width} for i, width in enumerate(p["feature_dims"])}
    drop = {"block": "variational_dropout", "in": "$x", "each": {"x": [*features]}, "temperature": p["temperature"]}
    return {
        "blockrec": 1,
        "name": "dropout",
        "features": features,
        "graph": {"drop": drop, "all": {"block": "concat", "in": "drop.*"}},
        "losses": {
            "price": {
                "block": "selection_penalty",
                "in": [f"drop.{x}.kept" for x in features],
                "weight": p["regularization_lambda"],
            }
        },
        "outputs": {"result": "all"},
    }


def gradient(model: torch.nn.Module, name: str) -> Tensor:
    found = model.get_parameter(name).grad
    assert found is not None
    return found
