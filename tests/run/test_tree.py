"""A model over a tree: its search against scoring every item, read back, warm started, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from blockrec.data.tree.nodes import Nodes
from blockrec.diagnostics import BlockrecError
from blockrec.run import run
from blockrec.run.analyze import analyze_run
from blockrec.run.beam import Beam
from blockrec.run.load import load_run
from blockrec.run.log import Log
from blockrec.run.measure import evaluate_run
from blockrec.run.prepare import Job, Wishes, prepare
from blockrec.run.result import RunResult
from tests.data.conftest import visits

MODEL = """
blockrec: 1
name: shelves
features:
  user: {vocab: auto}
  item: {vocab: auto, cold: 2}
  category: {vocab: auto}
  past: {max_len: 5, fields: {item: {like: item}}}
labels: {click: {column: time, at_least: 2}}
graph:
  node:  {block: embed, in: [item, category], dim: 4}
  whose: {block: embed, in: user, dim: 4}
  items: {block: embed, in: past.item, dim: 4}
  mean:  {block: mean_pool, in: items}
  deep:  {block: mlp, in: [node, whose, mean], hidden: [8]}
  logit: {block: linear, in: deep, out: 1}
tasks:
  click:
    logits: logit
    loss: bce
    metrics: [auc, {recall: {k: [1, 5], over: tree}}, {mrr: {over: tree}}, {ndcg: {k: 5, over: catalogue}}]
data:
  events: log.parquet
  tree: {items: [item, category], by: category, branching: 3}
  split: {by: time, valid: 0.1, test: 0.1}
  batch_size: 50
