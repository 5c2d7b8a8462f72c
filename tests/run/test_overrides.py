"""Globs over parameter paths change rate, decay and initial values."""

from __future__ import annotations

from typing import Any

import torch

from blockrec.diagnostics import Diagnostics
from blockrec.run.optimizers import tables_of
from blockrec.run.overrides import initialise, override_of, report_unmatched
from blockrec.run.sparse import LazyAdam, RowwiseAdagrad
from tests.run.toy import Toy, optimizers, settings

PAPER: list[dict[str, Any]] = [
    {"match": "*", "init": {"normal": 0.01}, "weight_decay": 2e-6},
    {"match": "tables.*", "weight_decay": 0},
    {"match": "*bias", "init": "default", "weight_decay": 0},
]


def test_the_last_match_of_each_setting_counts() -> None:
    overrides = settings(overrides=PAPER).overrides
    found = {
        path: (override_of(overrides, path, "weight_decay"), override_of(overrides, path, "init"))
        for path, _ in Toy().named_parameters()
    }
    normal = {"normal": 0.01}
    assert found == {
        "tables.main.item.weight": (0, normal),
        "nodes.head.norm.weight": (2e-6, normal),
        "nodes.head.norm.bias": (0, "default"),
        "nodes.head.logit.weight": (2e-6, normal),
        "nodes.head.logit.bias": (0, "default"),
    }


def test_node_paths_need_no_prefix() -> None:
    (override,) = settings(overrides=[{"match": "head.*", "lr": 0.5}]).overrides
    assert override_of([override], "nodes.head.norm.weight", "lr") == 0.5
    assert override_of([override], "tables.main.item.weight", "lr") is None


def test_initial_values() -> None:
    torch.manual_seed(0)
    model = Toy(items=4000)
    before = {path: p.detach().clone() for path, p in model.named_parameters()}
    overrides = [
        {"match": "tables.*", "init": {"normal": 0.01}},
        {"match": "*norm.weight", "init": {"constant": 3}},
        {"match": "*logit.weight", "init": {"uniform": 0.2}},
    ]
    initialise(model, settings(overrides=overrides).overrides)
    after = dict(model.named_parameters())
    table = after["tables.main.item.weight"]
    assert abs(table.std().item() - 0.01) < 5e-4 and abs(table.mean().item()) < 5e-4
    assert torch.equal(after["nodes.head.norm.weight"], torch.full((4,), 3.0))
    logit = after["nodes.head.logit.weight"].abs()
    assert 0 < logit.max().item() <= 0.2
    for path in ("nodes.head.norm.bias", "nodes.head.logit.bias"):
        assert torch.equal(after[path], before[path])


def test_rates_and_decay_reach_the_optimizer() -> None:
    model = Toy()
    built = optimizers(model, overrides=[{"match": "head.logit.*", "lr": 0.5, "weight_decay": 0.1}])
    paths = {id(p): path for path, p in model.named_parameters()}
    rates = {
        paths[id(p)]: (group["lr"], group["weight_decay"])
        for part in built.parts.values()
        for group in part.param_groups
        for p in group["params"]
    }
    assert rates.keys() == set(paths.values())
    changed = {path for path, values in rates.items() if values == (0.5, 0.1)}
    assert changed == {"nodes.head.logit.weight", "nodes.head.logit.bias"}
    assert {values for path, values in rates.items() if path not in changed} == {(1e-3, 0.0)}


def test_a_glob_that_matches_nothing_is_a_mistake() -> None:
    report = Diagnostics()
    report_unmatched(settings(overrides=[{"match": "haed.*", "lr": 1}]).overrides, Toy(), report)
    (diagnostic,) = report
    assert diagnostic.code == "E207" and "`haed.*`" in diagnostic.message
    assert diagnostic.help == "did you mean `head.*`?"


def test_which_optimizer_trains_the_tables() -> None:
    model = Toy()
    (table,) = tables_of(model).values()
    assert isinstance(optimizers(model).parts["sparse"], LazyAdam) and table.sparse
    adagrad = optimizers(model, optimizer={"sparse": {"rowwise_adagrad": {"lr": 0.1}}}).parts["sparse"]
    assert isinstance(adagrad, RowwiseAdagrad) and adagrad.defaults["lr"] == 0.1
    dense = optimizers(model, optimizer={"sparse": {"dense": {"adam": {"lr": 0.2}}}}).parts["sparse"]
    assert type(dense) is torch.optim.Adam and dense.defaults["lr"] == 0.2
    assert [table.sparse for table in tables_of(model).values()] == [False]
