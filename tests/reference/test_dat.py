"""TorchEasyRec's DAT by the zoo file: vectors of the case are rows of tables, a history is one step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

import blockrec
from blockrec.graph.lower import Model
from blockrec.jagged import Jagged, offsets_of
from tests.reference.case import Case, backpropagate, load_weights
from tests.reference.test_blocks import ACTIVATIONS
from tests.reference.test_match import similarities, spread

COMPONENTS = ("dat",)
FIELDS = {"user": ("profile", "interest"), "item": ("item_vector", "category_vector")}
INPUTS = {
    "user": ("main.user", "history.item", "history.category"),
    "item": ("main.item", "main.category"),
    "ua": ("augment.user",),
    "ia": ("augment.item",),
}
"""Inputs of a case → the tables whose rows, side by side, they are."""


def test_case(case: Case) -> None:
    model = build(case)
    outputs = results(case, model(inputs(case)))
    for key in [k.removeprefix("out/") for k in case.arrays if k.startswith("out/")]:
        case.assert_close(f"out/{key}", outputs[key])
    backpropagate(outputs, case.tensors("cot"))
    check_gradients(case, model)


def build(case: Case) -> Model:
    """The zoo file with the case's settings and weights."""
    p = case.params
    variants = ["inner"] * (p["similarity"] == "INNER_PRODUCT") + ["sampled"] * (p["num_sampled_negatives"] > 0)
    variants += ["selection"] * (p["variational_dropout"] is not None)
    model = blockrec.compile("dat", variants=variants, sets=settings(case)).to(case.dtype)
    weights, state = case.tensors("w"), model.state_dict()
    given = tables(case, state)
    for name, own in weight_names(case).items():
        given[own] = weights.pop(name)
    for group, logits in dropouts(case).items():
        given |= dict(zip(logits, weights.pop(f"{group}.feature_p"), strict=True))
        assert weights.pop(f"{group}.feature_dim_repeat").tolist() == p["group_feature_dims"][group.split(".")[-1]]
    assert not weights
    load_weights(model, given)
    return model.train(case.training)


def widths(case: Case) -> dict[str, int]:
    """Of the tables that inputs of the case are divided among."""
    dims = case.params["group_feature_dims"]
    (profile, *interest), (item, *category) = dims["user"], dims["item"]
    of_steps = {"history.item": 1, "history.category": sum(interest) - 1}
    augments = {"augment.user": sum(dims["ua"]), "augment.item": sum(dims["ia"])}
    return {"main.user": profile, **of_steps, "main.item": item, "main.category": sum(category), **augments}


def settings(case: Case) -> list[str]:
    """`--set` arguments; what the original does not have is taken out."""
    p, width, given = case.params, widths(case), case.tensors("in")
    sizes = {"item": width["main.item"], "category": width["main.category"]}
    sets: dict[str, Any] = {
        "features.user.vocab": len(given["user"]),
        "features.item.vocab": len(given["item"]),
        "features.category.vocab": len(given["item"]),
        "features.popularity": None,
        "params.width": p["output_dim"],
        "params.temperature": p["temperature"],
        "blocks.tower.graph.deep.activation": ACTIVATIONS[p["activation"]],
        "graph.profile.dim": width["main.user"],
        "graph.history.table": "history",
        "graph.history.dim": {f"behaviors.{k}": width[f"history.{k}"] for k in sizes},
        "graph.user_tower.hidden": p["user_tower"]["hidden_units"],
        "graph.item_tower.hidden": p["item_tower"]["hidden_units"],
        "losses.match.in.item_logq": None,
        "losses.match.in.item_id": None,
        "losses.mimic_item.weight": p["amm_u_weight"],
        "losses.mimic_user.weight": p["amm_i_weight"],
        "outputs.user_augment": "user_augment",
        "outputs.item_augment": "item_augment",
    }
    if p["variational_dropout"] is None:
        sets["graph.target.dim"] = sizes
    else:
        sets |= {f"graph.{name}_vector.dim": size for name, size in sizes.items()}
        sets |= {f"losses.{t}_selection.weight": p["variational_dropout"]["regularization_lambda"] for t in FIELDS}
    if p["num_sampled_negatives"]:
        sets |= {"graph.drawn.dim": {f"negatives.{k}": size for k, size in sizes.items()}, "losses.match.shared": True}
        sets |= {f"losses.match.in.negatives_{port}": None for port in ("id", "logq")}
        sets |= {"features.negatives.fields.logq": None, "outputs.drawn": "drawn_tower"}
        sets["outputs.drawn_augment"] = "drawn_augment"
    for loss in ("match", "mimic_user", "mimic_item"):
        if p["sample_weight"]:
            sets |= {"labels.importance.type": "float", f"losses.{loss}.in.weight": "importance"}
        elif loss != "match":
            sets[f"losses.{loss}.reduction"] = "sum"
    return [f"{key}={json.dumps(value)}" for key, value in sets.items()]


