"""`train.recompute`: the same step bit for bit, with less kept between forward and backward."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import blockrec
from blockrec.graph.compile import check
from blockrec.graph.lower import Model
from blockrec.language.files import packaged_models
from tests.zoo.test_zoo import SIZES, batch_of

MODEL = """
blockrec: 1
features:
  item: {vocab: 60}
  behaviors: {max_len: 7, fields: {item: {like: item}}}
labels: [click]
blocks:
  tower:
    params: {hidden: [8, 8]}
    in: {x: vec}
    graph:
      mlp: {block: mlp, in: x, hidden: $hidden, dropout: 0.5, norm: batch}
      norm: {block: batch_norm, in: mlp}
    out: norm
graph:
  target: {block: embed, in: item, dim: 4}
  history: {block: embed, in: behaviors, dim: 4}
  steps: {block: mlp, in: history, hidden: [6, 4], dropout: 0.3}
  interest: {block: din, in: {query: target, keys: steps}, normalize: softmax}
  deep: {block: tower, in: [target, interest]}
  twice: {share: deep, in: [interest, target]}
  logit: {block: linear, in: [deep, twice], out: 1}
tasks: {click: {logits: logit, loss: bce}}
"""


POOLING = ("dssm", "dat", "deepfm")
"""Models whose largest value is a history, of which the mean is taken."""


def compiled(name: str, globs: str) -> Model:
    torch.manual_seed(0)
    sets = [f"train.recompute={globs}", "fuse=false"]  # fused lookups add the same terms in another order
    return blockrec.compile(name, sets=sets, vocabularies=SIZES)


def step(model: Model) -> tuple[dict[str, Any], int]:
    """All that a training step leaves behind, and how many bytes it kept in between."""
    kept: dict[int, int] = {}

    def pack(x: Tensor) -> Tensor:
        kept[x.untyped_storage().data_ptr()] = x.untyped_storage().nbytes()
        return x

    batch = batch_of(model.graph_ir)
    torch.manual_seed(5)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
        losses = [model(batch)["loss"] for _ in range(2)]
    for loss in reversed(losses):
        loss.backward()
    owned = {p.untyped_storage().data_ptr() for p in model.parameters()}
    gradients = {path: p.grad for path, p in model.named_parameters()}
    left = {
        "losses": torch.stack(losses).detach(),
        **gradients,
        **dict(model.named_buffers()),
        "random": torch.get_rng_state(),
    }
    return left, sum(size for place, size in kept.items() if place not in owned)


def check_same(name: str, globs: str) -> tuple[int, int]:
    (found, less), (wanted, more) = (step(compiled(name, g)) for g in (globs, "[]"))
    assert found.keys() == wanted.keys()
    for path, value in wanted.items():
        assert torch.equal(found[path].to_dense(), value.to_dense()), path
    return less, more


@pytest.mark.parametrize("name", packaged_models())
def test_every_model_trains_the_same(name: str) -> None:
    """Sums keep nothing, so that keeping their inputs is no gain: a model that mostly pools keeps more."""
    less, more = check_same(name, "['*']")
    assert less < (1.05 if name not in POOLING else 1.5) * more


@pytest.mark.parametrize("globs", ["['*']", "[deep]", "['deep.m*', steps]", "[interest, steps, twice]"])
def test_dropout_and_batch_statistics_come_back(globs: str) -> None:
    less, more = check_same(MODEL, globs)
    assert less < more


def test_which_nodes() -> None:
    def marked(globs: str) -> list[str]:
        _, graph, report = check(MODEL, sets=[f"train.recompute={globs}"])
        assert graph is not None, str(report)
        return [name for name, node in graph.nodes.items() if node.recompute]

    assert marked("[]") == []
    assert marked("[deep]") == ["deep.mlp", "deep.norm"]
    assert marked("['*.mlp', 'inter*']") == ["interest", "deep.mlp", "twice.mlp"]


def test_the_code_says_so_and_measuring_is_the_plain_call() -> None:
    model = compiled(MODEL, "[interest, steps]")
    assert model.code.count("recomputed(") == 1 and model.code.count("recomputed_rows(") == 1
    model.eval()
    kept = step(model)[1]
    assert kept == step(compiled(MODEL, "[]").eval())[1]


def test_a_second_backward_pass() -> None:
    model = compiled(MODEL, "['*']")
    loss = model(batch_of(model.graph_ir))["loss"]
    first, second = (
        torch.autograd.grad(loss, list(model.get_submodule("nodes").parameters()), retain_graph=True) for _ in range(2)
    )
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_glob_that_matches_no_node() -> None:
    _, graph, report = check(MODEL, sets=["train.recompute=[intrest]"])
    (error,) = report.errors
    assert graph is None and error.code == "E207" and "`intrest` in `train.recompute`" in error.message
    assert error.help == "did you mean `interest`?"
