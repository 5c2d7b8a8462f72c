"""DARE, TWIN and DIN of the DARE code, reproduced by the zoo files through the compiler that users run.

The case with a quirk has its padding as steps: it is retrieved if a history has too few others.
"""

from __future__ import annotations

import json
from typing import Any

import torch
from torch import Tensor

import blockrec
from blockrec.graph.lower import Model
from blockrec.jagged import Jagged
from tests.reference.case import Case, backpropagate, jagged_suffix, load_weights, suffix_mask

COMPONENTS = ("dare", "dare_three_embedding", "twin", "twin_4e", "twin_projection", "din_ctr")
ZOO = {
    "DARE": "dare",
    "three_embedding": "dare",
    "four_embedding": "dare",
    "twin": "twin",
    "projection": "twin",
    "DIN": "din",
}
ROLES = {
    "attention": "attention_of_target",
    "representation": "representation_of_target",
    "attention_of_behaviors": "attention_of_behavior",
    "representation_of_behaviors": "representation_of_behavior",
    "main": "attention_of_target",
}
FIELDS = {"item": "item_id", "category": "category_id", "behaviors.position": "time_id"}
PROJECTED = {
    "attention_of_target": "query",
    "attention_of_behavior": "keys",
    "representation_of_target": "target",
    "representation_of_behavior": "values",
}
"""Role in the original code → our node."""


def test_case(case: Case) -> None:
    model, batch = build(case), inputs(case)
    result, seen = run(model, batch)
    check_outputs(case, result, seen, model, batch["behaviors.item"])
    backpropagate({"loss_total": result["loss"]}, case.tensors("cot"))
    gradients = {name: p.new_zeros(p.shape) if p.grad is None else p.grad for name, p in model.named_parameters()}
    for reference, own in weight_names(case, model).items():
        if f"grad/w/{reference}" in case.arrays:
            case.assert_close(f"grad/w/{reference}", torch.cat([gradients[name] for name in own]))


def build(case: Case) -> Model:
    """The zoo file with the variants and settings that the case's parameters imply."""
    p = case.params
    model = blockrec.compile(ZOO[p["model"]], variants=variants(p, case.quirk is not None), sets=settings(p)).to(
        case.dtype
    )
    weights = {**case.tensors("w"), **case.tensors("state")}
    names = weight_names(case, model)
    assert set(names) == set(weights), f"names of the case: {sorted(set(names) ^ set(weights))}"
    load_weights(model, {k: v for name, own in names.items() for k, v in pieces(weights[name], own, model).items()})
    return model.train(case.training)


def pieces(weight: Tensor, own: list[str], model: Model) -> dict[str, Tensor]:
    """One tensor of the original for all of ours, one below the other."""
    if len(own) == 1:
        return {own[0]: weight}
    state = model.state_dict()
    return dict(zip(own, weight.split([len(state[name]) for name in own]), strict=True))


def variants(p: Any, padded_steps: bool) -> list[str]:
    chosen = {
        "paper": True,
        "history_average": p["long_seq_average"],
        "add_position": p["use_time"] and p["time_mode"] == "add",
        "no_tr": not p["target_aware_representation"],
        "only_product": p["only_product"],
        "no_aux": not p["aux_loss"],
        "no_position": not p["use_time"] and p["model"] != "DIN",
        "three_tables": p["tables"] == "three",
        "four_tables": p["tables"] == "four",
        "project_fields": (p["projection"] or {}).get("placement") == "per_field",
        "project_vectors": (p["projection"] or {}).get("placement") == "after_concat",
        "hard": p["search"] == "hard",
        "position_twice": p["search"] == "hard",
        "retrieve_padding": padded_steps,
    }
    return [name for name, on in chosen.items() if on]


def settings(p: Any) -> list[str]:
    """`--set` arguments: sizes of tables, vectors and heads."""
    sets: dict[str, Any] = {
        "params.top_k": p["top_k"],
        "params.statistics": {"batch": "batch"}.get(p["bn_mode"], "running"),
        "features.item.vocab": p["num_items"],
        "features.category.vocab": p["num_categories"],
        "features.behaviors.max_len": p["max_length"],
        "features.behaviors.fields.position.vocab": p["num_positions"],
        "graph.head.hidden": p["main_hidden"],
    }
    if p["aux_loss"]:
        sets["graph.dense_head.hidden"] = p["aux_hidden"]
    sets |= one_width(p) if p["projection"] else widths(p)
    return [f"{key}={json.dumps(value)}" for key, value in sets.items()]


