"""A checkpoint is whole or absent, and continues where it was written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from blockrec.diagnostics import BlockrecError
from blockrec.run import checkpoint
from blockrec.run.batches import Rows
from blockrec.run.checkpoint import load_optimizers, load_weights, save_checkpoint
from blockrec.run.loop import Loop, Plan
from tests.run.toy import Samples, Toy, updater


def trained(model: Toy, steps: int, seed: int = 0) -> Loop:
    feed = Rows(Samples(), 32, shuffle=False, seed=seed)
    plan = Plan.of(feed.per_epoch, epochs=1, steps=steps)
    loop = Loop(model, updater(model), feed, plan, torch.device("cpu"))
    for _ in loop.steps():
        pass
    return loop


def equal(a: Toy, b: Toy) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def test_round_trip_continues_the_same_way(tmp_path: Path) -> None:
    model = Toy()
    loop = trained(model, 3)
    save_checkpoint(tmp_path, model, loop.updater, {"step": 3, "epoch": 1}, ["last"])
    other = Toy()
    load_weights(tmp_path / "last", other)
    assert equal(model, other)
    resumed = updater(other)
    assert load_optimizers(tmp_path / "last", resumed) == {"step": 3, "epoch": 1}
    batch = next(iter(Samples(seed=5).batches(16)))
    for own, part in ((model, loop.updater), (other, resumed)):
        part.backward(own.train()(batch)["loss"])
        part.step(4, last=True)
    assert equal(model, other)


def test_links_move_and_unused_steps_go(tmp_path: Path) -> None:
    model = Toy()
    parts = updater(model)
    for step, links in ((1, ["best"]), (1, ["last"]), (2, ["last"]), (3, ["last"])):
        save_checkpoint(tmp_path, model, parts, {"step": step}, links)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["best", "last", "step-1", "step-3"]
    assert (tmp_path / "best").resolve().name == "step-1" and (tmp_path / "last").resolve().name == "step-3"


@pytest.mark.parametrize("point", ["save_file", "_flush"])
def test_a_failure_while_writing_leaves_the_checkpoint_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    model = Toy()
    parts = updater(model)
    save_checkpoint(tmp_path, model, parts, {"step": 1}, ["last"])

    def full(*_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(checkpoint, point, full)
    with pytest.raises(OSError, match="disk full"):
        save_checkpoint(tmp_path, Toy(), parts, {"step": 2}, ["last"])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["last", "step-1"]
    other = Toy()
    load_weights(tmp_path / "last", other)
    assert equal(model, other)


def test_another_model_is_refused(tmp_path: Path) -> None:
    model = Toy()
    save_checkpoint(tmp_path, model, updater(model), {"step": 1}, ["last"])
    with pytest.raises(BlockrecError, match=r"E703.*`tables.main.item.weight`"):
        load_weights(tmp_path / "last", Toy(items=21))
    other = Toy()
    other.add_module("extra", torch.nn.Linear(2, 2))
    with pytest.raises(BlockrecError, match=r"E703.*2 weights differ.*`extra.bias`"):
        load_weights(tmp_path / "last", other)
