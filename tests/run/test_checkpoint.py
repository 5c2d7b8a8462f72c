"""A checkpoint is whole or absent at every moment, and its files are what was written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch

from blockrec.diagnostics import BlockrecError
from blockrec.run import checkpoint
from blockrec.run.batches import Rows
from blockrec.run.checkpoint import FILES, Snapshot, go_back, load_weights, read_training, save_checkpoint
from blockrec.run.checksums import SUMS, check_files, damage
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


def snapshot(step: int, best: int | None = None, model: Toy | None = None) -> Snapshot:
    model = model or Toy(items=3)
    return Snapshot(model.state_dict(), {"updater": updater(model).state_dict()}, {"step": step, "best": best})


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def linked(folder: Path) -> list[str]:
    return [(folder / link).resolve().name for link in ("best", "last")]


def test_round_trip_continues_the_same_way(tmp_path: Path) -> None:
    model = Toy()
    loop = trained(model, 3)
    state = {"step": 3, "metric": 0.1 + 0.2}
    save_checkpoint(tmp_path, Snapshot(model.state_dict(), {"updater": loop.updater.state_dict()}, state), ["last"])
    other = Toy()
    load_weights(tmp_path / "last", other)
    assert equal(model, other)
    resumed = updater(other)
    training, read = read_training(tmp_path / "last")
    resumed.load_state_dict(training["updater"])
    assert read == state
    batch = next(iter(Samples(seed=5).batches(16)))
    for own, part in ((model, loop.updater), (other, resumed)):
        part.backward(own.train()(batch)["loss"])
        part.step(4, last=True)
    assert equal(model, other)


def test_the_system_s_own_tool_reads_the_checksums(tmp_path: Path) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("there is no sha256sum here")
    folder = save_checkpoint(tmp_path, snapshot(1), ["last"])
    assert names(folder) == sorted([*FILES, SUMS])
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("saved", "keep", "left", "links"),
    [
        ([(1, 1), (2, 1), (3, 1)], 0, [1, 3], [1, 3]),
        ([(1, 1), (2, 1), (3, 1)], 1, [1, 2, 3], [1, 3]),
        ([(1, 1), (2, 1), (3, 1), (4, 4), (5, 4)], 1, [4, 5], [4, 5]),
        ([(1, 1), (2, 1), (3, 1), (4, 4)], 1, [1, 3, 4], [4, 4]),  # 1 is the best that 3 knows
        ([(2, 2), (10, 2), (9, 2)], 0, [2, 9, 10], [2, 9]),  # newer ones are not this function's to judge
    ],
)
def test_what_stays(saved: list[tuple[int, int]], keep: int, left: list[int], links: list[int], tmp_path: Path) -> None:
    for step, best in saved:
        save_checkpoint(tmp_path, snapshot(step, best), ["best", "last"] if step == best else ["last"], keep)
    assert names(tmp_path) == sorted([*(f"step-{n}" for n in left), "best", "last"])
    assert linked(tmp_path) == [f"step-{n}" for n in links]


def test_going_back_forgets_what_came_later(tmp_path: Path) -> None:
    for step, best in ((1, 1), (2, 1), (3, 3), (4, 3)):
        save_checkpoint(tmp_path, snapshot(step, best), ["best", "last"] if step == best else ["last"], keep=9)
    go_back(tmp_path, tmp_path / "step-2")
    assert names(tmp_path) == ["best", "last", "step-1", "step-2"] and linked(tmp_path) == ["step-1", "step-2"]


class Killed(BaseException):
    """The process is gone: nothing that it would still do is done."""


def systematically_killed(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """All operations on files, counted from now on, fail from the one after `after` on: so does tidying up."""
    left = [after]

    def mortal(function: Any) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            if left[0] <= 0:
                raise Killed
            left[0] -= 1
            return function(*given, **named)

        return call

    for name in ("fsync", "rename", "replace", "symlink", "unlink", "rmdir", "mkdir"):
        monkeypatch.setattr(os, name, mortal(getattr(os, name)))
    for name in ("rename", "replace", "symlink_to", "unlink", "mkdir", "write_text"):
        monkeypatch.setattr(Path, name, mortal(getattr(Path, name)))
    monkeypatch.setattr(checkpoint, "save_file", mortal(checkpoint.save_file))
    monkeypatch.setattr(torch, "save", mortal(torch.save))


def test_a_kill_between_any_two_operations_leaves_whole_checkpoints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kill after the first, the second, … operation of a save that also moves both links and removes two states."""
    before = tmp_path / "before"
    for step, best in ((1, 1), (2, 1)):
        save_checkpoint(before, snapshot(step, best), ["best", "last"] if step == best else ["last"], keep=1)
    new, later = snapshot(3, 3), snapshot(4, 3)
    for operations in range(200):
        folder = tmp_path / f"killed-{operations}"
        shutil.copytree(before, folder, symlinks=True)
        with monkeypatch.context() as patch:
            systematically_killed(patch, operations)
            try:
                save_checkpoint(folder, new, ["best", "last"], keep=0)
                killed = False
            except Killed:
                killed = True
        steps = [p for p in folder.iterdir() if p.name.startswith("step-")]
        assert not [wrong for step in steps if (wrong := damage(step))]
        assert {"best", "last"} <= set(names(folder)) and set(linked(folder)) <= {step.name for step in steps}
        assert json.loads((folder / "last" / "training.json").read_text("utf-8"))["step"] in (2, 3)
        save_checkpoint(folder, later, ["last"], keep=0)
        assert linked(folder)[1] == "step-4" and not [name for name in names(folder) if name.startswith(".step")]
        if not killed:
            break
    assert not killed and operations > 20


