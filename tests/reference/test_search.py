"""Searches of FuxiCTR's long-sequence models, reproduced by the zoo files: vectors of the case are rows of tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

import blockrec
from blockrec.graph.lower import Model
from blockrec.jagged import Jagged
from tests.reference.case import Case, backpropagate, jagged_prefix, load_weights

COMPONENTS = ("eta_attention", "sdim_attention", "sim_soft_search", "fuxictr_twin_attention")
ZOO = {
    "eta_attention": "eta",
    "sdim_attention": "sdim",
    "sim_soft_search": "sim",
    "fuxictr_twin_attention": "twin_heads",
}
ATTENTION = {"W_q": "query", "W_k": "key", "W_h": "key", "W_v": "value", "W_o": "out"}


def test_case(case: Case) -> None:
    if case.quirk:
        pytest.skip(f"differs by design: {case.quirk}")
    model, batch = build(case), inputs(case)
    seen = run(model, batch)
    outputs = {"y": seen["long"].out, **({"pooled": seen["pooled"]} if "pooled" in seen else {})}
    for name, own in outputs.items():
        case.assert_close(f"out/{name}", own)
    check_steps(case, model, seen, batch["behaviors.item"])
    backpropagate(outputs, case.tensors("cot"))
    check_gradients(case, model)


def build(case: Case) -> Model:
    """The zoo file with the case's settings; weights outside of the search stay as they were drawn."""
    variants = ["raw_sums"] if case.component == "sdim_attention" and not case.params["l2_norm"] else []
    model = blockrec.compile(ZOO[case.component], variants=variants, sets=settings(case)).to(case.dtype)
    weights = {**case.tensors("w"), **case.tensors("state")}
    names = weight_names(case)
    assert set(names) == set(weights), f"names of the case: {sorted(set(names) ^ set(weights))}"
    state = model.state_dict()
    of_search = {k for k in state if k.startswith(("nodes.long.", "nodes.relevance.", "tables."))}
    given = {own: weights[name].reshape(state[own].shape) for name, own in names.items()} | tables(case)
    assert of_search - {"tables.main.user.weight"} == set(given)
    load_weights(model, state | given)
    return model.train(case.training)


