"""Predictions in a file: those of the model, a row a sample, with the ids of the data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from torch import Tensor

import blockrec
from blockrec.jagged import Jagged
from blockrec.run import run
from blockrec.run.columns import column_of
from blockrec.run.load import load_run
from blockrec.run.log import Log
from blockrec.run.measure import evaluate_run
from blockrec.run.predict import predict


def expected(path: Path, split: str) -> dict[str, Tensor]:
    loaded = load_run(path)
    (batch,) = loaded.dataset(Log()).splits[split].batches(10**6)
    with torch.no_grad():
        found = loaded.model(batch)
    return {"click": found["click"].sigmoid().reshape(-1), "taste": found["taste"], "click_label": batch["click"]}


@pytest.mark.parametrize("batch_size", [7, 10**6])
def test_a_row_a_sample(little_run: Path, tmp_path: Path, batch_size: int) -> None:
    found = predict(little_run, tmp_path / "x.parquet", keep=["user", "click"], batch_size=batch_size)
    table = pq.read_table(tmp_path / "x.parquet")
    assert table.column_names == ["item", "category", "user", "click_label", "click", "taste"] == [*found.columns]
    wanted = expected(little_run, "test")
    assert len(table) == found.rows == len(wanted["click"])
    for name, values in wanted.items():
        np.testing.assert_allclose(np.array(table[name].to_pylist()), values.numpy(), rtol=1e-5, atol=1e-6)
    assert table.schema.metadata[b"step"].decode() == str(load_run(little_run).step)


def test_every_split_in_turn(little_run: Path, tmp_path: Path) -> None:
    predict(little_run, tmp_path / "x.parquet", split="all")
    table = pq.read_table(tmp_path / "x.parquet")
    splits = table["split"].to_pylist()
    assert sorted(set(splits)) == ["test", "train", "valid"] and splits == sorted(
        splits, key=["train", "valid", "test"].index
    )
    test = table.filter(pa.compute.equal(table["split"], "test"))
    np.testing.assert_allclose(test["click"].to_numpy(), expected(little_run, "test")["click"].numpy(), rtol=1e-5)


TEXTS = """
blockrec: 1
name: shop
features:
  item: {vocab: auto, cold: 3}
  shop: {hash: 10}
  price: {dense: 1}
labels: [click]
graph:
  x: {block: embed, in: [item, shop], dim: 2}
  y: {block: linear, in: [x, price], out: 1}
tasks: {buy: {label: click, logits: y, loss: bce, metrics: [auc]}}
data:
  events: LOG
  split: {by: leave_last}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    write(tmp_path / "log.parquet", item=[*"abcddcbabadc"], click=[1, 0, 1, 0] * 3)
    result = run(TEXTS.replace("LOG", str(tmp_path / "log.parquet")), runs_dir=tmp_path / "runs", steps=2)
    assert result.directory is not None
    return result.directory


def write(path: Path, **columns: list[Any]) -> None:
    keys = {"user": [u for u in range(3) for _ in range(4)], "time": list(range(12)), "shop": ["x"] * 12}
    pq.write_table(pa.table({**keys, "price": [i / 2 for i in range(12)], **columns}), path)


def test_new_data_need_no_label_and_may_have_new_ids(shop: Path, tmp_path: Path) -> None:
    write(tmp_path / "new.parquet", item=[*"abcdabcdabcz"])
    predict(shop, tmp_path / "out.parquet", data=str(tmp_path / "new.parquet"))
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.column_names == ["split", "item", "price", "buy"] and len(table) == 12
    assert sorted(filter(None, table["item"].to_pylist())) == sorted("abcdabcdabc")
    assert table["item"].null_count == 1 and table.filter(table["item"].is_null())["price"].to_pylist() == [5.5]


