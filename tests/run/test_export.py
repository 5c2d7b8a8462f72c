"""An export is a run without what only training needs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

import blockrec
from blockrec.run import RunResult
from blockrec.run import export as exports
from blockrec.run.export import export
from blockrec.run.load import Loaded, load_run
from blockrec.run.measure import evaluate_run


def test_it_gives_the_metrics_of_the_run(little: RunResult, little_run: Path, tmp_path: Path) -> None:
    found = export(little_run, tmp_path / "out", verify=True)
    assert found.verified and found.formats == ("safetensors",) and found.checkpoint == "best"
    assert found.bytes == sum(f.stat().st_size for f in (tmp_path / "out").rglob("*") if f.is_file())
    metrics = evaluate_run(tmp_path / "out").metrics
    assert metrics == pytest.approx({k: v for k, v in little.metrics.items() if k.startswith("test/")})


def test_it_holds_weights_and_nothing_of_the_training(little_run: Path, tmp_path: Path) -> None:
    found = export(little_run, tmp_path / "out", checkpoint="last")
    files = {str(f.relative_to(found.out)) for f in found.out.rglob("*") if f.is_file()}
    step = f"checkpoints/step-{found.step}"
    assert files >= {"resolved.yaml", "export.json", f"{step}/model.safetensors", "vocabularies/item.parquet"}
    assert not any(f.endswith((".pt", ".jsonl")) for f in files)
    own = load_run(little_run, checkpoint="last").model.state_dict()
    with safe_open(found.out / step / "model.safetensors", "pt") as file:
        assert file.metadata()["name"] == "little" and file.metadata()["step"] == str(found.step)
        assert {k: file.get_tensor(k).shape for k in file.keys()} == {k: v.shape for k, v in own.items()}  # noqa: SIM118
        assert all(torch.equal(file.get_tensor(k), v) for k, v in own.items())
    assert json.loads((found.out / "export.json").read_text())["step"] == found.step


def test_a_folder_that_exists_is_left_alone(little_run: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(blockrec.BlockrecError, match="E706"):
        export(little_run, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_by_default_it_lies_in_the_run(little_run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(little_run, copy, symlinks=True)
    assert export(copy).out == copy / "export"


def test_what_does_not_read_back_is_not_left(little_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def doubled(loaded: Loaded, folder: Path) -> None:
        exports.save_file({k: 2 * v for k, v in loaded.model.state_dict().items()}, folder / exports.WEIGHTS)

    monkeypatch.setattr(exports, "_WRITERS", {"safetensors": doubled})
    with pytest.raises(blockrec.BlockrecError, match=r"E703.*other values of `click`"):
        export(little_run, tmp_path / "out", verify=True)
    assert not list(tmp_path.iterdir())