def settings(case: Case) -> list[str]:
    """`--set` arguments: a table row for each vector of the case, its columns divided among item and category."""
    p, rows = case.params, len(tables(case)["tables.main.item.weight"])
    sizes = {"item": 1, "category": p["input_dim"] - 1}
    sets: dict[str, Any] = {
        "features.user.vocab": 1,
        "features.item.vocab": rows,
        "features.category.vocab": rows,
        "graph.query.dim": sizes,
        "graph.keys.dim": {f"behaviors.{name}": size for name, size in sizes.items()},
    }
    if "num_heads" in p:
        sets |= {"params.heads": p["num_heads"], "params.head_width": p["attention_dim"] // p["num_heads"]}
    renamed = {"top_k": "top_k", "hash_bits": "bits", "num_hashes": "hashes"}
    sets |= {f"params.{own}": p[name] for name, own in renamed.items() if name in p}
    if "use_scale" in p:
        sets["graph.long.scale"] = p["use_scale"]
    return [f"{key}={json.dumps(value)}" for key, value in sets.items()]


def tables(case: Case) -> dict[str, Tensor]:
    """Targets, then the steps of all rows, padded ones too: row i of both tables together is vector i."""
    given = case.tensors("in")
    vectors = torch.cat([given["target"], given["sequence"].flatten(0, 1)])
    return {"tables.main.item.weight": vectors[:, :1], "tables.main.category.weight": vectors[:, 1:]}


def weight_names(case: Case) -> dict[str, str]:
    if case.component == "sdim_attention":
        return {"random_rotations": "nodes.long.rotations"}
    key = "W_h" if case.component == "fuxictr_twin_attention" else "W_k"
    names = {f"long_attention.{w}.weight": f"nodes.long.{ATTENTION[w]}.weight" for w in ("W_q", key, "W_v", "W_o")}
    if case.component == "eta_attention":
        names["random_rotations"] = "nodes.relevance.rotations"
    if case.component == "sim_soft_search":
        names |= {"W_a.weight": "nodes.relevance.query.weight", "W_b.weight": "nodes.relevance.key.weight"}
    return names


def inputs(case: Case) -> dict[str, Tensor | Jagged]:
    given = case.tensors("in")
    rows, width = given["sequence"].shape[:2]
    ids = rows + torch.arange(rows * width).view(rows, width)
    items = jagged_prefix(ids, given.get("sequence_length", torch.full((rows,), width)))
    return {
        "user": torch.zeros(rows, dtype=torch.int64),
        "item": torch.arange(rows),
        "category": torch.arange(rows),
        "behaviors.item": items,
        "behaviors.category": items,
        "click": torch.zeros(rows, dtype=case.dtype),
    }


def run(model: Model, batch: Mapping[str, Tensor | Jagged]) -> dict[str, Any]:
    """What flowed out of the nodes of the search."""
    seen: dict[str, Any] = {}
    hooks = [
        model.get_submodule(f"nodes.{name}").register_forward_hook(
            lambda _, __, out, name=name: seen.update({name: out})
        )
        for name in ("relevance", "found", "long", "pooled")
        if hasattr(model.nodes, name)
    ]
    model(batch)
    for hook in hooks:
        hook.remove()
    return seen


def check_steps(case: Case, model: Model, seen: Mapping[str, Any], steps: Jagged) -> None:
    """Outputs of the search; of those with a column for each step the valid ones."""
    target, sequence = case.tensors("in")["target"], case.tensors("in")["sequence"]
    valid = torch.zeros(sequence.shape[:2], dtype=torch.bool)
    valid.view(-1)[steps.values - len(target)] = True
    own = hash_outputs(case, model, target, sequence[valid], steps) | score_outputs(case, seen, steps)
    recorded = {k.removeprefix("out/") for k in case.arrays if k.startswith("out/")}
    assert recorded == {*own, "y", *({"pooled"} & set(seen))}
    for name, values in own.items():
        reference = torch.tensor(case.arrays[f"out/{name}"])
        if case.component == "fuxictr_twin_attention":
            reference = reference.transpose(1, 2)  # [b, heads, T]
        reference = reference if name.startswith("target") else reference[valid]
        torch.testing.assert_close(values.to(reference.dtype), reference, rtol=1e-11, atol=1e-11)


def hash_outputs(case: Case, model: Model, target: Tensor, keys: Tensor, steps: Jagged) -> dict[str, Tensor]:
    if case.component == "eta_attention":
        codes = model.nodes.relevance.codes
        return {"target_hash": codes(target), "sequence_hash": codes(keys)}
    if case.component == "sdim_attention":
        buckets = model.nodes.long.buckets
        of_target, of_keys = buckets(target), buckets(keys)
        collide = of_keys == of_target[steps.rows]
        return {"target_bucket": of_target, "sequence_bucket": of_keys, "collide": collide}
    return {}


def score_outputs(case: Case, seen: Mapping[str, Any], steps: Jagged) -> dict[str, Tensor]:
    if case.component == "fuxictr_twin_attention":
        return {"scores": seen["long"].scores.values, "selected": seen["long"].weights.values > 0}
    if "found" not in seen:
        return {}
    found, scores = seen["found"].out, seen["relevance"].values
    selected = torch.zeros(len(steps.values), dtype=torch.bool)
    selected[found.values + steps.offsets[found.rows]] = True
    of_search = {"hash_distance": -scores} if case.component == "eta_attention" else {"scores": scores}
    return of_search | {"selected": selected}


def check_gradients(case: Case, model: Model) -> None:
    gradients = {name: p.new_zeros(p.shape) if p.grad is None else p.grad for name, p in model.named_parameters()}
    for name, own in weight_names(case).items():
        if f"grad/w/{name}" in case.arrays:
            case.assert_close(f"grad/w/{name}", gradients[own])
    vectors = torch.cat([gradients[f"tables.main.{name}.weight"] for name in ("item", "category")], 1)
    target, sequence = case.tensors("in")["target"], case.tensors("in")["sequence"]
    case.assert_close("grad/in/target", vectors[: len(target)])
    case.assert_close("grad/in/sequence", vectors[len(target) :].view(sequence.shape))
