"""Blocks against the original code: each one in a small document, built from the case's parameters."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import blockrec
from blockrec.graph.lower import Model
from blockrec.jagged import Jagged
from tests.reference.case import Case, backpropagate, jagged_prefix, load_weights

COMPONENTS = ("din_encoder", "mlp")
ACTIVATIONS = {
    "": "none",
    "Dice": "dice",
    "nn.ReLU": "relu",
    "nn.PReLU": "prelu",
    "nn.SiLU": "silu",
    "nn.GELU": "gelu",
    "nn.Tanh": "tanh",
    "nn.Sigmoid": "sigmoid",
}


def test_case(case: Case) -> None:
    if case.quirk:
        pytest.skip(f"differs by design: {case.quirk}")
    if case.component == "din_encoder":
        check_din(case)
    else:
        check_mlp(case)


def check_din(case: Case) -> None:
    p, given = case.params, case.tensors("in")
    model = compiled(case, din_document(p), mlp_names("mlp.mlp", "nodes.y.score.mlp", p) | out_names())
    query = given["query"].requires_grad_()
    sequence = given["sequence"].requires_grad_()
    steps = jagged_prefix(sequence, given["sequence_length"])
    y = model({"query": query, "sequence.vector": steps})["result"]
    case.assert_close("out/y", y)
    backpropagate({"y": y}, case.tensors("cot"))
    check_gradients(case, model, mlp_names("mlp.mlp", "nodes.y.score.mlp", p) | out_names())
    case.assert_close("grad/in/query", query.grad if query.grad is not None else torch.zeros_like(query))
    assert sequence.grad is not None
    case.assert_close("grad/in/sequence", sequence.grad)


def din_document(p: Any) -> dict[str, Any]:
    sizes = {"hidden": p["hidden_units"], "activation": ACTIVATIONS[p["activation"]], "norm": norm(p)}
    limit = {"max_len": p["max_seq_length"]} if p["max_seq_length"] else {}
    ports = {"query": "query", "keys": "sequence.vector"}
    return {
        "blockrec": 1,
        "name": "encoder",
        "features": {
            "query": {"dense": p["query_dim"]},
            "sequence": {"max_len": 1000, "fields": {"vector": {"dense": p["sequence_dim"]}}},
        },
        "graph": {"y": {"block": "din", "in": ports, **sizes, **limit}},
        "outputs": {"result": "y"},
    }


def out_names() -> dict[str, str]:
    return {"linear.weight": "nodes.y.score.out.weight", "linear.bias": "nodes.y.score.out.bias"}


def check_mlp(case: Case) -> None:
    p, given = case.params, case.tensors("in")
    names = mlp_names("mlp", "nodes.y", p)
    model = compiled(case, mlp_document(p), names)
    x = given["x"].requires_grad_()
    y = model({"x": x} if x.dim() == 2 else {"x.vector": jagged_prefix(x, full(x))})["result"]
    y = y.values.reshape(*x.shape[:-1], -1) if isinstance(y, Jagged) else y
    case.assert_close("out/y", y)
    backpropagate({"y": y}, case.tensors("cot"))
    check_gradients(case, model, names)
    assert x.grad is not None
    case.assert_close("grad/in/x", x.grad)
    for original, own in names.items():
        if f"out/state/{original}" in case.arrays:
            case.assert_close(f"out/state/{original}", model.state_dict()[own])


def mlp_document(p: Any) -> dict[str, Any]:
    steps = {"max_len": 1000, "fields": {"vector": {"dense": p["in_features"]}}}
    return {
        "blockrec": 1,
        "name": "mlp",
        "features": {"x": {"dense": p["in_features"]} if p["input_dim"] == 2 else steps},
        "graph": {
            "y": {
                "block": "mlp",
                "in": "x" if p["input_dim"] == 2 else "x.vector",
                "hidden": p["hidden_units"],
                "activation": ACTIVATIONS[p["activation"]],
                "norm": norm(p),
                "bias": p["bias"],
                "dropout": p["dropout_ratio"],
            }
        },
        "outputs": {"result": "y"},
    }


def full(x: Tensor) -> Tensor:
    return torch.full((x.shape[0],), x.shape[1])


def norm(p: Any) -> str:
    return "batch" if p["use_bn"] else "layer" if p["use_ln"] else "none"


def mlp_names(original: str, own: str, p: Any) -> dict[str, str]:
    """Names of an MLP's parameters and buffers: Linear, then norm, then activation, with the original's indices."""
    steps = p.get("input_dim", 3) == 3
    norm_at = 2 if steps and p["use_bn"] else 1
    activation_at = 1 + (3 if steps and p["use_bn"] else 1 if norm(p) != "none" else 0)
    bias = ["bias"] if p.get("bias", True) and not p["use_bn"] else []
    running = ["running_mean", "running_var", "num_batches_tracked"]
    names: dict[str, str] = {}
    for i in range(len(p["hidden_units"])):
        layer, mine = f"{original}.{i}.perceptron", f"{own}.layers.{i}"
        names |= {f"{layer}.0.{part}": f"{mine}.linear.{part}" for part in ["weight", *bias]}
        if norm(p) != "none":
            parts = ["weight", "bias", *(running if p["use_bn"] else [])]
            names |= {f"{layer}.{norm_at}.{part}": f"{mine}.norm.{part}" for part in parts}
        if p["activation"] == "Dice":
            names[f"{layer}.{activation_at}.alpha"] = f"{mine}.activation.alpha"
            names |= {f"{layer}.{activation_at}.bn.{part}": f"{mine}.activation.norm.{part}" for part in running}
        if p["activation"] == "nn.PReLU":
            names[f"{layer}.{activation_at}.weight"] = f"{mine}.activation.weight"
    return names


def compiled(case: Case, document: dict[str, Any], names: dict[str, str]) -> Model:
    model = blockrec.compile(document).to(case.dtype)
    given = {**case.tensors("w"), **case.tensors("state")}
    assert set(given) == set(names), f"names of the case: {sorted(set(given) ^ set(names))}"
    load_weights(model, {own: given[original] for original, own in names.items()})
    return model.train(case.training)


def check_gradients(case: Case, model: Model, names: dict[str, str]) -> None:
    parameters = dict(model.named_parameters())
    for original, own in names.items():
        if f"grad/w/{original}" in case.arrays:
            grad = parameters[own].grad
            case.assert_close(f"grad/w/{original}", torch.zeros_like(parameters[own]) if grad is None else grad)