def test_columns_that_are_no_features_are_kept_as_they_are(shop: Path, tmp_path: Path) -> None:
    found = predict(shop, tmp_path / "out.parquet", split="all", keep=["user", "time", "click"])
    rows = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert [*found.columns] == ["split", "item", "price", "user", "time", "click_label", "buy"]
    assert sorted((row["user"], row["time"]) for row in rows) == [(t // 4, t) for t in range(12)]
    assert all((row["click_label"], row["price"]) == ((row["time"] + 1) % 2, row["time"] / 2) for row in rows)
    assert [row["split"] for row in rows if row["time"] % 4 == 3] == ["test"] * 3


def test_rows_without_labels_are_not_measured_but_predicted(shop: Path, tmp_path: Path) -> None:
    write(tmp_path / "new.parquet", item=[*"abcdabcdabcz"])
    with pytest.raises(blockrec.BlockrecError, match=r"(?s)no column `click`.*blockrec predict .*--data"):
        evaluate_run(shop, data=str(tmp_path / "new.parquet"))


def test_what_cannot_be_kept_is_said_of_the_option(shop: Path, tmp_path: Path) -> None:
    with pytest.raises(blockrec.BlockrecError, match=r"(?s)E502.*no column `nonsense`.*--keep:1:1.*1 \| nonsense") as e:
        predict(shop, tmp_path / "out.parquet", keep=["user", "nonsense"])
    assert "kept_" not in str(e.value)


def test_ids_that_the_training_did_not_know_are_kept_as_the_data_have_them(shop: Path, tmp_path: Path) -> None:
    write(tmp_path / "new.parquet", item=[*"abcdabcdabcz"], shop=[*"xvwx"] * 3, note=["a", None] * 6)
    predict(shop, tmp_path / "out.parquet", data=str(tmp_path / "new.parquet"), keep=["item", "shop", "note"])
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.column_names == ["split", "item", "price", "shop", "note", "buy"]
    rows = {row["price"]: (row["item"], row["shop"], row["note"]) for row in table.to_pylist()}
    assert [rows[i / 2] for i in range(12)] == [*zip("abcdabcdabcz", "xvwx" * 3, ["a", None] * 6, strict=True)]


ROWS = """
blockrec: 1
name: rows
features:
  item: {vocab: auto}
  behaviors: {max_len: 3, fields: {item: {like: item, column: met}}}
labels: [click]
graph:
  x: {block: embed, in: item, dim: 2}
  met: {block: embed, in: behaviors.item, dim: 2}
  mean: {block: mean_pool, in: met}
  y: {block: linear, in: [x, mean], out: 1}
tasks: {buy: {label: click, logits: y, loss: bce, metrics: [auc]}}
data: {train: FOLDER/train.parquet, split: {valid: 0.2, test: 0.2}}
"""


def test_rows_of_a_file_keep_their_order(tmp_path: Path) -> None:
    columns: dict[str, list[Any]] = {"item": [*"abcd"] * 10, "met": [[*"ab"], [], [*"dcba"], [*"b"]] * 10}
    pq.write_table(pa.table({**columns, "click": [1, 0, 0, 1, 1] * 8}), tmp_path / "train.parquet")
    result = run(ROWS.replace("FOLDER", str(tmp_path)), runs_dir=tmp_path / "runs", steps=1)
    new = pa.table({"item": [*"zdabc"], "met": [[*"ad"]] * 5, "time": [5, 4, 1, 2, 3]})
    pq.write_table(new, tmp_path / "new.parquet")
    assert result.directory is not None
    for keep, first in (["time"], None), (["time", "item"], "z"):
        out, data = tmp_path / "out.parquet", str(tmp_path / "new.parquet")
        predict(result.directory, out, data=data, keep=keep, batch_size=2)
        table = pq.read_table(out)
        assert table.column_names == ["item", "time", "buy"]
        assert table["time"].to_pylist() == [5, 4, 1, 2, 3] and table["item"].to_pylist() == [first, *"dabc"]


def test_a_kept_column_of_several_types_is_said(tmp_path: Path) -> None:
    columns: dict[str, list[Any]] = {"item": [*"abcd"] * 10, "met": [[*"ab"]] * 40}
    pq.write_table(pa.table({**columns, "click": [1, 0, 0, 1, 1] * 8}), tmp_path / "train.parquet")
    result = run(ROWS.replace("FOLDER", str(tmp_path)), runs_dir=tmp_path / "runs", steps=1)
    for name, note in (("a", [7, 8]), ("b", ["x", "7"])):
        pq.write_table(
            pa.table({"item": ["a"] * 2, "met": [["b"]] * 2, "note": note}), tmp_path / f"new_{name}.parquet"
        )
    assert result.directory is not None
    with pytest.raises(blockrec.BlockrecError, match=r"E503.*`note`.*int64 and string(.|\n)*--keep"):
        predict(result.directory, tmp_path / "out.parquet", data=str(tmp_path / "new_*.parquet"), keep=["note"])


def test_other_data_with_a_feature_that_the_run_does_not_read(tmp_path: Path) -> None:
    declared = ROWS.replace("labels:", "  who: {vocab: auto, column: user}\nlabels:")
    columns: dict[str, list[Any]] = {"item": [*"abcd"] * 10, "met": [[*"ab"]] * 40, "user": [1, 2] * 20}
    pq.write_table(pa.table({**columns, "click": [1, 0, 0, 1, 1] * 8}), tmp_path / "train.parquet")
    result = run(declared.replace("FOLDER", str(tmp_path)), runs_dir=tmp_path / "runs", steps=1)
    pq.write_table(pa.table({"item": ["a"] * 3, "met": [["b"]] * 3, "user": [9, 2, 7]}), tmp_path / "new.parquet")
    assert result.directory is not None
    predict(result.directory, tmp_path / "out.parquet", data=str(tmp_path / "new.parquet"), keep=["who"])
    assert pq.read_table(tmp_path / "out.parquet")["who"].to_pylist() == [9, 2, 7]


def test_row_groups_are_large_whatever_the_batches(
    little_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blockrec.run.predict.GROUP", 100)
    found = predict(little_run, tmp_path / "x.parquet", batch_size=30)
    file = pq.ParquetFile(tmp_path / "x.parquet")
    sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
    assert sum(sizes) == found.rows and set(sizes[:-1]) == {120} and sizes[-1] <= 120


def test_sequences_and_vectors_are_lists() -> None:
    jagged = Jagged(torch.tensor([[1.0] * 3] * 2 + [[2.0] * 3]), torch.tensor([0, 2, 2, 3]), 2)
    assert column_of(jagged).to_pylist() == [[[1.0] * 3] * 2, [], [[2.0] * 3]]
    assert column_of(torch.tensor([[1], [2]])).to_pylist() == [1, 2]
    assert column_of(torch.zeros(2, 2, dtype=torch.bfloat16)).to_pylist() == [[0.0, 0.0]] * 2
    assert column_of(torch.zeros(2), lambda x: x + 1).to_pylist() == [1, 1]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"keep": ["usr"]}, r"E502.*`usr`(.|\n)*did you mean `user`"),
        ({"sets": ["tasks=null", "outputs=null", "watch=null"]}, r"E\d+"),
        ({"data": "nothing.csv"}, r"E501.*nothing\.csv"),
    ],
)
def test_what_cannot_be_predicted_leaves_no_file(
    little_run: Path, tmp_path: Path, more: dict[str, Any], message: str
) -> None:
    with pytest.raises(blockrec.BlockrecError, match=message):
        predict(little_run, tmp_path / "x.parquet", **more)
    assert not list(tmp_path.iterdir())


def test_a_failure_on_the_way_leaves_what_was_there(
    little_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "x.parquet"
    predict(little_run, out)
    before = out.read_bytes()
    monkeypatch.setattr(pq.ParquetWriter, "write_table", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        predict(little_run, out)
    assert out.read_bytes() == before and [*tmp_path.iterdir()] == [out]
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        predict(little_run, tmp_path / "none" / "x.parquet")
