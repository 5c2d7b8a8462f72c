"""TDM against the original code, by the zoo file: the inputs of the case are rows of tables."""

from __future__ import annotations

import json
from typing import Any

import torch
from torch import Tensor

import blockrec
from blockrec.graph.lower import Model
from blockrec.jagged import Jagged
from tests.reference.case import Case, compare, jagged_prefix, load_weights
from tests.reference.test_blocks import ACTIVATIONS, mlp_names

COMPONENTS = ("tdm",)
TABLES = {"seq.query": "item", "seq.sequence": "steps.id"}


def test_case(case: Case) -> None:
    model = build(case)
    logits = model(inputs(case))["click"]
    probabilities = torch.softmax(logits, -1)
    own = {"logits": logits, "probs": probabilities, "probs1": model.tasks.click.predict(logits)}
    if case.params["num_class"] == 1:
        own = {"logits": logits.squeeze(-1), "probs": model.tasks.click.predict(logits)}
    tables = {group: table_of(group) for group in case.params["group_feature_dims"]}
    compare(case, model, own, weight_names(case.params), tables)


def build(case: Case) -> Model:
    """The zoo file with the case's sizes; a list begins with its newest step there."""
    variants = [] if case.params["num_class"] == 1 else ["softmax"]
    model = blockrec.compile("tdm", variants=variants, sets=settings(case.params, case.tensors("in"))).to(case.dtype)
    names, weights = weight_names(case.params), case.tensors("w")
    assert set(names) == set(weights), f"names of the case: {sorted(set(names) ^ set(weights))}"
    tables = {table_of(group): vectors(case.tensors("in")[group]) for group in case.params["group_feature_dims"]}
    load_weights(model, {own: weights[name] for name, own in names.items()} | tables)
    return model.train(case.training)


def settings(p: Any, given: dict[str, Tensor]) -> list[str]:
    """`--set` arguments. A group of features is one id, its place in the batch (and step), with a table of its own."""
    features: dict[str, Any] = {"user": None, "category": None, "behaviors": None}
    for group, dims in p["group_feature_dims"].items():
        own = {"vocab": len(vectors(given[group])), "dim": sum(dims)}
        if group == "seq.sequence":
            features["steps"] = {"max_len": 1000, "fields": {"id": own}}
        else:
            features[feature_of(group)] = own
    activation = ACTIVATIONS[p["activation"]]
    sizes = {"hidden": p["attn_hidden_units"], "activation": activation}
    graph = {
        "profile": {"in": [feature_of(group) for group in p["groups"]], "dim": None},
        "node": {"in": "item", "dim": None},
        "behaved": {"in": "steps.id", "dim": None},
        "history": {"steps": 1000},
        "interest": {**sizes, "begin": "oldest"},
        "deep": {"hidden": p["final_hidden_units"], "activation": activation},
    }
    patch = {"features": features, "graph": graph, "tasks": {"click": {"metrics": None}}}
    sets = {
        **patch,
        "params": {"classes": p["num_class"], "windows": p["windows_len"]},
        "data": {"tree": None},
        "eval": {"catalogue": None},
    }
    return [f"{section}={json.dumps(value)}" for section, value in sets.items()]


def feature_of(group: str) -> str:
    return TABLES.get(group, f"{group}_id")


def table_of(group: str) -> str:
    return f"tables.main.{feature_of(group)}.weight"


def vectors(given: Tensor) -> Tensor:
    """[b, d] or [b, T, d] → the rows of its table."""
    return given.flatten(0, -2)


def weight_names(p: Any) -> dict[str, str]:
    flat = {"use_bn": False, "use_ln": False, "input_dim": 2, "activation": p["activation"]}
    names = mlp_names("multiwindow_din.mlp.mlp", "nodes.interest.mlp", flat | {"hidden_units": p["attn_hidden_units"]})
    names |= mlp_names("deep_mlp.mlp", "nodes.deep", flat | {"hidden_units": p["final_hidden_units"]})
    names |= {f"multiwindow_din.linear.{part}": f"nodes.interest.score.0.{part}" for part in ("weight", "bias")}
    names["multiwindow_din.active.weight"] = "nodes.interest.score.1.weight"
    return names | {f"output_mlp.{part}": f"nodes.logit.{part}" for part in ("weight", "bias")}


def inputs(case: Case) -> dict[str, Tensor | Jagged]:
    given = case.tensors("in")
    batch: dict[str, Tensor | Jagged] = {"click": torch.zeros(len(given["seq.query"]), dtype=case.dtype)}
    for group in case.params["group_feature_dims"]:
        ids = torch.arange(len(vectors(given[group]))).view(given[group].shape[:-1])
        steps = group == "seq.sequence"
        batch[feature_of(group)] = jagged_prefix(ids, given["seq.sequence_length"]) if steps else ids
    return batch