eval: {catalogue: {items: [item, category]}}
train: {optimizer: {dense: {adam: {lr: 0.01}}, sparse: {lazy_adam: {lr: 0.01}}}}
"""
SAME = "[{recall: {k: [1, 5], over: %s}}, {ndcg: {k: 5, over: %s}}, {hit: {k: 3, over: %s}}, {mrr: {over: %s}}]"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("shelves")
    pq.write_table(pa.table({**visits(), "never": np.zeros(900)}), found / "log.parquet")
    (found / "model.yaml").write_text(MODEL, "utf-8")
    return found


@pytest.fixture(scope="module")
def done(folder: Path) -> RunResult:
    return run(folder / "model.yaml", epochs=2, runs_dir=folder / "runs")


def job(folder: Path, *sets: str) -> Job:
    return prepare(folder / "model.yaml", Wishes(sets=sets), Log())


@pytest.mark.parametrize("seen", ["keep", "drop"])
def test_a_beam_that_opens_all_ranks_as_the_catalogue_is(folder: Path, done: RunResult, seen: str) -> None:
    values = []
    for over in ("tree", "catalogue"):
        metrics = f"tasks.click.metrics={SAME % ((over,) * 4)}"
        sets = (
            metrics,
            "eval.catalogue.beam=1000",
            f"eval.catalogue.seen={seen}",
            "data.events=" + str(folder / "log.parquet"),
        )
        found = evaluate_run(done.directory, sets=sets)
        values.append({name.removesuffix(f"_{over}"): value for name, value in found.metrics.items()})
    assert values[0] == pytest.approx(values[1]) and len(values[0]) == 5
    assert 0 < values[0]["test/click/recall@5"] <= 1


def test_a_narrow_beam_finds_no_more(done: RunResult) -> None:
    recalls = []
    for beam in (1, 2, 1000):
        sets = (f"tasks.click.metrics={SAME % (('tree',) * 4)}", f"eval.catalogue.beam={beam}")
        found = evaluate_run(done.directory, sets=sets)
        details = found.details["test/click/mrr_tree"]
        assert details["beam"] == beam and details["lists"] == found.rows
        recalls.append((details["lost"], details["scored"]))
    (narrow, few), (_, more), (all_found, most) = recalls
    assert few < more and narrow > all_found == 0
    assert most == details["items"]


def test_a_search_compared_with_scoring_every_item(done: RunResult) -> None:
    assert done.directory is not None
    found = analyze_run(done.directory, "tree", ["k=3", "beams=1,4,1000", "rows=25"])
    values, items = found.findings.values, len(load_run(done.directory).nodes.rows)  # type: ignore[union-attr]
    assert values["best@every item"] == values["best@1000"] == 1
    assert values["recall@every item"] == values["recall@1000"]
    assert values["scored@every item"] == items > values["scored@1"]
    assert values["best@1"] < values["best@4"] <= 1
    assert found.findings.tables[0].title == f"23 samples of test, {items} items"  # two have an item not trained on


def test_a_run_without_a_tree_has_no_search(little_run: Path) -> None:
    with pytest.raises(BlockrecError, match=r"E709.*not trained over a tree"):
        analyze_run(little_run, "tree")


def test_search_opens_the_best_nodes_of_each_level(done: RunResult, folder: Path) -> None:
    """Against a search written out node by node."""
    loaded = load_run(done.directory)
    nodes = loaded.nodes
    assert nodes is not None
    split = loaded.dataset(Log()).splits["test"]
    value = np.random.default_rng(0).random(len(nodes.tree))
    of_row = dict(zip(nodes.columns["item"].tolist(), value.tolist(), strict=True))
    beam = Beam.of(
        nodes, split.gather, ["item", "user"], lambda b: np.array([of_row[i] for i in b["item"].tolist()]), 7
    )
    tree, width = nodes.tree, 3
    level = beam.first_level(width)
    assert level < tree.depth
    found = sorted(tree.numbers(level), key=lambda node: -value[node])
    while level < tree.depth:
        found = [c for node in found[:width] for c in tree.children(level, np.array([node]))[1].tolist()]
        found.sort(key=lambda node: -value[node])
        level += 1
    reached = beam.reached(split.first + np.arange(4), width)
    assert reached.owner.tolist() == np.repeat(np.arange(4), len(found)).tolist()
    assert reached.items[: len(found)].tolist() == tree.items[np.array(found) - tree.inner].tolist()
    assert np.array_equal(reached.scores[: len(found)], value[found])
    assert reached.first(2).items[:2].tolist() == reached.items[:2].tolist()


def test_what_a_sample_becomes(folder: Path) -> None:
    """Each row is a node of the tree with its own values; users and histories are those of the sample."""
    found = job(folder, "data.tree.negatives=[1, 2]", "data.shuffle=false")
    nodes, train = found.dataset.nodes, found.dataset.splits["train"]
    assert nodes is not None and found.dataset.vocabularies["item"] == 1 + 30 + 2 + nodes.tree.inner
    batch, plain = found.first_batch(), next(iter(train.batches(train.rows)))
    of_row = {row: node for node, row in enumerate(nodes.columns["item"].tolist())}
    place = [of_row[row] for row in batch["item"].tolist()]
    assert np.array_equal(batch["category"], nodes.columns["category"][place])
    depth, clicked = nodes.tree.depth, plain["click"] > 0
    repeated = depth + 1 + 2 * (depth - 1)
    assert len(place) == 50 * repeated and int(batch["click"].sum()) == 50 * depth
    whose = torch.bincount(plain["user"][clicked][:50], minlength=61)
    assert torch.equal(torch.bincount(batch["user"], minlength=61), repeated * whose)
    leaves = torch.tensor([node >= nodes.tree.inner for node in place]) & (batch["click"] > 0)
    assert torch.equal(batch["item"][leaves], plain["item"][clicked][:50])
    assert batch["past.item"].batch == len(place)
    assert found.plan.per_epoch == -(-int(clicked.sum()) // 50)


def test_a_run_is_read_back_with_its_tree(done: RunResult, folder: Path) -> None:
    """Even if the file that it was built from were another one now."""
    again = load_run(done.directory)
    made = job(folder).dataset.nodes
    assert again.nodes is not None and made is not None and again.nodes.name == made.name
    table = again.model.state_dict()["tables.main.item.weight"]
    assert len(table) == again.dataset(Log()).vocabularies["item"] == 33 + made.tree.inner
    assert Nodes.load(done.directory / "vocabularies").name == made.name  # type: ignore[union-attr]


def test_inner_nodes_start_warm_in_the_same_tree_only(done: RunResult, folder: Path) -> None:
    before = load_run(done.directory)
    inner = before.nodes.tree.inner  # type: ignore[union-attr]
    had = before.model.state_dict()["tables.main.item.weight"]
    for branching in (3, 2):
        warm = run(
            folder / "model.yaml",
            steps=1,
            sets=[f"data.tree.branching={branching}", "train.optimizer.sparse.lazy_adam.lr=1e-30"],
            warm_start=done.directory,
            runs_dir=folder / "runs",
        )
        now = load_run(warm.directory).model.state_dict()["tables.main.item.weight"]
        assert torch.equal(now[:33], had[:33])
        assert torch.equal(now[33:], had[33:]) == (branching == 3)
        assert branching == 2 or len(now) == 33 + inner


def leaves(folder: Path, change: Callable[[dict[str, list[int]]], object] = lambda _: None, **about: str) -> str:
    """A file with every item at a leaf of a tree of three children a node."""
    columns: dict[str, list[int]] = {"item": [*range(30)], "code": [40 + 2 * i for i in range(30)]}
    change(columns)
    path = folder / "leaves.parquet"
    pq.write_table(pa.table(columns).replace_schema_metadata({"branching": "3", **about}), path)
    return f"data.tree={{by: {path}, branching: null}}"


def test_a_run_goes_on_with_leaves_from_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which the command named relative to its own folder."""
    leaves(folder)
    monkeypatch.chdir(folder)
    sets = ["data.tree={by: leaves.parquet, branching: null}"]
    part = run(folder / "model.yaml", steps=2, sets=sets, runs_dir=folder / "runs")
    monkeypatch.undo()
    done = run(resume=part.directory, steps=4, runs_dir=folder / "runs")
    whole = run(folder / "model.yaml", steps=4, sets=[leaves(folder)], runs_dir=folder / "runs")
    assert done.metrics == whole.metrics and done.steps == 4
    assert evaluate_run(done.directory).metrics == {k: v for k, v in done.metrics.items() if k.startswith("test/")}


