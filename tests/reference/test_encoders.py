"""Encoders of histories against the original code: each one in a small document, built from the case's parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

import blockrec
from blockrec.graph.lower import Model
from blockrec.jagged import Jagged, padded, steps_of
from tests.reference.case import Case, backpropagate, jagged_prefix, load_weights
from tests.reference.test_blocks import ACTIVATIONS, mlp_names

Names = Mapping[str, list[str]]
"""Name in the original code → ours, one below the other."""
COMPONENTS = (
    "simple_attention",
    "pooling_encoder",
    "self_attention_encoder",
    "multi_window_din_encoder",
    "hstu_encoder_legacy",
    "bst_transformer",
)
DERIVED = {"windows_len", "cumsum_windows_len", "_attn_mask"}
"""Buffers of the original that say what the parameters say."""


def test_case(case: Case) -> None:
    if case.quirk:
        pytest.skip(f"differs by design: {case.quirk}")
    if case.component == "bst_transformer":
        check_bst(case)
        return
    given = case.tensors("in")
    model = build(case, document(case), names_of(case))
    sequence = given["sequence"].requires_grad_()
    batch: dict[str, Any] = {"sequence.vector": jagged_prefix(sequence, given["sequence_length"])}
    if "query" in given:
        batch["query"] = given["query"].requires_grad_()
    outputs = model(batch)
    legacy = case.component == "hstu_encoder_legacy"  # which gave one step in evaluation, and all in training
    y = outputs["steps"].values if legacy and case.training else outputs["result"]
    case.assert_close("out/y", y)
    backpropagate({"y": y}, case.tensors("cot"))
    check_gradients(case, model, names_of(case))
    for name, x in {"sequence": sequence, "query": batch.get("query")}.items():
        if f"grad/in/{name}" in case.arrays:
            assert isinstance(x, Tensor) and x.grad is not None
            case.assert_close(f"grad/in/{name}", x.grad)


def document(case: Case) -> dict[str, Any]:
    """Features of the widths of the case, and its block."""
    p = case.params
    query = p.get("query_dim")
    block = BLOCKS[case.component](p)
    limit = {"max_len": p["max_seq_length"]} if case.component not in UNCUT and p["max_seq_length"] else {}
    ports = {"keys": "sequence.vector", **({"query": "query"} if query else {})}
    steps = {"steps": "y.steps"} if case.component == "hstu_encoder_legacy" else {}
    return {
        "blockrec": 1,
        "name": "encoder",
        "features": {
            **({"query": {"dense": query}} if query else {}),
            "sequence": {"max_len": 1000, "fields": {"vector": {"dense": p["sequence_dim"]}}},
        },
        "graph": {"y": {"in": ports, **block, **limit}},
        "outputs": {"result": "y", **steps},
    }


def self_attention(p: Any) -> dict[str, Any]:
    sizes = {"width": p["multihead_attn_dim"], "heads": p["num_heads"], "dropout": p["dropout"]}
    return {"block": "self_attention", **sizes, "inner": True, "mean_over": "history"}


def multi_window(p: Any) -> dict[str, Any]:
    sizes = {"windows": p["windows_len"], "hidden": p["hidden_units"], "activation": ACTIVATIONS[p["activation"]]}
    return {"block": "multi_window_din", "begin": "oldest", **sizes}


def hstu(p: Any) -> dict[str, Any]:
    return {
        "block": "hstu_encoder",
        "layers": p["num_blocks"],
        "heads": p["num_heads"],
        "key_width": p["attn_dim"],
        "value_width": p["linear_dim"],
        "positions": p["max_seq_length"] + p["max_output_len"] + 1,
        "position_dropout": p["pos_dropout_rate"],
        "dropout": p["linear_dropout_rate"],
    }


UNCUT = ("hstu_encoder_legacy", "multi_window_din_encoder")
BLOCKS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "simple_attention": lambda _: {"block": "simple_attention"},
    "pooling_encoder": lambda p: {"block": "pooling", "by": p["pooling_type"]},
    "self_attention_encoder": self_attention,
    "multi_window_din_encoder": multi_window,
    "hstu_encoder_legacy": hstu,
}


def names_of(case: Case) -> Names:
    p = case.params
    if case.component == "self_attention_encoder":
        return self_attention_names()
    if case.component == "multi_window_din_encoder":
        network = mlp_names("mlp.mlp", "nodes.y.mlp", {"use_bn": False, "use_ln": False, **p})
        score = {"linear.weight": "score.0.weight", "linear.bias": "score.0.bias", "active.weight": "score.1.weight"}
        return {k: [v] for k, v in network.items()} | {k: [f"nodes.y.{v}"] for k, v in score.items()}
    if case.component == "hstu_encoder_legacy":
        names = {"position_embed.weight": ["nodes.y.position.weight"]}
        for i in range(p["num_blocks"]):
            parts = {"_uvqk": "project.weight", "_o.weight": "out.weight", "_o.bias": "out.bias"}
            names |= {f"_attention_layers.{i}.{k}": [f"nodes.y.layers.{i}.{v}"] for k, v in parts.items()}
        return names
    return {}


def self_attention_names() -> Names:
    first = {
        f"_{part}.{kind}": [f"nodes.y.heads.{part}.{kind}"]
        for part in ("query", "key", "value")
        for kind in ("weight", "bias")
    }
    second = {
        f"_multihead_attn.in_proj_{kind}": [f"nodes.y.inner.{i}.{kind}" for i in range(3)]
        for kind in ("weight", "bias")
    }
    out = {f"_multihead_attn.out_proj.{kind}": [f"nodes.y.heads.out.{kind}"] for kind in ("weight", "bias")}
    return first | second | out


def build(case: Case, written: dict[str, Any], names: Names) -> Model:
    model = blockrec.compile(written).to(case.dtype)
    given = {**case.tensors("w"), **case.tensors("state")}
    assert set(given) - DERIVED == set(names), f"names of the case: {sorted(set(given) ^ set(names))}"
    load_weights(model, {own: x for name, owns in names.items() for own, x in parts(name, given[name], owns)})
    return model.train(case.training)


def parts(name: str, weight: Tensor, owns: list[str]) -> list[tuple[str, Tensor]]:
    """The legacy projection is (IN, OUT)."""
    whole = weight.T if name.endswith("_uvqk") else weight
    return list(zip(owns, whole.chunk(len(owns)), strict=True))


def check_gradients(case: Case, model: Model, names: Names) -> None:
    parameters = dict(model.named_parameters())
    for name, owns in names.items():
        if f"grad/w/{name}" in case.arrays:
            found = [parameters[own].grad for own in owns]
            whole = torch.cat(
                [
                    parameters[own].new_zeros(parameters[own].shape) if g is None else g
                    for own, g in zip(owns, found, strict=True)
                ]
            )
            case.assert_close(f"grad/w/{name}", whole.T if name.endswith("_uvqk") else whole)


def check_bst(case: Case) -> None:
    """Each pooling with and without the causal mask, with the same weights; `y` is the mean without."""
    given, last = case.tensors("in"), case.params["seq_len"] - 1
    recorded = {k.removeprefix("out/") for k in case.arrays if k.startswith("out/")} - {"y"}
    poolings = {name.split("_causal")[0] for name in recorded} - {"tr"}
    compared = set()
    for causal in (False, True):
        for pooling in poolings:
            model, batch, leaves = bst(case, pooling, causal)
            result = model(batch)
            outputs = {
                f"{pooling}_causal{causal:d}": result["result"],
                f"tr_causal{causal:d}": padded_steps(result, last),
            }
            for name, own in outputs.items():
                case.assert_close(f"out/{name}", own)
            compared |= set(outputs)
            if pooling == "mean" and not causal:
                case.assert_close("out/y", result["result"])
                backpropagate({"y": result["result"]}, case.tensors("cot"))
                check_gradients(case, model, bst_names(case.params))
                for name, x in leaves.items():
                    assert x.grad is not None
                    case.assert_close(f"grad/in/{name}", x.grad)
    assert compared == recorded and given["ids"].shape[1] == last


def bst(case: Case, pooling: str, causal: bool) -> tuple[Model, dict[str, Any], dict[str, Tensor]]:
    p, given = case.params, case.tensors("in")
    block = {
        "block": "bst",
        "in": {"query": "query", "keys": "sequence.vector"},
        "layers": p["num_layers"],
        "heads": p["num_heads"],
        "feed_forward": p["ffn_dim"],
        "causal": causal,
        "beside": p["position_dim"],
        "count": "start",
        "max_len": p["seq_len"] - 1,
        "pooling": pooling,
    }
    written = {
        "blockrec": 1,
        "name": "encoder",
        "features": {
            "query": {"dense": p["item_dim"]},
            "sequence": {"max_len": 1000, "fields": {"vector": {"dense": p["item_dim"]}}},
        },
        "graph": {"y": block},
        "outputs": {"result": "y", "steps": "y.steps"},
    }
    leaves = {name: given[name].requires_grad_() for name in ("seq_emb", "target_emb")}
    steps = jagged_prefix(leaves["seq_emb"], (given["ids"] != 0).sum(1))
    return build(case, written, bst_names(p)), {"query": leaves["target_emb"], "sequence.vector": steps}, leaves


def bst_names(p: Any) -> Names:
    names = {"position_emb": ["nodes.y.places.table"]}
    plain = {"ffn.0": "network.0", "ffn.2": "network.2", "layer_norm1": "norms.0", "layer_norm2": "norms.1"}
    plain["attention.out_proj"] = "heads.out"
    for i in range(p["num_layers"]):
        theirs, ours = f"transformer_blocks.{i}", f"nodes.y.layers.{i}"
        for kind in ("weight", "bias"):
            names |= {f"{theirs}.{k}.{kind}": [f"{ours}.{v}.{kind}"] for k, v in plain.items()}
            packed = [f"{ours}.heads.{part}.{kind}" for part in ("query", "key", "value")]
            names[f"{theirs}.attention.in_proj_{kind}"] = packed
    return names


def padded_steps(result: Mapping[str, Any], last: int) -> Tensor:
    """[b, T + 1, d]: steps of the history from the left, the target in the last column."""
    steps: Jagged = result["steps"]
    place = steps_of(steps)
    return padded(steps, last + 1, torch.where(place == steps.lengths[steps.rows] - 1, last, place))
