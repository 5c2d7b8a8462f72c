"""Tables, types and lookups of every kind of feature and label."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import blockrec
from blockrec.diagnostics import Diagnostics
from blockrec.graph.compile import check
from blockrec.graph.ir import Graph
from blockrec.graph.lower import Model
from blockrec.graph.pooling import pooled
from blockrec.jagged import Jagged
from blockrec.run.sparse import LazyAdam

MODEL = """
blockrec: 1
features:
  city: {hash: 40, init: {constant: 0.5}}
  price: {buckets: 5, init: {uniform: 0.25}}
  hour: {calendar: hour}
  tags: {vocab: 30, pool: mean}
  liked: {like: item, pool: sum}
  item: {vocab: 20}
  seen: {fields: {item: {like: item}, time: {raw: int64}, age: {calendar: minutes_since(time), buckets: [1, 5]}}}
labels: {click: {}, step: {column: seen.stars}}
graph:
  rows: {block: embed, in: [city, price, hour, tags, liked, item], dim: 4}
  steps: {block: embed, in: [seen.item, seen.age], dim: 4}
  logit: {block: linear, in: rows, out: 1}
  each_step: {block: linear, in: steps, out: 1}
tasks:
  click: {logits: logit, loss: bce}
  step: {logits: each_step, loss: bce}
outputs: {tags: tags_alone}
"""
MODEL = MODEL.replace("  steps:", "  tags_alone: {block: embed, in: tags, dim: 4}\n  steps:")


def checked(text: str = MODEL) -> tuple[Graph | None, Diagnostics]:
    _, graph, report = check(text)
    return graph, report


def batch() -> dict[str, Any]:
    seen = Jagged.from_lists([[3, 4], [], [5]], torch.int64)
    return {
        "city": torch.tensor([0, 39, 7]),
        "price": torch.tensor([0, 5, 1]),
        "hour": torch.tensor([0, 23, 5]),
        "tags": Jagged.from_lists([[1, 1, 29], [], [4]], torch.int64),
        "liked": Jagged.from_lists([[], [2, 3], [19]], torch.int64),
        "item": torch.tensor([1, 2, 2]),
        "seen.item": seen,
        "seen.age": seen.like(torch.tensor([0, 3, 1])),
        "click": torch.tensor([0.0, 1.0, 1.0]),
        "step": seen.like(torch.tensor([1.0, 0.0, 1.0])),
    }


@pytest.fixture
def model() -> Model:
    torch.manual_seed(0)
    return blockrec.compile(MODEL)


def test_types() -> None:
    graph, report = checked()
    assert graph is not None, str(report)
    types = {name: (str(n.outputs["out"]), n.outputs["out"].jagged) for name, n in graph.nodes.items() if n.outputs}
    assert types["rows"] == ("[b, 24]", False) and types["tags_alone"] == ("[b, 4]", False)
    assert types["rows/liked"] == ("[b, 4]", False) and types["each_step"] == ("[b, seen, 1]", True)


def test_tables_have_the_rows_of_their_kind(model: Model) -> None:
    rows = {path: weight.shape[0] for path, weight in model.state_dict().items() if path.startswith("tables.")}
    assert rows == {
        "tables.main.city.weight": 40,
        "tables.main.price.weight": 6,
        "tables.main.hour.weight": 24,
        "tables.main.tags.weight": 30,
        "tables.main.item.weight": 20,
        "tables.main.seen.age.weight": 4,
    }


def test_tables_begin_as_their_feature_says(model: Model) -> None:
    city, price, tags = (model.get_submodule(f"tables.main.{name}").weight for name in ("city", "price", "tags"))
    assert bool((city == 0.5).all())
    assert float(price.detach().abs().max()) <= 0.25 and float(price.detach().std()) > 0.1
    assert float(tags.detach().std()) == pytest.approx(0.01, rel=0.3)


def test_a_pooled_lookup_is_the_mean_or_sum_of_rows(model: Model) -> None:
    out = model(batch())["tags"]
    table = model.tables.main.tags.weight
    torch.testing.assert_close(out[0], (2 * table[1] + table[29]) / 3)
    assert not out[1].any()
    torch.testing.assert_close(out[2], table[4])


@pytest.mark.parametrize("how", ["sum", "mean"])
@pytest.mark.parametrize("sparse", [True, False])
def test_gradients_of_a_pool(how: str, sparse: bool) -> None:
    """As of a loop over the lists; only the rows of the lists have one, as the table optimizers need."""
    torch.manual_seed(0)
    table, lists = nn.Embedding(9, 3, sparse=sparse), [[1, 5, 1], [], [8], []]
    weights = torch.randn(4, 3)
    (pooled(table, Jagged.from_lists(lists, torch.int64), how) * weights).sum().backward()
    gradient = table.weight.grad
    assert gradient is not None and gradient.is_sparse == sparse
    plain = table.weight.detach().clone().requires_grad_()
    reduce = torch.sum if how == "sum" else torch.mean
    parts = [reduce(plain[ids], 0) if ids else torch.zeros(3) for ids in lists]
    (torch.stack(parts) * weights).sum().backward()
    torch.testing.assert_close(gradient.to_dense(), plain.grad)


def test_one_table_serves_lookups_and_pools(model: Model) -> None:
    """A step of the sparse optimizer moves the rows that either reads, and no others."""
    for module in model.modules():
        if isinstance(module, nn.Embedding):
            module.sparse = True
    table = model.tables.main.item.weight
    before = table.detach().clone()
    optimizer = LazyAdam([table], lr=0.1)
    model(batch())["loss"].backward()
    optimizer.step()
    moved = (table.detach() != before).any(1).nonzero().flatten().tolist()
    assert moved == [1, 2, 3, 4, 5, 19]


def test_an_empty_batch_of_lists() -> None:
    out = pooled(nn.Embedding(3, 2), Jagged.from_lists([[], []], torch.int64), "mean")
    assert out.shape == (2, 2) and not out.any()


def test_a_model_with_lists_exports(model: Model) -> None:
    part = model.only("tags").eval()
    auto = torch.export.Dim.AUTO
    shapes = {"tags": [{0: auto}, {0: auto}, None, {0: auto}]}
    exported = torch.export.export(part, ({"tags": batch()["tags"]},), dynamic_shapes=(shapes,)).module()
    other = {"tags": Jagged(torch.tensor([7, 8, 9, 9, 1]), torch.tensor([0, 0, 2, 2, 5]), 3)}
    torch.testing.assert_close(exported(other)["tags"], part(other)["tags"])


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        ("label: step", "label: click", ["E316"]),
        ("logits: each_step, label: step", "logits: logit, label: step", ["E316"]),
        ("in: rows, out: 1", "in: [rows, tags], out: 1", ["E315"]),
    ],
)
def test_kinds_do_not_mix(old: str, new: str, codes: list[str]) -> None:
    text = MODEL.replace("step: {logits: each_step,", "step: {logits: each_step, label: step,")
    assert old in text
    _, report = checked(text.replace(old, new))
    assert [d.code for d in report.errors] == codes


def test_the_size_of_a_vocabulary_file_is_known_without_data(tmp_path: Any) -> None:
    (tmp_path / "words.txt").write_text("a\nb\n", "utf-8")
    text = MODEL.replace("{vocab: 30, pool", "{vocab: words.txt, cold: 4, pool")
    (tmp_path / "m.yaml").write_text(text, "utf-8")
    assert blockrec.compile(tmp_path / "m.yaml").tables.main.tags.weight.shape[0] == 7
