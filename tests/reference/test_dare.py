"""DARE, TWIN and DIN of the DARE code, reproduced by the zoo files through the compiler that users run."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from torch import Tensor

import blockrec
from blockrec.graph.lower import Model
from blockrec.jagged import Jagged
from tests.reference.case import Case, backpropagate, jagged_suffix, load_weights, suffix_mask

COMPONENTS = ("dare", "twin", "din_ctr")
ZOO = {"DARE": "dare", "twin": "twin", "DIN": "din"}
ROLES = {
    "attention": "attention_of_target",
    "representation": "representation_of_target",
    "main": "attention_of_target",
}
FIELDS = {"item": "item_id", "category": "category_id", "behaviors.position": "time_id"}


def test_case(case: Case) -> None:
    if case.quirk:
        pytest.skip(f"differs by design: {case.quirk}")
    if case.params["search"] != "soft":
        pytest.skip("search by category is not a block yet")
    model, batch = build(case), inputs(case)
    result, seen = run(model, batch)
    check_outputs(case, result, seen, model, batch["behaviors.item"])
    backpropagate({"loss_total": result["loss"]}, case.tensors("cot"))
    names = weight_names(case, model)
    parameters = dict(model.named_parameters())
    for reference, own in names.items():
        if f"grad/w/{reference}" in case.arrays and own in parameters:
            grad = parameters[own].grad
            case.assert_close(f"grad/w/{reference}", torch.zeros_like(parameters[own]) if grad is None else grad)


def build(case: Case) -> Model:
    """The zoo file with the variants and settings that the case's parameters imply."""
    p = case.params
    model = blockrec.compile(ZOO[p["model"]], variants=variants(p), sets=settings(p)).to(case.dtype)
    weights = {**case.tensors("w"), **case.tensors("state")}
    load_weights(model, {own: weights[reference] for reference, own in weight_names(case, model).items()})
    return model.train(case.training)


def variants(p: Any) -> list[str]:
    chosen = {
        "paper": True,
        "history_average": p["long_seq_average"],
        "add_position": p["use_time"] and p["time_mode"] == "add",
        "no_tr": not p["target_aware_representation"],
        "only_product": p["only_product"],
        "no_aux": not p["aux_loss"],
        "no_position": not p["use_time"] and p["model"] != "DIN",
    }
    return [name for name, on in chosen.items() if on]


def settings(p: Any) -> list[str]:
    """`--set` arguments: sizes of tables, vectors and heads."""
    attention = {f: p[f"attention_{f}_dim"] for f in ("item", "category", "time")}
    representation = {f: p[f"{f}_dim"] for f in ("item", "category", "time")}
    sets: dict[str, Any] = {
        "params.top_k": p["top_k"],
        "params.statistics": {"batch": "batch"}.get(p["bn_mode"], "running"),
        "features.item.vocab": p["num_items"],
        "features.category.vocab": p["num_categories"],
        "features.behaviors.max_len": p["max_length"],
        "features.behaviors.fields.position.vocab": p["num_positions"],
        "graph.query.dim": {"item": attention["item"], "category": attention["category"]},
        "graph.keys.dim": {"behaviors.item": attention["item"], "behaviors.category": attention["category"]},
        "graph.target.dim": {"item": representation["item"], "category": representation["category"]},
        "graph.values.dim": {
            "behaviors.item": representation["item"],
            "behaviors.category": representation["category"],
        },
        "graph.head.hidden": p["main_hidden"],
    }
    if p["aux_loss"]:
        sets["graph.dense_head.hidden"] = p["aux_hidden"]
    if p["use_time"]:
        sets |= {"graph.query_position.dim": attention["time"], "graph.keys_position.dim": attention["time"]}
        if p["time_mode"] == "add":
            sets |= {f"graph.{node}_position.dim": representation["time"] for node in ("target", "values")}
        else:
            sets["graph.target.dim"]["now"] = sets["graph.values.dim"]["behaviors.position"] = representation["time"]
    return [f"{key}={json.dumps(value)}" for key, value in sets.items()]


