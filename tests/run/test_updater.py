"""What moves the weights: accumulation, clipping, loss scale, averages, and their state."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from blockrec.run import gradients
from blockrec.run.batches import Batch
from blockrec.run.loss_scale import LossScale
from blockrec.run.updater import Updater
from tests.run.toy import Samples, Toy, updater

TABLES: list[dict[str, Any]] = [{"lazy_adam": {}}, {"rowwise_adagrad": {}}, {"dense": {"sgd": {}}}]


class Plain(Toy):
    """Without batch statistics, so that two batches are as good as one of both."""

    def __init__(self) -> None:
        torch.manual_seed(3)
        super().__init__()
        self.nodes["head"]["norm"] = nn.Identity()  # type: ignore[operator]


def batches(number: int, rows: int = 16) -> list[Batch]:
    return list(Samples(number * rows).batches(rows))


def joined(parts: list[Batch]) -> Batch:
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}  # type: ignore[misc]


def trained(model: nn.Module, moves: Updater, steps: list[Batch], *, first: int = 1, ends: int = 0) -> list[bool]:
    settled = []
    for number, batch in enumerate(steps, first):
        moves.backward(model(batch)["loss"])
        settled.append(moves.step(number, last=number == ends))
    return settled


def close(found: nn.Module, wanted: nn.Module) -> None:
    for (path, own), other in zip(found.named_parameters(), wanted.parameters(), strict=True):
        torch.testing.assert_close(own, other, msg=path)


def same(found: nn.Module, wanted: nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(found.parameters(), wanted.parameters(), strict=True))


@pytest.mark.parametrize("tables", TABLES, ids=str)
def test_accumulated_batches_are_one_big_batch(tables: dict[str, Any]) -> None:
    model, whole = Plain(), Plain()
    steps = batches(6)
    chosen = {"dense": {"sgd": {"lr": 0.5}}, "sparse": tables}
    settled = trained(model, updater(model, accumulate=3, optimizer=chosen), steps)
    trained(whole, updater(whole, optimizer=chosen), [joined(steps[:3]), joined(steps[3:])])
    assert settled == [False, False, True] * 2
    close(model, whole)


def test_the_end_of_an_epoch_is_the_mean_of_what_there_is() -> None:
    model, whole = Plain(), Plain()
    steps = batches(5)
    assert trained(model, updater(model, accumulate=3), steps, ends=5) == [False, False, True, False, True]
    trained(whole, updater(whole), [joined(steps[:3]), joined(steps[3:])])
    close(model, whole)


@pytest.mark.parametrize("clip", [0.01, 0.1, 100.0])
@pytest.mark.parametrize("tables", TABLES[:2], ids=str)
def test_clipping_counts_tables_by_row(tables: dict[str, Any], clip: float, monkeypatch: pytest.MonkeyPatch) -> None:
    model, dense = Plain(), Plain()
    steps = batches(1, rows=64)
    moves = updater(model, clip=clip, optimizer={"sparse": tables})
    moves.backward(model(steps[0])["loss"])
    dense(steps[0])["loss"].backward()
    norm = torch.nn.utils.clip_grad_norm_(dense.parameters(), clip)
    assert (norm > clip) == (clip < 100)
    monkeypatch.setattr(moves.optimizers, "step", lambda _: None)
    monkeypatch.setattr(moves.optimizers, "zero_grad", lambda: None)
    moves.step(1, last=False)
    for found, wanted in zip(model.parameters(), dense.parameters(), strict=True):
        assert found.grad is not None
        torch.testing.assert_close(found.grad.to_dense(), wanted.grad)


def test_two_tables_that_share_the_memory_of_their_gradients() -> None:
    first, second = nn.Embedding(5, 2, sparse=True), nn.Embedding(5, 2, sparse=True)
    ids, factors = torch.tensor([1, 2, 1]), torch.randn(3, 2)
    ((first(ids) + second(ids)) * factors).sum().backward()
    gradients.multiply([*first.parameters(), *second.parameters()], 0.5)
    for table in (first, second):
        assert isinstance(table.weight.grad, Tensor)
        torch.testing.assert_close(table.weight.grad.to_dense()[2], factors[1] * 0.5)


class Huge(nn.Module):
    """What gradients are of: a table that no memory could hold."""

    def __init__(self, ids: list[int]) -> None:
        super().__init__()
        values = torch.ones(len(ids), 1)
        self.grad = torch.sparse_coo_tensor(torch.tensor([ids]), values, (1 << 45, 1), check_invariants=True)


def test_nothing_of_the_size_of_a_table_is_made() -> None:
    table: Any = Huge([4, 4, 1 << 44])
    assert gradients.norm([table]).item() == pytest.approx(5**0.5)
    gradients.multiply([table], 3.0)
    assert table.grad.coalesce().values().flatten().tolist() == [6, 3]


def test_a_scaled_loss_moves_the_weights_as_an_unscaled_one() -> None:
    model, plain = Plain(), Plain()
    steps = batches(5)
    moves = updater(model, precision="fp16", accumulate=2)
    trained(model, moves, steps)
    trained(plain, updater(plain, accumulate=2), steps)
    close(model, plain)
    assert moves.scale is not None and moves.scale.good == 2


def test_an_overflow_leaves_the_move_out_and_halves_the_scale() -> None:
    model = Plain()
    moves = updater(model, precision="fp16", clip=1.0)
    before = [p.detach().clone() for p in model.parameters()]
    (batch,) = batches(1)
    moves.backward(model(batch)["loss"] * 1e38)
    assert moves.step(1, last=False)
    assert all(torch.equal(p, b) and p.grad is None for p, b in zip(model.parameters(), before, strict=True))
    assert moves.scale is not None and moves.scale.state_dict() == {"scale": 2.0**15, "good": 0}


def test_a_scale_that_holds_grows() -> None:
    scale = LossScale(8.0, patience=3)
    assert [scale.judge(torch.tensor(1.0)) for _ in range(3)] == [True] * 3 and scale.scale == 16
    assert not scale.judge(torch.tensor(torch.nan)) and scale.scale == 8


def test_averages_are_torchs() -> None:
    model = Toy()
    moves = updater(model, ema=0.8)
    mean = get_ema_multi_avg_fn(0.8)  # type: ignore[no-untyped-call]  # torch gives it no types
    wanted = AveragedModel(model, multi_avg_fn=mean)
    for number, batch in enumerate(batches(5), 1):
        trained(model, moves, [batch], first=number)
        wanted.update_parameters(model)
    assert moves.averages is not None and set(moves.averages) == {
        path for path, _ in model.named_parameters() if not path.startswith("tables.")
    }
    for path, value in moves.averages.items():
        torch.testing.assert_close(value, wanted.module.get_parameter(path))


def test_averages_are_measured_and_the_weights_come_back() -> None:
    model = Toy()
    moves = updater(model, ema=0.5)
    trained(model, moves, batches(4))
    raw = {path: p.detach().clone() for path, p in model.named_parameters()}
    part = model.only("loss")
    assert moves.averages is not None
    with suppress(KeyError), moves.averaged(model), moves.averaged(model):
        assert torch.equal(part.get_parameter("toy.nodes.head.logit.weight"), moves.averages["nodes.head.logit.weight"])
        assert torch.equal(moves.state_dict()["ema"]["weights"]["nodes.head.logit.bias"], raw["nodes.head.logit.bias"])
        raise KeyError
    assert all(torch.equal(p, raw[path]) for path, p in model.named_parameters())
    assert not torch.equal(moves.averages["nodes.head.logit.weight"], raw["nodes.head.logit.weight"])
    fresh = updater(model, ema=0.5)
    with torch.no_grad():
        model.get_parameter("nodes.head.logit.weight").fill_(7)
    with fresh.averaged(model):
        assert model.get_parameter("nodes.head.logit.weight").eq(7).all()
    raw["nodes.head.logit.weight"].fill_(7)
    with updater(model).averaged(model):
        assert all(torch.equal(p, raw[path]) for path, p in model.named_parameters())


EVERYTHING: dict[str, Any] = {
    "schedule": {"warmup": 3, "plateau": {"patience": 0}},
    "clip": 0.1,
    "accumulate": 2,
    "precision": "fp16",
    "ema": 0.7,
}


def test_the_state_goes_on_the_same_way() -> None:
    straight, broken, resumed = Toy(), Toy(), Toy()
    broken.load_state_dict(straight.state_dict())
    steps = batches(8)

    def worse(moves: Updater) -> None:
        assert moves.plateau is not None
        for _ in range(2):
            moves.plateau.observe(0.5, lambda new, best: best is None or new > best)

    one, two, three = (updater(m, **EVERYTHING) for m in (straight, broken, resumed))
    trained(straight, one, steps[:4])
    worse(one)
    trained(straight, one, steps[4:], first=5)
    trained(broken, two, steps[:4])
    worse(two)
    file = io.BytesIO()
    with two.averaged(broken):
        torch.save({"model": broken.state_dict(), "updater": two.state_dict()}, file)
    file.seek(0)
    state = torch.load(file, weights_only=True)
    resumed.load_state_dict(state["model"])
    three.load_state_dict(state["updater"])
    assert three.lr == two.lr == pytest.approx(0.001 * 0.5)
    trained(resumed, three, steps[4:], first=5)
    assert same(resumed, straight) and three.lr == one.lr
    assert one.averages is not None and three.averages is not None
    assert all(torch.equal(one.averages[path], value) for path, value in three.averages.items())


def test_without_settings_a_step_is_the_optimizers_own() -> None:
    model, plain = Toy(), Toy()
    plain.load_state_dict(model.state_dict())
    moves, own = updater(model), updater(plain).optimizers
    for number, batch in enumerate(batches(3), 1):
        trained(model, moves, [batch], first=number)
        plain(batch)["loss"].backward()
        own.step()
        own.zero_grad()
    assert same(model, plain) and moves.averages is None and set(moves.state_dict()) == {"done", "optimizers"}
