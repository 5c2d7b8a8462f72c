"""The compiled module: names, results, gradients, pruning, export."""

from __future__ import annotations

import copy
from textwrap import dedent
from typing import Any

import pytest
import torch

import blockrec
from blockrec.diagnostics import BlockrecError
from blockrec.graph.lower import Model
from tests.graph.conftest import batch_of, model_text

GRAPH = """
  target: {block: embed, in: [item, category], dim: 4}
  history: {block: embed, in: [behaviors.item, behaviors.category], dim: 4}
  steps: {block: mlp, in: [history, behaviors.gap], hidden: [8]}
  interest: {block: din, in: {query: target, keys: steps}}
  head: {block: mlp, in: [target, interest, price], hidden: [6]}
  logit: {block: linear, in: head, out: 1}
  other: {block: linear, in: target, out: 1}
"""
REST = """
tasks: {click: {logits: logit, loss: bce}}
losses: {side: {block: bce, in: {logits: other, label: click}, weight: 0.5}}
outputs: {user_vector: interest}
"""


@pytest.fixture
def model() -> Model:
    torch.manual_seed(0)
    return blockrec.compile(model_text(GRAPH, REST))


def test_results_by_name(model: Model) -> None:
    out = model(batch_of())
    assert list(out) == ["click", "user_vector", "loss", "loss.click", "loss.side"]
    assert out["click"].shape == (5, 1) and out["user_vector"].shape == (5, 8) and out["loss"].shape == ()
    torch.testing.assert_close(out["loss"], out["loss.click"] + 0.5 * out["loss.side"])


def test_state_paths(model: Model) -> None:
    names = set(model.state_dict())
    assert {"tables.main.item.weight", "tables.main.category.weight"} <= names
    assert any(n.startswith("nodes.head.") for n in names)
    assert not any(n.startswith("tables.main.behaviors") for n in names)


def test_code_is_readable(model: Model) -> None:
    assert "interest = self.nodes.interest(target, steps)" in model.code
    assert "batch['behaviors.item']" in model.code


def test_gradients_reach_every_parameter(model: Model) -> None:
    model(batch_of())["loss"].backward()
    without = [n for n, p in model.named_parameters() if p.grad is None]
    assert without == []


def test_only_needs_no_label_and_shares_parameters(model: Model) -> None:
    part = model.only("user_vector")
    batch = {k: v for k, v in batch_of().items() if k not in ("click", "price")}
    torch.testing.assert_close(part(batch)["user_vector"], model(batch_of())["user_vector"])
    assert part.tables.main.item is model.tables.main.item
    assert not hasattr(part.nodes, "head")
    with pytest.raises(KeyError, match="no result"):
        model.only("nothing")


def test_rows_do_not_depend_on_their_batch(model: Model) -> None:
    whole = model.eval()(batch_of())["click"]
    single = batch_of()
    one: dict[str, Any] = {}
    for name, value in single.items():
        if isinstance(value, torch.Tensor):
            one[name] = value[2:3]
        else:
            start, end = value.offsets[2:4].tolist()
            one[name] = blockrec.Jagged(value.values[start:end], torch.tensor([0, end - start]), value.max_length)
    torch.testing.assert_close(model(one)["click"], whole[2:3])


def test_equal_lookups_are_done_once() -> None:
    text = model_text(GRAPH + "  again: {block: embed, in: item, dim: 4}\n", REST.replace("interest}", "again}"))
    code = blockrec.compile(text).code
    assert code.count("self.tables.main.item(item)") == 1


def test_a_name_in_two_roles_is_two_tables() -> None:
    text = model_text(
        GRAPH + "  again: {block: embed, in: item, table: second, dim: 2}\n", REST.replace("interest}", "again}")
    )
    model = blockrec.compile(text)
    assert model.tables.second.item.weight.shape == (30, 2) and model.tables.main.item.weight.shape == (30, 4)


def test_copies_are_independent(model: Model) -> None:
    twin = copy.deepcopy(model)
    with torch.no_grad():
        twin.tables.main.item.weight.zero_()
    assert float(model.tables.main.item.weight.detach().abs().sum()) > 0
    assert twin.graph_ir is model.graph_ir and twin.only("click") is not None


def test_table_of_unknown_size_needs_data() -> None:
    text = model_text(GRAPH, REST).replace("{vocab: 30}", "{vocab: auto}")
    with pytest.raises(BlockrecError, match="E108"):
        blockrec.compile(text)
    assert blockrec.compile(text, vocabularies={"item": 9}).tables.main.item.weight.shape[0] == 9


def test_kernel_that_cannot_be_met() -> None:
    text = model_text(GRAPH.replace("keys: steps}}", "keys: steps}, kernel: triton}"), REST)
    with pytest.raises(BlockrecError, match="E601"):
        blockrec.compile(text)


def test_reference_kernels_agree(model: Model) -> None:
    plain = blockrec.compile(model_text(GRAPH, REST + "kernels: reference"))
    plain.load_state_dict(model.state_dict())
    torch.testing.assert_close(plain(batch_of())["click"], model(batch_of())["click"])


def test_export_with_another_batch() -> None:
    model = blockrec.compile(model_text(GRAPH, REST + "kernels: reference")).only("click").eval()
    names = [k for k in batch_of() if k in model.graph_ir.used_features()]
    small, large = ({k: v for k, v in batch_of(n, seed=n).items() if k in names} for n in (4, 9))
    auto = torch.export.Dim.AUTO
    shapes = {
        name: {0: auto} if isinstance(value, torch.Tensor) else [{0: auto}, {0: auto}, None, {0: auto}]
        for name, value in small.items()
    }
    exported = torch.export.export(model, (small,), dynamic_shapes=(shapes,))
    torch.testing.assert_close(exported.module()(large)["click"], model(large)["click"])


@pytest.mark.parametrize("taken", ["type", "half", "training", "forward", "parameters"])
def test_names_that_torch_takes(taken: str) -> None:
    text = """
    blockrec: 1
    features: {NAME: {vocab: 9}}
    labels: [click]
    blocks: {TOWER: {in: {x: vec}, graph: {NAME: {block: linear, in: x, out: 2}}, out: NAME}}
    graph:
      v: {block: embed, in: NAME, dim: 2, table: NAME}
      NODE: {block: TOWER, in: v}
      logit: {block: linear, in: NODE, out: 1}
    tasks: {NODE: {logits: logit, loss: bce, label: click}}
    """
    for node in (taken, "deep"):
        words = {"NAME": "item" if node == taken else taken, "NODE": node, "TOWER": "tower"}
        source = dedent(text)
        for word, name in words.items():
            source = source.replace(word, name)
        model = blockrec.compile(source)
        value = model({next(iter(model.graph_ir.features)): torch.tensor([1, 2]), "click": torch.ones(2)})
        assert value[node].shape == (2, 1)
