"""`train.precision` and `train.tf32` in a run: what is set, what is refused and where."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from blockrec.diagnostics import BlockrecError
from blockrec.run import run
from blockrec.run.batches import Rows
from blockrec.run.loop import Loop, Plan
from blockrec.run.precision import in_32_bits, set_precision
from blockrec.run.smoke import smoke_step
from tests.run.toy import Samples, Toy, updater

CPU = torch.device("cpu")
MODEL = """
blockrec: 1
name: little
dataset: planted_interests
graph:
  target: {block: embed, in: [item, category, user], dim: 4}
  deep: {block: mlp, in: target, hidden: [8]}
  logit: {block: linear, in: deep, out: 1}
tasks: {click: {logits: logit, loss: bce, metrics: [auc]}}
data: {generate: {planted_interests: {users: 60, items: 100}}}
train: {steps: 3}
"""


@pytest.fixture(autouse=True)
def settings_come_back() -> Iterator[None]:
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    yield
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


class Narrow(nn.Module):
    """Takes no 16-bit floats."""

    def forward(self, x: Tensor) -> Tensor:
        if x.dtype is not torch.float32:
            raise RuntimeError(f"expected Float, found {x.dtype}")
        return x


def fails_on_halves(dtype: torch.dtype) -> Any:
    model: Any = Toy()
    head = model.nodes["head"]
    head["logit"] = nn.Sequential(nn.Linear(4, 4), Narrow(), nn.Linear(4, 1))
    model.precision = dtype
    forward = model.forward

    def cast(batch: Any) -> Any:
        with torch.autocast("cpu", model.precision, enabled=model.precision is not torch.float32):
            return forward(batch)

    model.forward = cast
    return model


def test_a_node_that_takes_no_16_bits_is_named() -> None:
    (batch,) = Samples(16).batches(16)
    with pytest.raises(BlockrecError, match=r"(?s)E603.*`precision: bf16`, `head.logit.1` fails.*expected Float.*fp32"):
        smoke_step(fails_on_halves(torch.bfloat16), batch)
    smoke_step(fails_on_halves(torch.float32), batch)


def test_a_node_that_fails_in_any_precision_is_not_blamed_on_it() -> None:
    (batch,) = Samples(16).batches(16)
    model = fails_on_halves(torch.bfloat16)
    model.nodes["head"]["drop"] = nn.Linear(5, 5)
    with pytest.raises(BlockrecError, match=r"E705.*`head.drop`"):
        smoke_step(model, batch)
    assert model.precision is torch.bfloat16


def test_a_device_that_does_not_multiply_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> Tensor:
        raise RuntimeError("not implemented for 'BFloat16'")

    model: Any = Toy()
    set_precision(model, "bf16", CPU, tf32=False)
    assert model.precision is torch.bfloat16
    with in_32_bits(model):
        assert model.precision is torch.float32
    monkeypatch.setattr(torch.nn.functional, "linear", refused)
    with pytest.raises(BlockrecError, match=r"E603.*`cpu` does not multiply in bf16"):
        set_precision(model, "bf16", CPU, tf32=False)
    set_precision(model, "fp32", CPU, tf32=True)
    assert model.precision is torch.float32 and torch.backends.cuda.matmul.allow_tf32
    set_precision(model, "fp32", CPU, tf32=False)
    assert not torch.backends.cuda.matmul.allow_tf32


@pytest.mark.parametrize("name", ["bf16", "fp16"])
def test_training_in_16_bits_learns_as_in_32(name: str) -> None:
    def loss(name: str) -> float:
        torch.manual_seed(0)
        model: Any = Toy()
        forward = model.forward
        set_precision(model, name, CPU, tf32=False)
        dtype = model.precision
        model.forward = torch.autocast("cpu", dtype, enabled=name != "fp32")(forward)
        samples: Any = Samples(1000)
        fast = {"dense": {"adam": {"lr": 0.05}}, "sparse": {"lazy_adam": {"lr": 0.05}}}
        moves = updater(model, precision=name, optimizer=fast)
        loop = Loop(model, moves, Rows(samples, 100, True, 1), Plan(50, 10), CPU)
        assert len(list(loop.steps())) == 50
        return loop.losses.mean()

    assert loss(name) == pytest.approx(loss("fp32"), rel=2e-3)


def test_a_run_measures_in_its_precision(tmp_path: Path) -> None:
    sets = ["train.precision=bf16", "train.ema=0.5", "train.recompute=[deep]"]
    results = {s: run(MODEL, sets=s.split(), runs_dir=tmp_path).metrics for s in ("", " ".join(sets[:1]))}
    a, b = (value["test/click/auc"] for value in results.values())
    assert a != b and a == pytest.approx(b, abs=0.05)
    assert run(MODEL, sets=sets, runs_dir=tmp_path).steps == 3


def test_a_task_and_a_node_with_names_that_torch_takes(tmp_path: Path) -> None:
    text = MODEL.replace("deep", "half").replace("tasks: {click: {", "tasks: {type: {label: click, ")
    assert set(run(text, runs_dir=tmp_path).metrics) == {"valid/type/auc", "test/type/auc"}
