"""Timing node by node: every node is there, and what is timed is the step that training makes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import blockrec
from blockrec.graph.lower import Model
from blockrec.language.files import packaged_models
from blockrec.run import run
from blockrec.run.profile import NodeTime, Profile, profile
from blockrec.run.profile.nodes import NodeByNode
from tests.zoo.test_zoo import SIZES, batch_of

CPU = torch.device("cpu")


def compiled(name: str, *sets: str) -> Model:
    torch.manual_seed(0)
    return blockrec.compile(name, vocabularies=SIZES, sets=sets)


@pytest.mark.parametrize("sets", [(), ("train.recompute=['*']",)], ids=str)
@pytest.mark.parametrize("name", packaged_models())
def test_it_is_the_step_of_training(name: str, sets: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    model, whole = compiled(name, *sets), compiled(name)
    batch = batch_of(model.graph_ir)
    whole(batch)["loss"].backward()
    own = {id(p): path for path, p in model.named_parameters()}
    found: dict[str, Tensor] = {}
    grad = torch.autograd.grad

    def noted(outs: Any, wanted: Sequence[Tensor], *more: Any, **options: Any) -> Any:
        gradients = grad(outs, wanted, *more, **options)
        for p, g in zip(wanted, gradients, strict=True):
            if id(p) in own and g is not None:
                path, dense = own[id(p)], g.to_dense()
                found[path] = found[path] + dense if path in found else dense
        return gradients

    monkeypatch.setattr(torch.autograd, "grad", noted)
    times = NodeByNode(model, CPU).step(batch)
    for path, parameter in whole.named_parameters():
        assert parameter.grad is not None
        torch.testing.assert_close(found[path], parameter.grad.to_dense(), msg=path)
    graph = model.graph_ir
    assert set(times) == {*graph.ancestors({s.edge.source for s in graph.sinks} & set(graph.nodes)), "loss/sum"}
    assert all(forward > 0 for forward, _ in times.values())
    (task,) = (sink for sink in graph.sinks if sink.kind == "task")
    assert times[task.edge.source][1] > 0


def test_it_leaves_no_trace() -> None:
    model = compiled("din")
    model.eval()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    random = torch.get_rng_state()
    found = profile(model, [batch_of(model.graph_ir)] * 3, CPU, warm=1)
    assert found.steps == 2 and found.rows == 24 and found.precision == "fp32"
    assert not model.training and torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())


def test_the_table_begins_with_the_slowest_and_counts_the_rest() -> None:
    nodes = [NodeTime(f"n{i}", "linear", i * 1e-3, 2e-3) for i in range(23)]
    found = Profile("cpu", "float32", 10, 100, nodes)
    lines = str(found).splitlines()
    assert lines[1].split() == ["n22", "linear", "22.000", "2.000", "8%"]
    assert lines[-2].split() == ["3", "more", "3.000", "6.000", "3%"]
    assert lines[-1].split() == ["all", "nodes", "253.000", "46.000", "100%"]
    assert len(json.loads(json.dumps(found.to_json()))["nodes"]) == 23


MODEL = """
blockrec: 1
name: little
dataset: planted_interests
graph:
  target: {block: embed, in: [item, category, user], dim: 4}
  deep: {block: mlp, in: target, hidden: [8], dropout: 0.2}
  logit: {block: linear, in: deep, out: 1}
tasks: {click: {logits: logit, loss: bce, metrics: [auc]}}
data: {generate: {planted_interests: {users: 60, items: 100}}}
train: {steps: 3, precision: bf16}
"""


def test_a_run_with_a_profile_is_the_same_run(tmp_path: Path) -> None:
    plain = run(MODEL, runs_dir=tmp_path)
    found = run(MODEL, runs_dir=tmp_path, profile=True)
    assert found.metrics == plain.metrics and found.directory is not None and plain.directory is not None
    assert not (plain.directory / "profile.json").exists()
    written = json.loads((found.directory / "profile.json").read_text("utf-8"))
    assert written["precision"] == "bf16" and "deep" in [node["node"] for node in written["nodes"]]
    assert "backward ms" in str(found) and "backward ms" not in str(plain)
