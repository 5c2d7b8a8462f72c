"""The gradient of a table in two parts: they add up to it, and are those of two tables with the same weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import blockrec
from blockrec.graph.lower import Model
from blockrec.jagged import Jagged
from blockrec.run.analyze.analyses import conflict
from blockrec.run.analyze.attention import Cuts, listening, places
from blockrec.run.analyze.gradients import Part, split_gradients
from blockrec.run.analyze.meeting import Meeting
from blockrec.run.analyze.registry import find
from blockrec.run.analyze.subject import Subject
from blockrec.run.batches import Batch
from blockrec.run.log import Log
from blockrec.run.names import RESOLVED
from blockrec.run.prepare import Wishes, prepare
from blockrec.run.settings import train_settings
from blockrec.run.updater import build_updater
from tests.run.toy import section

SIZES = {"item": 30, "category": 9, "behaviors.position": 8, "user": 5}
IN_ONE = """
blockrec: 1
dataset: planted_interests
graph:
  target: {block: embed, in: [item, category], dim: 4}
  history: {block: embed, in: [behaviors.item, behaviors.category], dim: 4}
  interest: {block: din, in: {query: target, keys: history}, hidden: [6], activation: prelu}
  logit: {block: linear, in: [target, interest], out: 1}
tasks: {click: {logits: logit, loss: bce}}
"""
HEADS = IN_ONE.replace(
    "{block: din, in: {query: target, keys: history}, hidden: [6], activation: prelu}",
    "{block: multi_head_target_attention, in: {query: target, keys: history}, heads: 2, head_width: 3}",
)
SIMPLE, WINDOWS, ITSELF = (
    IN_ONE.replace("block: din,", f"block: {block},").replace(", hidden: [6], activation: prelu", "")
    for block in ("simple_attention", "multi_window_din", "self_attention")
)
TWICE = """
blockrec: 1
dataset: planted_interests
graph:
  target: {block: embed, in: [item, category], dim: 4}
  history: {block: embed, in: [behaviors.item, behaviors.category], dim: 4}
  first: {block: target_attention, in: {query: target, keys: history}}
  taste: {block: attend, in: {scores: first, values: history}}
  second: {block: target_attention, in: {query: taste, keys: history}}
  interest: {block: topk_attend, in: {scores: second, values: history}, k: 3}
  logit: {block: linear, in: [target, interest], out: 1}
