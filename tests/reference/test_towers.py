"""MultiTowerDIN against the original code, by the zoo file: the inputs of the case are rows of tables."""

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

COMPONENTS = ("multi_tower_din",)
LOSSES = {"binary_cross_entropy": "bce", "softmax_cross_entropy": "softmax", "l2_loss": "squared_error"}


def test_case(case: Case) -> None:
    model = build(case)
    result = model(inputs(case))
    logits = result["click"]
    own = {
        "logits": logits.squeeze(-1) if case.params["num_class"] == 1 else logits,
        "probs": model.tasks.click.predict(logits) if case.params["num_class"] == 1 else torch.softmax(logits, -1),
        "loss": result["loss"],
    }
    tables = {group: table_of(group) for group in case.params["group_feature_dims"]}
    compare(case, model, own, weight_names(case.params), tables)


def build(case: Case) -> Model:
    """The zoo file with towers of the case's sizes in place of its own: as many as the case has."""
    model = blockrec.compile("multi_tower_din", sets=settings(case.params, case.tensors("in"))).to(case.dtype)
    names, weights = weight_names(case.params), case.tensors("w")
    assert set(names) == set(weights), f"names of the case: {sorted(set(names) ^ set(weights))}"
    tables = {table_of(group): rows(case.tensors("in")[group]) for group in case.params["group_feature_dims"]}
    load_weights(model, {own: weights[name] for name, own in names.items()} | tables)
    return model.train(case.training)


def settings(p: Any, given: dict[str, Tensor]) -> list[str]:
    """`--set` arguments. A group of features is one id, its place in the batch (and step), with a table of its own."""
    features: dict[str, Any] = {"item": None, "category": None, "user": None, "behaviors": None}
    graph: dict[str, Any] = {"user_tower": None, "item_tower": None, "interest": None}
    graph |= {"profile": None, "target": None, "history": None}
    sequences = [tower["input"] for tower in p["din_towers"]]
    for group, dims in p["group_feature_dims"].items():
        vectors = {"vocab": len(rows(given[group])), "dim": sum(dims)}
        name, _, part = group.partition(".")
        source = f"{name}_steps.id" if part == "sequence" else id_of(group)
        if part == "sequence":
            features[f"{name}_steps"] = {"max_len": 1000, "fields": {"id": vectors}}
        else:
            features[source] = vectors
        graph[vector_of(group)] = {"block": "embed", "in": source}
    activation = ACTIVATIONS[p["activation"]]
    for tower in p["towers"]:
        sizes = {"hidden": tower["hidden_units"], "activation": activation}
        graph[f"{tower['input']}_tower"] = {"block": "mlp", "in": vector_of(tower["input"]), **sizes}
    for i, (tower, name) in enumerate(zip(p["din_towers"], sequences, strict=True)):
        ports = {"query": vector_of(f"{name}.query"), "keys": vector_of(f"{name}.sequence")}
        sizes = {"hidden": tower["hidden_units"], "activation": activation}
        graph[f"interest_{i}"] = {"block": "din", "in": ports, **sizes}
    towers = [f"{tower['input']}_tower" for tower in p["towers"]] + [f"interest_{i}" for i in range(len(sequences))]
    if p.get("final"):
        graph["final"] = {"in": towers, "hidden": p["final"]["hidden_units"], "activation": activation}
    else:
        graph |= {"final": None, "logit": {"in": towers}}
    task = {"loss": LOSSES[p["loss"]], "metrics": None}
    patch = {"features": features, "graph": graph, "tasks": {"click": task}, "params": {"classes": p["num_class"]}}
    return [f"{section}={json.dumps(value)}" for section, value in patch.items()]


def id_of(group: str) -> str:
    return f"{group.replace('.', '_')}_id"


def vector_of(group: str) -> str:
    return f"{group.replace('.', '_')}_vector"


def table_of(group: str) -> str:
    name, _, part = group.partition(".")
    return f"tables.main.{name}_steps.id.weight" if part == "sequence" else f"tables.main.{id_of(group)}.weight"


def rows(vectors: Tensor) -> Tensor:
    """[b, d] or [b, T, d] → the rows of its table."""
    return vectors.flatten(0, -2)


def weight_names(p: Any) -> dict[str, str]:
    names = {}
    flat = {"use_bn": False, "use_ln": False, "input_dim": 2, "activation": p["activation"]}
    for tower in p["towers"]:
        sizes = flat | {"hidden_units": tower["hidden_units"]}
        names |= mlp_names(f"towers.{tower['input']}.mlp", f"nodes.{tower['input']}_tower", sizes)
    for i, tower in enumerate(p["din_towers"]):
        sizes = flat | {"hidden_units": tower["hidden_units"]}
        names |= mlp_names(f"din_towers.{i}.mlp.mlp", f"nodes.interest_{i}.score.mlp", sizes)
        names |= {
            f"din_towers.{i}.linear.{part}": f"nodes.interest_{i}.score.out.{part}" for part in ("weight", "bias")
        }
    if p.get("final"):
        names |= mlp_names("final_mlp.mlp", "nodes.final", flat | {"hidden_units": p["final"]["hidden_units"]})
    return names | {f"output_mlp.{part}": f"nodes.logit.{part}" for part in ("weight", "bias")}


def inputs(case: Case) -> dict[str, Tensor | Jagged]:
    given = case.tensors("in")
    batch: dict[str, Tensor | Jagged] = {"click": given["label"].to(case.dtype)}
    for group in case.params["group_feature_dims"]:
        name, _, part = group.partition(".")
        ids = torch.arange(len(rows(given[group]))).view(given[group].shape[:-1])
        if part == "sequence":
            batch[f"{name}_steps.id"] = jagged_prefix(ids, given[f"{name}.sequence_length"])
        else:
            batch[id_of(group)] = ids
    return batch