def test_leaves_may_come_from_a_file(folder: Path) -> None:
    nodes = job(folder, leaves(folder)).dataset.nodes
    assert nodes is not None and (nodes.tree.branching, nodes.tree.depth) == (3, 4)
    assert nodes.tree.places.tolist() == [2 * i for i in range(30)]


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        ("data.tree.by=user", "`by` is none of the features"),
        ("data.tree.items=[nothing]", "`nothing` is no feature of a sample"),
        ("data.tree.items=[past.item]", "is no feature of a sample"),
        ("data.tree.label=bought", "`bought` is no label of samples"),
        ("features.item.vocab=100", "adds rows to its table"),
        ("data.tree.by=nowhere.parquet", "no file"),
        ("data.tree=null", "the file has no tree"),
        ("labels.click={column: never, type: float, at_least: null}", "no training sample has `click` above 0"),
    ],
)
def test_what_is_no_tree(folder: Path, sets: str, message: str) -> None:
    more = ["features.item.cold=null"] if "vocab" in sets else ["tasks.click.metrics=null"] if "float" in sets else []
    with pytest.raises(BlockrecError, match=message):
        job(folder, sets, *more)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: (c["item"].pop(3), c["code"].pop(3)), "lacks 1 of 30 items"),
        (lambda c: c["code"].__setitem__(3, 40), "two items have one leaf"),
        (lambda c: c["code"].__setitem__(3, 0), "no nodes below the root"),
        (lambda c: c.__setitem__("leaf", c.pop("code")), "is no tree"),
    ],
)
def test_what_is_no_file_of_leaves(
    folder: Path, change: Callable[[dict[str, list[int]]], object], message: str
) -> None:
    with pytest.raises(BlockrecError, match=message):
        job(folder, leaves(folder, change))
    with pytest.raises(BlockrecError, match="3 children a node"):
        job(folder, leaves(folder), "data.tree.branching=2")