def weight_names(case: Case, model: Model) -> dict[str, str]:
    """Name in the original code → name in the module, for all parameters and buffers."""
    names = {}
    for table, feature in model.graph_ir.tables():
        names[f"{FIELDS[feature]}_embedding_layer_for_{ROLES[table]}.weight"] = f"tables.{table}.{feature}.weight"
    heads = {"main_mlp": ("head", len(case.params["main_hidden"]))}
    if case.params["aux_loss"]:
        heads["auxiliary_mlp"] = ("dense_head", len(case.params["aux_hidden"]))
    for original, (head, layers) in heads.items():
        for part in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
            names[f"{original}.0.{part}"] = f"nodes.{head}.norm.{part}"
        for i in range(layers):
            names |= linear_names(f"{original}.{1 + 2 * i}", f"nodes.{head}.mlp.layers.{i}.linear")
            names[f"{original}.{2 + 2 * i}.weight"] = f"nodes.{head}.mlp.layers.{i}.activation.weight"
        names |= linear_names(f"{original}.{1 + 2 * layers}", f"nodes.{head}.logit")
    if case.params["attention"] == "learnable":
        original, scorer = "attention_model.main_model", "nodes.score.score"
        names |= linear_names(f"{original}.0", f"{scorer}.mlp.layers.0.linear")
        names[f"{original}.1.weight"] = f"{scorer}.mlp.layers.0.activation.weight"
        names |= linear_names(f"{original}.2", f"{scorer}.out")
    return names


def linear_names(original: str, own: str) -> dict[str, str]:
    return {f"{original}.{part}": f"{own}.{part}" for part in ("weight", "bias")}


def inputs(case: Case) -> dict[str, Tensor | Jagged]:
    given = case.tensors("in")
    items = jagged_suffix(given["hist_iid"], given["length"])
    positions = given["hist_pos"].expand_as(given["hist_iid"])
    return {
        "item": given["iid"],
        "category": given["cid"],
        "now": torch.zeros_like(given["iid"]),
        "behaviors.item": items,
        "behaviors.category": items.like(jagged_suffix(given["hist_cid"], given["length"]).values),
        "behaviors.position": items.like(jagged_suffix(positions, given["length"]).values),
        "click": given["label"].to(case.dtype),
    }


def run(model: Model, batch: dict[str, Tensor | Jagged]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The module's outputs, and what flowed out of (or, for the features of the head, into) its nodes."""
    seen: dict[str, Any] = {}
    hooks = [
        model.get_submodule("nodes.head.norm").register_forward_pre_hook(lambda _, args: seen.update(features=args[0]))
    ]
    for name in ("score", "search", "dense"):
        if hasattr(model.nodes, name):
            module = model.get_submodule(f"nodes.{name}")
            hooks.append(module.register_forward_hook(lambda _, __, out, name=name: seen.update({name: out})))
    result = model(batch)
    for hook in hooks:
        hook.remove()
    return result, seen


def check_outputs(case: Case, result: dict[str, Tensor], seen: dict[str, Any], model: Model, steps: Jagged) -> None:
    """Every recorded output: per-step ones on the valid columns."""
    length, width = torch.tensor(case.arrays["in/length"]), case.arrays["in/hist_iid"].shape[1]
    valid = suffix_mask(torch.empty(len(length), width), length)
    own = {
        "features": seen["features"],
        "prob": torch.softmax(result["click"], -1) + model.tasks.click.epsilon,
        "loss_total": result["loss"],
        "h_topk": seen["search"].out,
        "scores_full_masked": padded(seen["score"].values, valid),
        "attn_topk": padded(spread(seen["search"].weights, seen["search"], steps), valid),
        "topk_mask": padded(spread(torch.ones_like(seen["search"].index.values), seen["search"], steps), valid),
    }
    if case.params["aux_loss"]:
        dense = seen["dense"]
        own |= {
            "h_full": dense.out,
            "attn_full": padded(dense.weights.values, valid),
            "loss_aux": result["loss.auxiliary"],
        }
    recorded = {k.removeprefix("out/") for k in case.arrays if k.startswith("out/") and "/state/" not in k}
    assert recorded <= set(own) | ({"h_full", "attn_full"} if not case.params["aux_loss"] else set())
    for name in recorded & set(own):
        per_step = name in ("scores_full_masked", "attn_full", "attn_topk", "topk_mask")
        case.assert_close(f"out/{name}", own[name], valid if per_step else None)
    state = model.state_dict()
    for reference, path in weight_names(case, model).items():
        if f"out/state/{reference}" in case.arrays:
            case.assert_close(f"out/state/{reference}", state[path])


def spread(values: Any, found: Any, steps: Jagged) -> Tensor:
    """Values of the retrieved steps at their places among all steps, zero elsewhere."""
    flat = values.values if isinstance(values, Jagged) else values
    index = found.index.values + steps.offsets[found.index.rows]
    return flat.new_zeros(steps.values.shape[0]).index_put((index,), flat)


def padded(values: Tensor, valid: Tensor) -> Tensor:
    """[Σt] → [b, T] with the valid columns filled."""
    return values.new_zeros(valid.shape).masked_scatter(valid, values)
