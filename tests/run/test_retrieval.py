"""Towers and an index of items that leave a run, and what can be found with them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

import blockrec
from blockrec.jagged import Jagged
from blockrec.run import run
from blockrec.run.analyze import analyze_run
from blockrec.run.export import Exported, export
from blockrec.run.index import Index
from blockrec.run.load import Loaded, load_run
from blockrec.run.log import Log
from blockrec.run.predict import predict

SETS = [
    "data.generate.planted_interests.users=200",
    "data.generate.planted_interests.items=150",
    "data.generate.planted_interests.categories=10",
    "data.generate.planted_interests.groups=5",
]


@pytest.fixture(scope="module")
def retrieving(tmp_path_factory: pytest.TempPathFactory) -> Path:
    result = run("dssm", sets=SETS, steps=3, runs_dir=tmp_path_factory.mktemp("retrieving"))
    assert result.directory is not None
    return result.directory


@pytest.fixture(scope="module")
def exported(retrieving: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export(retrieving, tmp_path_factory.mktemp("exported") / "out", verify=True)


def outputs(loaded: Loaded, split: str) -> tuple[dict[str, torch.Tensor | Jagged], dict[str, torch.Tensor | Jagged]]:
    """What a model gives for a batch, and the batch."""
    batch = next(loaded.dataset(Log()).splits[split].batches(50))
    with torch.no_grad():
        return loaded.model(batch), batch


def test_a_tower_is_a_run_of_its_own(retrieving: Path, exported: Exported, tmp_path: Path) -> None:
    assert exported.towers == ("user_vector", "item_vector")
    whole, _ = outputs(load_run(retrieving), "test")
    for name, others in (("user_vector", {"item"}), ("item_vector", {"user", "behaviors.item"})):
        tower = load_run(exported.out / "towers" / name)
        alone, batch = outputs(tower, "test")
        assert {*alone} == {name} and torch.equal(alone[name], whole[name])  # type: ignore[arg-type]
        assert not others & {*batch}
        assert {*tower.model.state_dict()} < {*load_run(retrieving).model.state_dict()}
    users = sorted(f.stem for f in (exported.out / "towers/user_vector/vocabularies").glob("*.parquet"))
    assert users == ["category", "item", "user"]
    found = predict(exported.out / "towers/user_vector", tmp_path / "users.parquet")
    assert "user_vector" in found.columns and "click" not in found.columns


def test_the_index_has_the_vector_of_every_item(retrieving: Path, exported: Exported) -> None:
    index = Index.open(exported.out / "index")
    assert (
        exported.index is not None and len(index) == exported.index["items"] and index.columns == ["item", "category"]
    )
    items = index.ids.column("item").to_pylist()
    whole, batch = outputs(load_run(retrieving), "train")
    words = [None, *pq.read_table(retrieving / "vocabularies" / "item.parquet").column(0).to_pylist()]
    for row, vector in zip(batch["item"].tolist(), whole["item_vector"].numpy(), strict=True):  # type: ignore[union-attr]
        np.testing.assert_allclose(index.vectors[items.index(words[row])], vector, atol=1e-6)


def test_what_is_found_first_scores_best(retrieving: Path, exported: Exported) -> None:
    index = Index.open(exported.out / "index")
    queries = outputs(load_run(retrieving), "test")[0]["user_vector"].numpy()  # type: ignore[union-attr]
    places, scores = index.search(queries, 5)
    wanted = queries @ index.vectors.T / 0.1
    np.testing.assert_allclose(scores, -np.sort(-wanted, axis=1)[:, :5], rtol=1e-4)
    np.testing.assert_allclose(np.take_along_axis(wanted, places, 1), scores, rtol=1e-4)
    assert index.search(queries, 10_000)[0].shape == (len(queries), len(index))


@pytest.mark.parametrize("nearness", ["dot", "cosine", "euclid"])
@pytest.mark.parametrize(("kind", "search"), [("Flat", ""), ("HNSW16", "efSearch=200"), ("IVF4,Flat", "nprobe=4")])
def test_faiss_finds_the_same(nearness: str, kind: str, search: str, tmp_path: Path) -> None:
    pytest.importorskip("faiss", reason="the extra `ann` is not installed")
    rng = np.random.default_rng(0)
    vectors, queries = (rng.normal(size=(n, 6)).astype(np.float32) for n in (300, 20))
    ids = pa.table({"item": [f"i{n}" for n in range(300)]})
    exact = Index.of(vectors, ids, nearness, 0.5)  # type: ignore[arg-type]
    Index.of(vectors, ids, nearness, 0.5, kind, search).write(tmp_path / "index")  # type: ignore[arg-type]
    index = Index.open(tmp_path / "index")
    assert index.ids.equals(ids) and (index.kind, index.search_settings) == (kind, search)
    (places, scores), (wanted, best) = index.search(queries, 3), exact.search(queries, 3)
    assert (places == wanted).mean() > 0.95
    same = places == wanted
    np.testing.assert_allclose(scores[same], best[same], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("export.towers=[user_vectr]", r"E207(.|\n)*did you mean `user_vector`"),
        ("export.index.task=clik", r"E207(.|\n)*did you mean `click`"),
        ("export.index.kind=HNWS32", r"E706.*cannot make the index `HNWS32`"),
        ("graph.score={block: linear, in: [user_tower, item_tower], out: 1}", "E709.*no task that is a similarity"),
    ],
)
def test_mistakes(change: str, code: str, tmp_path: Path) -> None:
    result = run("dssm", sets=[*SETS, change], steps=1, runs_dir=tmp_path)
    assert result.directory is not None
    with pytest.raises(blockrec.BlockrecError, match=code):
        export(result.directory, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_faiss_that_is_missing_is_said(exported: Exported, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(blockrec.BlockrecError, match=r"E706.*not installed(.|\n)*blockrec\[ann\]"):
        Index.of(np.zeros((3, 2), np.float32), pa.table({"item": [1, 2, 3]}), "dot", 1.0, "Flat")


def test_export_says_what_it_wrote(exported: Exported) -> None:
    assert "towers/item_vector: `item_vector` alone" in str(exported) and "vectors of" in str(exported)
    assert json.loads(json.dumps(exported.to_json()))["index"]["task"] == "click"


@pytest.mark.parametrize("model", ["dssm", "mind"])
def test_exact_lists_hit_as_the_metrics_say(model: str, tmp_path: Path) -> None:
    pytest.importorskip("faiss", reason="the extra `ann` is not installed")
    result = run(model, sets=SETS, steps=3, runs_dir=tmp_path)
    assert result.directory is not None
    values = analyze_run(result.directory, "index", ["search=efSearch=300"]).findings.values
    for k in (10, 50, 100):
        assert values[f"hit@{k}/exact"] == pytest.approx(result.metrics[f"test/click/hit@{k}_catalogue"])
    assert values["found/exact"] == 1 and values["found/HNSW32"] > 0.95