def one_width(p: Any) -> dict[str, Any]:
    """Projections have one width for all fields."""
    sides = {"attention": "attention_item_dim", "representation": "item_dim"}
    return {f"params.{side}_dim": p[key] for side, key in sides.items()}


def widths(p: Any) -> dict[str, Any]:
    """A width for each field and side."""
    attention = {f: p[f"attention_{f}_dim"] for f in ("item", "category", "time")}
    representation = {f: p[f"{f}_dim"] for f in ("item", "category", "time")}
    hard = p["search"] == "hard"
    keys, positions, values = (
        ("all_keys", "all_positions", "all_values") if hard else ("keys", "keys_position", "values")
    )
    sets: dict[str, Any] = {
        "graph.query.dim": {f: attention[f] for f in ("item", "category")},
        f"graph.{keys}.dim": {f"behaviors.{f}": attention[f] for f in ("item", "category")},
        "graph.target.dim": {f: representation[f] for f in ("item", "category")},
        f"graph.{values}.dim": {f"behaviors.{f}": representation[f] for f in ("item", "category")},
    }
    if p["use_time"]:
        sets |= {"graph.query_position.dim": attention["time"], f"graph.{positions}.dim": attention["time"]}
        if p["time_mode"] == "add":
            sets |= {f"graph.{node}_position.dim": representation["time"] for node in ("target", "values")}
        else:
            sets["graph.target.dim"]["now"] = representation["time"]
            sets[f"graph.{values}.dim"]["behaviors.position"] = representation["time"]
    return sets


def weight_names(case: Case, model: Model) -> dict[str, list[str]]:
    """Name in the original code → name in the module, or names of its pieces, for all parameters and buffers."""
    single = {**table_names(model), **head_names(case.params), **score_names(case.params)}
    return {**{k: [v] for k, v in single.items()}, **projection_names(case.params)}


def table_names(model: Model) -> dict[str, str]:
    return {
        f"{FIELDS[feature]}_embedding_layer_for_{ROLES[table]}.weight": f"tables.{table}.{feature}.weight"
        for table, feature in model.graph_ir.tables()
    }


def head_names(p: Any) -> dict[str, str]:
    names: dict[str, str] = {}
    heads = {"main_mlp": ("head", len(p["main_hidden"]))}
    if p["aux_loss"]:
        heads["auxiliary_mlp"] = ("dense_head", len(p["aux_hidden"]))
    for original, (head, layers) in heads.items():
        for part in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
            names[f"{original}.0.{part}"] = f"nodes.{head}.norm.{part}"
        for i in range(layers):
            names |= linear_names(f"{original}.{1 + 2 * i}", f"nodes.{head}.mlp.layers.{i}.linear")
            names[f"{original}.{2 + 2 * i}.weight"] = f"nodes.{head}.mlp.layers.{i}.activation.weight"
        names |= linear_names(f"{original}.{1 + 2 * layers}", f"nodes.{head}.logit")
    return names


def score_names(p: Any) -> dict[str, str]:
    if p["attention"] != "learnable":
        return {}
    original, scorer = "attention_model.main_model", "nodes.score.score"
    names = linear_names(f"{original}.0", f"{scorer}.mlp.layers.0.linear")
    names[f"{original}.1.weight"] = f"{scorer}.mlp.layers.0.activation.weight"
    return names | linear_names(f"{original}.2", f"{scorer}.out")


def projection_names(p: Any) -> dict[str, list[str]]:
    placement = (p["projection"] or {}).get("placement")
    if placement == "per_field":
        fields = {"item": "item", "category": "category", "time": "position"}
        nodes = {
            **PROJECTED,
            "representation_of_target": "target_fields",
            "representation_of_behavior": "values_fields",
        }
        return {
            f"mlp_for_{field}_{role}.weight": [f"nodes.{node}.{own}_projected.weight"]
            for role, node in nodes.items()
            for field, own in fields.items()
        }
    if placement == "after_concat":
        parts = {"query": ["query", "query_position"], "keys": ["keys", "keys_position"]}
        return {
            f"mlp_for_{role}.{part}": [f"nodes.{own}.{part}" for own in parts.get(node, [node])]
            for role, node in PROJECTED.items()
            for part in ("weight", "bias")
        }
    return {}


