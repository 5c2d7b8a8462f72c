"""A run is brought back as it was: its weights, its metrics, and data encoded with what it learned."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file

import blockrec
from blockrec.run import RunResult, run
from blockrec.run.evaluate import evaluate
from blockrec.run.find import find_checkpoint, find_run
from blockrec.run.load import load_run
from blockrec.run.log import Log


def test_the_best_checkpoint_gives_the_metrics_of_the_run(little: RunResult, little_run: Path) -> None:
    loaded = load_run(little_run)
    assert loaded.checkpoint.name == "best" and little.best is not None and loaded.step == little.best.step
    split = loaded.dataset(Log()).splits["test"]
    found = evaluate(loaded.model, split, "test", loaded.tasks, batch_size=99, device=loaded.device)
    assert found is not None
    assert found.metrics == pytest.approx({k: v for k, v in little.metrics.items() if k.startswith("test/")})


@pytest.mark.parametrize("name", ["last", "step"])
def test_a_checkpoint_by_name(little: RunResult, little_run: Path, name: str) -> None:
    loaded = load_run(little_run, checkpoint=f"step-{little.steps}" if name == "step" else name)
    assert loaded.step == little.steps
    saved = load_file(little_run / "checkpoints" / "last" / "model.safetensors")
    assert all(torch.equal(value, saved[key]) for key, value in loaded.model.state_dict().items())


def test_loading_draws_no_random_numbers(little_run: Path) -> None:
    before = torch.random.get_rng_state()
    load_run(little_run)
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_run_is_found_by_directory_folder_and_name(little_run: Path) -> None:
    runs = little_run.parent.parent
    for word in (little_run, little_run.parent, str(little_run)):
        assert find_run(word).resolve() == little_run.resolve()
    assert find_run("little", runs).resolve() == little_run.resolve()
    with pytest.raises(blockrec.BlockrecError, match=r"E009.*no run `litle`(.|\n)*did you mean `little`"):
        find_run("litle", runs)


def test_a_checkpoint_that_is_not_there(little_run: Path, tmp_path: Path) -> None:
    with pytest.raises(blockrec.BlockrecError, match=r"E009.*no checkpoint `bset`(.|\n)*did you mean `best`"):
        find_checkpoint(little_run, "bset")
    with pytest.raises(blockrec.BlockrecError, match=r"E009.*(.|\n)*there are: none"):
        find_checkpoint(tmp_path)


def test_settings_over_the_run(little_run: Path) -> None:
    loaded = load_run(little_run, sets=["tasks.click.metrics=[logloss]", "eval.batch_size=7"])
    assert loaded.batch_size == 7 and [m.name for m in loaded.tasks[0].metrics] == ["logloss"]
    with pytest.raises(blockrec.BlockrecError, match="E703"):
        load_run(little_run, sets=["graph.deep.hidden=[9]"])


def test_what_was_learned_must_be_there(little_run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(little_run, copy, symlinks=True)
    (copy / "vocabularies" / "item.parquet").unlink()
    with pytest.raises(blockrec.BlockrecError, match=r"E501.*`item`"):
        load_run(copy)
    (copy / "vocabularies" / "item.parquet").write_bytes(b"PAR")
    with pytest.raises(blockrec.BlockrecError, match=r"E501.*cannot read"):
        load_run(copy)


LOGS = """
blockrec: 1
name: shop
features: {item: {vocab: auto, column: product}}
labels: [click]
graph:
  x: {block: embed, in: item, dim: 2}
  y: {block: linear, in: x, out: 1}
tasks: {click: {logits: y, loss: bce, metrics: [auc]}}
data:
  events: LOG
  samples: {label: {click: rating >= 4}}
  split: {by: leave_last}
"""
CARD = """
features: {item: {vocab: 50, column: film}}
labels: {click: {column: seen}}
data: {events: FILE, split: {by: leave_last}}
"""


def write(path: Path, **columns: list[object]) -> Path:
    """A log of three users with four events each."""
    keys = {"user": [u for u in range(3) for _ in range(4)], "time": list(range(12))}
    pq.write_table(pa.table({**keys, **columns}), path)
    return path


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A run on a log of items a … d."""
    log = write(tmp_path / "log.parquet", product=[*"abcddcbabadc"], rating=[5, 1, 4, 2] * 3)
    result = run(LOGS.replace("LOG", str(log)), runs_dir=tmp_path / "runs", steps=2)
    assert result.directory is not None
    return result.directory


def items(run: Path, **more: str) -> list[int]:
    """Rows of the table of items that the test samples have."""
    (batch,) = load_run(run, **more).dataset(Log()).splits["test"].batches(100)
    return batch["item"].tolist()  # type: ignore[union-attr]


def test_other_files_are_encoded_as_the_run_did(shop: Path, tmp_path: Path) -> None:
    assert items(shop) == [4, 1, 3]
    other = write(tmp_path / "other.parquet", product=[*"zzzdzzzbzzzz"], rating=[5, 1, 4, 2] * 3)
    assert items(shop, data=str(other)) == [4, 2, 0]


def test_another_card_says_where_values_stand_and_the_run_what_they_are(shop: Path, tmp_path: Path) -> None:
    write(tmp_path / "films.parquet", film=[*"zzzdzzzbzzzz"], seen=[1, 0, 1, 0] * 3)
    card = tmp_path / "films.yaml"
    card.write_text(CARD.replace("FILE", "films.parquet"), "utf-8")
    assert items(shop, data=str(card)) == [4, 2, 0]


def test_data_that_changed_are_encoded_as_the_run_did(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "log.parquet", product=[*"aacdabzbabya"], rating=[5, 1, 4, 2] * 3)
    assert items(shop) == [4, 2, 1]
    assert "the data have changed since the run" in capsys.readouterr().err


@pytest.mark.parametrize("data", ["nothing", "nothing.parquet"])
def test_other_data_that_are_not_there(shop: Path, data: str) -> None:
    with pytest.raises(blockrec.BlockrecError, match=r"E(111|501).*nothing"):
        items(shop, data=data)