def tables(case: Case, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Inputs as rows of tables; rows that no sample reads are zeros."""
    given, width, found = case.tensors("in"), widths(case), {}
    for name, parts in INPUTS.items():
        for part, columns in zip(parts, given[name].split([width[part] for part in parts], dim=1), strict=True):
            found[f"tables.{part}.weight"] = torch.zeros_like(state[f"tables.{part}.weight"])
            found[f"tables.{part}.weight"][: len(columns)] = columns
    return found


def weight_names(case: Case) -> dict[str, str]:
    names = {}
    for tower in FIELDS:
        own = f"nodes.{tower}_tower.tower"
        for i in range(len(case.params[f"{tower}_tower"]["hidden_units"])):
            layer = f"{tower}_tower.mlp.mlp.{i}.perceptron.0"
            names |= {f"{layer}.{part}": f"{own}.deep.layers.{i}.linear.{part}" for part in ("weight", "bias")}
        names |= {f"{tower}_tower.output.{part}": f"{own}.vector.{part}" for part in ("weight", "bias")}
    return names


def dropouts(case: Case) -> dict[str, list[str]]:
    """Where the original keeps the dropout of a group → our logits of its features."""
    if case.params["variational_dropout"] is None:
        return {}
    return {
        f"{tower}_tower.group_variational_dropouts.{tower}": [f"nodes.{tower}_fields.{field}.logit" for field in fields]
        for tower, fields in FIELDS.items()
    }


def inputs(case: Case) -> dict[str, Tensor | Jagged]:
    given = case.tensors("in")
    rows, items = len(given["user"]), len(given["item"])
    ids = torch.arange(rows)
    step = Jagged(ids, offsets_of(torch.ones_like(ids)), 1)
    drawn = spread(torch.arange(rows, items), rows)
    batch = {"user": ids, "item": ids, "category": ids, "behaviors.item": step, "behaviors.category": step}
    batch |= {"negatives.item": drawn, "negatives.category": drawn, "click": torch.ones(rows, dtype=case.dtype)}
    return {**batch, "importance": given.get("sample_weight", ids)}


def results(case: Case, seen: Mapping[str, Any]) -> dict[str, Tensor]:
    """What the original gives under its names."""
    p = case.params
    user, item, augment = seen["user_vector"], seen["item_vector"], seen["item_augment"]
    if p["num_sampled_negatives"]:
        item, augment = torch.cat([item, seen["drawn"].values]), torch.cat([augment, seen["drawn_augment"].values])
    all_ = user @ item.T if p["in_batch_negative"] else similarities(user, item, len(user), p["num_sampled_negatives"])
    found = {
        "similarity": all_ / p["temperature"],
        "user_augment": seen["user_augment"],
        "item_augment": augment,
        "user_tower_emb": user,
        "item_tower_emb": item,
        "softmax_cross_entropy": seen["loss.match"],
        "amm_loss_u": seen["loss.mimic_item"] * p["amm_u_weight"],
        "amm_loss_i": seen["loss.mimic_user"] * p["amm_i_weight"],
        "total_loss": seen["loss"],
    }
    if p["variational_dropout"] is not None:
        factor = p["variational_dropout"]["regularization_lambda"]
        found |= {f"{tower}_feature_p_loss": seen[f"loss.{tower}_selection"] * factor for tower in FIELDS}
    return found


def check_gradients(case: Case, model: Model) -> None:
    gradients = {k: torch.zeros_like(p) if p.grad is None else p.grad for k, p in model.named_parameters()}
    for name, own in weight_names(case).items():
        case.assert_close(f"grad/w/{name}", gradients[own])
    for group, logits in dropouts(case).items():
        case.assert_close(f"grad/w/{group}.feature_p", torch.stack([gradients[own] for own in logits]))
    for name, parts in INPUTS.items():
        rows = len(case.arrays[f"in/{name}"])
        own = torch.cat([gradients[f"tables.{part}.weight"][:rows] for part in parts], dim=1)
        case.assert_close(f"grad/in/{name}", own)