def linear_names(original: str, own: str) -> dict[str, str]:
    return {f"{original}.{part}": f"{own}.{part}" for part in ("weight", "bias")}


def inputs(case: Case) -> dict[str, Tensor | Jagged]:
    given = case.tensors("in")
    length = torch.full_like(given["length"], given["hist_iid"].shape[1]) if case.quirk else given["length"]
    items = jagged_suffix(given["hist_iid"], length)
    positions = given["hist_pos"].expand_as(given["hist_iid"])
    return {
        "item": given["iid"],
        "category": given["cid"],
        "now": torch.zeros_like(given["iid"]),
        "behaviors.item": items,
        "behaviors.category": items.like(jagged_suffix(given["hist_cid"], length).values),
        "behaviors.position": items.like(jagged_suffix(positions, length).values),
        "click": given["label"].to(case.dtype),
    }


def run(model: Model, batch: dict[str, Tensor | Jagged]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The module's outputs, and what flowed out of (or, for the features of the head, into) its nodes."""
    seen: dict[str, Any] = {}
    hooks = [
        model.get_submodule("nodes.head.norm").register_forward_pre_hook(lambda _, args: seen.update(features=args[0]))
    ]
    for name in ("score", "search", "dense", "found", "known"):
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
    }
    if case.params["aux_loss"]:
        own["loss_aux"] = result["loss.auxiliary"]
    of_search = chosen_outputs if "found" in seen else soft_outputs
    flat, per_step = of_search(seen, steps)
    shape = torch.ones_like(valid) if case.quirk else valid
    own |= flat | {name: padded(values, shape) for name, values in per_step.items()}
    recorded = {k.removeprefix("out/") for k in case.arrays if k.startswith("out/") and "/state/" not in k}
    assert recorded <= set(own) | ({"h_full", "attn_full"} if not case.params["aux_loss"] else set())
    scored = padded(found_mask(seen["found"].out, steps), valid) > 0 if case.params["search"] == "hard" else valid
    for name in recorded & set(own):
        where = (scored if name == "scores_full_masked" else shape) if name in per_step else None
        case.assert_close(f"out/{name}", own[name], where)
    state = model.state_dict()
    for reference, (path, *_) in weight_names(case, model).items():
        if f"out/state/{reference}" in case.arrays:
            case.assert_close(f"out/state/{reference}", state[path])


def soft_outputs(seen: dict[str, Any], steps: Jagged) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Outputs, and those with a value for each step, of a search by the scores of attention."""
    search = seen["search"]
    flat = {"h_topk": search.out}
    per_step = {
        "scores_full_masked": seen["score"].values,
        "attn_topk": spread(search.weights.values, search.index, steps),
        "topk_mask": found_mask(search.index, steps),
    }
    if "dense" in seen:
        flat["h_full"], per_step["attn_full"] = seen["dense"].out, seen["dense"].weights.values
    return flat, per_step


def chosen_outputs(seen: dict[str, Any], steps: Jagged) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The same of a search that is a node of its own: by category, with one attention, or with padding as steps."""
    found, search = seen["found"].out, seen["search"]
    weights = spread(search.weights.values, found, steps)
    if "known" not in seen:
        scores = spread(seen["score"].values, found, steps)
        per_step = {"scores_full_masked": scores, "attn_full": weights, "topk_mask": found_mask(found, steps)}
        return {"h_full": search.out}, per_step
    dense = spread(seen["dense"].weights.values, seen["known"].out, steps)
    scores = seen["score"].values
    per_step = {"scores_full_masked": scores, "attn_full": dense, "attn_topk": weights}
    return {"h_full": seen["dense"].out, "h_topk": search.out}, per_step | {"topk_mask": found_mask(found, steps)}


def found_mask(found: Jagged, steps: Jagged) -> Tensor:
    """[Σt] 1 at the retrieved steps, 0 elsewhere."""
    return spread(torch.ones_like(found.values), found, steps)


def spread(values: Tensor, found: Jagged, steps: Jagged) -> Tensor:
    """Values of the retrieved steps at their places among all steps, zero elsewhere."""
    index = found.values + steps.offsets[found.rows]
    return values.new_zeros(steps.values.shape[0]).index_put((index,), values)


def padded(values: Tensor, valid: Tensor) -> Tensor:
    """[Σt] → [b, T] with the valid columns filled."""
    return values.new_zeros(valid.shape).masked_scatter(valid, values)