tasks: {click: {logits: logit, loss: bce}}
"""


def built(source: str, **options: object) -> Model:
    torch.manual_seed(0)
    return blockrec.compile(source, vocabularies=SIZES, **options).double()


def batch() -> Batch:
    draw = torch.Generator().manual_seed(1)
    lengths = [3, 0, 7, 1, 5]
    steps = sum(lengths)
    offsets = torch.tensor([0, *lengths]).cumsum(0)
    position = torch.cat([torch.arange(n, 0, -1) for n in lengths])

    def ids(root: str, size: int) -> Tensor:
        return torch.randint(0, SIZES[root], (size,), generator=draw)

    return {
        "item": ids("item", 5),
        "category": ids("category", 5),
        "now": torch.zeros(5, dtype=torch.int64),
        "behaviors.item": Jagged(ids("item", steps), offsets, 7),
        "behaviors.category": Jagged(ids("category", steps), offsets, 7),
        "behaviors.position": Jagged(position, offsets, 7),
        "click": torch.tensor([1.0, 0, 1, 0, 0]),
    }


def gradients(model: Model) -> dict[str, Tensor]:
    return {n: p.grad.to_dense() if p.grad is not None else torch.zeros_like(p) for n, p in model.named_parameters()}


def dense(part: Part, like: Tensor) -> Tensor:
    out = torch.zeros_like(like)
    if len(part.rows):
        out[torch.from_numpy(part.rows)] = torch.from_numpy(part.values)
    return out


@pytest.mark.parametrize(
    "source",
    ["dare", "twin", "din", IN_ONE, HEADS, TWICE, SIMPLE, WINDOWS, ITSELF],
    ids=["dare", "twin", "din", "one", "heads", "twice", "simple", "windows", "itself"],
)
@pytest.mark.parametrize("sparse", [True, False], ids=["sparse", "dense"])
def test_the_parts_add_up_to_the_gradient(source: str, sparse: bool) -> None:
    model = built(source)
    optimizer = {"sparse": {"lazy_adam": {"lr": 0.1}} if sparse else {"dense": {"adam": {"lr": 0.1}}}}
    updater = build_updater(model, train_settings(section(optimizer=section(**optimizer))), steps=1, per_epoch=1)
    torch.autograd.backward(model(batch())["loss"])
    whole = gradients(model)
    model.zero_grad()
    parts = split_gradients(model, Cuts(), batch(), updater)
    for path, gradient in gradients(model).items():
        torch.testing.assert_close(gradient, whole[path], rtol=1e-9, atol=1e-14)
    for path, part in parts.items():
        total = dense(part.attention, whole[path]) + dense(part.rest, whole[path])
        torch.testing.assert_close(total, whole[path], rtol=1e-9, atol=1e-14)
        assert (part.attention.norms > 0).all() and (part.rest.norms > 0).all()


def test_the_parts_are_the_gradients_of_two_tables_with_the_same_weights() -> None:
    """The definition: TWIN with a table for each role, both alike."""
    one, two = built("twin"), built("dare")
    state = one.state_dict()
    alike = {
        k: state[k.replace("attention", "main", 1) if k.startswith("tables") else k]
        for k in two.state_dict()
        if "representation" not in k
    }
    alike |= {k: state[k.replace("representation", "main", 1)] for k in two.state_dict() if "representation" in k}
    two.load_state_dict(alike)
    updater = build_updater(one, train_settings(section()), steps=1, per_epoch=1)
    parts = split_gradients(one, Cuts(), batch(), updater)
    torch.autograd.backward(two(batch())["loss"])
    apart = gradients(two)
    for path, part in parts.items():
        for role, found in (("attention", part.attention), ("representation", part.rest)):
            wanted = apart[path.replace("main", role, 1)]
            torch.testing.assert_close(dense(found, wanted), wanted, rtol=1e-9, atol=1e-14)


def test_what_waits_from_earlier_batches_is_kept() -> None:
    model = built("twin")
    updater = build_updater(model, train_settings(section(accumulate=2)), steps=2, per_epoch=2)
    for _ in range(2):
        torch.autograd.backward(model(batch())["loss"])
    both = gradients(model)
    model.zero_grad()
    first = split_gradients(model, Cuts(), batch(), updater)
    second = split_gradients(model, Cuts(), batch(), updater)
    for path, gradient in gradients(model).items():
        torch.testing.assert_close(gradient, both[path], rtol=1e-9, atol=1e-14)
    for path, part in first.items():
        assert np.allclose(part.rest.values, second[path].rest.values)


def test_no_hook_is_left() -> None:
    model = built("twin")
    with Cuts().open(model), listening(model) as heard:
        model(batch())
    assert list(heard) == ["score"]
    assert not any(p.module._forward_pre_hooks or p.module._forward_hooks for p in places(model))


@pytest.mark.parametrize("source", [IN_ONE, HEADS, SIMPLE, WINDOWS], ids=["one", "heads", "simple", "windows"])
def test_scores_are_heard_where_a_block_makes_them_inside(source: str) -> None:
    model = built(source)
    with listening(model) as heard:
        model(batch())
    assert list(heard) == ["interest"] and heard["interest"].values.shape == (16,)


@pytest.mark.parametrize("source", [IN_ONE, HEADS, SIMPLE, WINDOWS, ITSELF])
def test_a_table_of_a_block_that_scores_inside_has_both_roles(source: str) -> None:
    model = built(source)
    updater = build_updater(model, train_settings(section()), steps=1, per_epoch=1)
    parts = split_gradients(model, Cuts(), batch(), updater)
    assert all(len(part.attention.rows) and len(part.rest.rows) for part in parts.values())


def test_rows_are_compared_by_angle() -> None:
    left = Part(np.array([1, 4, 6]), np.array([[1.0, 0], [0, 2], [1, 1]]))
    right = Part(np.array([0, 4, 6]), np.array([[1.0, 0], [0, -3], [1, 0]]))
    meeting = Meeting()
    meeting.see(left, right, count_rows=True)
    assert meeting.cosines == pytest.approx([(-1 + 0.5**0.5) / 2])
    assert meeting.compared == {4: 1, 6: 1} and meeting.opposed == {4: 1, 6: 0}
    assert meeting.opposed_steps == 1 and sorted(meeting.opposed_rows) == [0, 1]


def test_conflict_trains_as_the_run_did(attending: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In 64 bits, in which rounding is too small to let top-k choose other behaviours."""
    jobs = []

    def in_64_bits(*args: Any) -> Any:
        job = prepare(*args)
        job.model.double()
        jobs.append(job)
        return job

    monkeypatch.setattr(conflict, "prepare", in_64_bits)
    found = find("conflict").function(Subject(attending, Log()), steps=8, first=5)
    job = in_64_bits(attending / RESOLVED, Wishes(sets=("fuse=false",), steps=12, seed=jobs[0].seed), Log())
    job.model.train()
    for place in range(8):
        job.updater.backward(job.model(job.batch_at(0, place))["loss"])
        job.updater.step(place + 1, last=False)
    for name, value in jobs[0].model.state_dict().items():
        torch.testing.assert_close(value, job.model.state_dict()[name], rtol=1e-7, atol=1e-10)
    assert found.values["norm/attention/main/category"] > 0
    assert -1 <= found.values["cosine/main/category"] <= 1