@pytest.mark.parametrize("point", ["save_file", "_flush", "write_checksums"])
def test_a_failure_while_writing_leaves_the_checkpoint_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    model = Toy(items=3)
    save_checkpoint(tmp_path, snapshot(1, model=model), ["last"])

    def full(*_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(checkpoint, point, full)
    with pytest.raises(OSError, match="disk full"):
        save_checkpoint(tmp_path, snapshot(2), ["last"])
    assert names(tmp_path) == ["last", "step-1"]
    other = Toy(items=3)
    load_weights(tmp_path / "last", other)
    assert equal(model, other)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
@pytest.mark.parametrize("size", [1, 10_000, 1_000_000])
def test_a_full_disk_is_said_to_be_full(size: int) -> None:
    with pytest.raises(OSError, match="No space left on device"):
        checkpoint._save_tensors({"x": torch.zeros(size)}, Path("/dev/full"))


@pytest.mark.parametrize("name", [*FILES, SUMS])
def test_a_byte_that_is_not_the_one_written_is_refused_by_name(tmp_path: Path, name: str) -> None:
    for step in (1, 2):
        save_checkpoint(tmp_path, snapshot(step), ["last"], keep=1)
    file = tmp_path / "step-2" / name
    content = bytearray(file.read_bytes())
    for place in (0, len(content) // 2, len(content) - 1):
        changed = bytearray(content)
        changed[place] ^= 1
        file.write_bytes(changed)
        words = r"`step-1` is whole: `blockrec run --resume .*step-1` goes on"
        with pytest.raises(BlockrecError, match=rf"(?s)E707.*last` is damaged: .*`({name}|SHA256SUMS)`.*{words}"):
            check_files(tmp_path / "last")
    file.write_bytes(content)
    check_files(tmp_path / "last")


@pytest.mark.parametrize("name", [*FILES, SUMS])
def test_a_missing_file_is_refused_by_name(tmp_path: Path, name: str) -> None:
    save_checkpoint(tmp_path, snapshot(1), ["last"])
    (tmp_path / "last" / name).unlink()
    with pytest.raises(BlockrecError, match=rf"(?s)E707.*`{name}` is missing.*no older checkpoint"):
        check_files(tmp_path / "last")


def test_damaged_weights_are_not_loaded(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, snapshot(1), ["last"])
    file = tmp_path / "last" / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\x00")
    with pytest.raises(BlockrecError, match=r"E707.*`model.safetensors` does not have the SHA-256"):
        load_weights(tmp_path / "last", Toy(items=3))


def test_another_model_is_refused(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, snapshot(1, model=Toy()), ["last"])
    with pytest.raises(BlockrecError, match=r"E703.*`tables.main.item.weight`"):
        load_weights(tmp_path / "last", Toy(items=21))
    other = Toy()
    other.add_module("extra", torch.nn.Linear(2, 2))
    with pytest.raises(BlockrecError, match=r"E703.*2 weights differ.*`extra.bias`"):
        load_weights(tmp_path / "last", other)
