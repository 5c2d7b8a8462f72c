"""`features:` and `labels:` as values, and the mistakes that only they can show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from blockrec.diagnostics import Diagnostics
from blockrec.language.document import Document, load
from blockrec.language.features import AUTO, Column, Constant, Position

TEXT = """\
blockrec: 1
graph: {}
features:
  item: {vocab: 100, dim: 8, column: item_id}
  shop: {vocab: auto, default: 0}
  ad: {like: item}
  price: {dense: 1}
  vector: {dense: 8, column: v}
  time: {raw: int64}
  now: {constant: 0, like: seen.position}
  bias: {constant: 2, vocab: 3}
  seen:
    max_len: 50
    keep: first
    fields:
      item: {like: ad, dim: 4}
      shop: {like: shop, column: shops}
      kind: {vocab: 7}
      time: {raw: int64}
      position: {position: from_end}
      place: {position: from_start, vocab: 2000}
  cart: {fields: {kind: {like: seen.kind}}}
labels: {click: {}, like: {column: rating, at_least: 4}, flag: {column: bits, bit: 3}, rate: {type: float}}
"""


@pytest.fixture
def document(loaded: Callable[..., Document]) -> Document:
    return loaded(TEXT)


def test_tables_and_numbers(document: Document) -> None:
    f = document.features.features
    assert (f["item"].kind, f["item"].vocab, f["item"].dim, f["item"].root) == ("id", 100, 8, "item")
    assert (f["shop"].vocab, f["shop"].dim, f["shop"].source) == (AUTO, None, Column("shop", 0))
    assert (f["ad"].root, f["ad"].vocab, f["ad"].dim, f["ad"].source) == ("item", 100, 8, Column("item_id"))
    assert (f["price"].kind, f["price"].width, f["price"].vocab, f["price"].dtype) == ("dense", 1, None, "float32")
    assert (f["vector"].width, f["vector"].source) == (8, Column("v"))
    assert (f["time"].kind, f["time"].dtype, f["time"].vocab) == ("raw", "int64", None)


def test_fields_and_sources(document: Document) -> None:
    f, seen = document.features.features, document.features.sequences["seen"]
    assert (seen.max_len, seen.keep) == (50, "first")
    assert seen.fields == ("item", "shop", "kind", "time", "position", "place")
    item = f["seen.item"]
    assert (item.sequence, item.root, item.vocab, item.dim, item.source) == ("seen", "item", 100, 4, Column("item_id"))
    assert f["seen.shop"].source == Column("shops") and f["seen.kind"].source == Column("kind")
    assert (f["seen.position"].source, f["seen.position"].vocab) == (Position("from_end"), 51)
    assert (f["seen.place"].source, f["seen.place"].vocab) == (Position("from_start"), 2000)
    assert (f["now"].source, f["now"].root, f["now"].vocab) == (Constant(0), "seen.position", 51)
    assert (f["bias"].source, f["bias"].vocab) == (Constant(2), 3)
    assert (f["cart.kind"].root, f["cart.kind"].vocab, f["cart.kind"].source) == ("seen.kind", 7, Column("kind"))
    assert document.features.sequences["cart"].max_len is None
    assert str(f["seen.item"].span) == "<text>:16:7" and f["seen.item"].span.text == "item"


def test_labels(document: Document, loaded: Callable[..., Document]) -> None:
    labels = document.features.labels
    assert (labels["click"].column, labels["click"].type) == ("click", "binary")
    assert (labels["like"].column, labels["like"].at_least) == ("rating", 4.0)
    assert (labels["flag"].column, labels["flag"].bit, labels["rate"].type) == ("bits", 3, "float")
    listed = loaded(TEXT[: TEXT.index("labels")] + "labels: [click, buy]\n").features.labels
    assert {n: (label.column, label.span.text) for n, label in listed.items()} == {
        "click": ("click", "click"),
        "buy": ("buy", "buy"),
    }


WRONG = [
    ("item: {vocab: 3, dense: 2}", ["E108 4:20"]),
    ("item: {vocab: 3, like: x}", ["E108 4:20", "E208 4:26"]),
    ("item: {}", ["E108 4:3"]),
    ("item: {column: x}", ["E108 4:3"]),
    ("item: {like: itm}", ["E208 4:16"]),
    ("item: {like: item}", ["E208 4:16"]),
    ("item: {like: b}\n  b: {like: item}", ["E208 4:16", "E208 5:13"]),
    ("item: {like: b}\n  b: {like: c}\n  c: {like: b}", ["E208 5:13", "E208 6:13"]),
    ("item: {like: s}\n  s: {fields: {a: {vocab: 3}}}", ["E208 4:16"]),
    ("item: {like: b}\n  b: {dense: 3}", ["E108 4:16"]),
    ("item: {dense: 3, dim: 3}", ["E108 4:20"]),
    ("item: {constant: 3}", ["E108 4:3"]),
    ("item: {constant: 3, vocab: auto}", ["E108 4:30"]),
    ("item: {constant: 3, vocab: 3}", ["E106 4:20"]),
    ("item: {constant: 3, vocab: 4, column: x}", ["E108 4:33"]),
    ("item: {constant: 3, like: b}\n  b: {vocab: 3}", ["E106 4:20"]),
    ("item: {position: from_end}", ["E108 4:10"]),
    ("item: {vocab: 3, max_len: 3}", ["E108 4:20"]),
    ("item: {vocab: 3, keep: last}", ["E108 4:20"]),
    ("item: {fields: {a: {vocab: 3}}, vocab: 3}", ["E108 4:35"]),
    ("item: {fields: {}}", ["E106 4:18"]),
    ("item: {fields: {a: {fields: {}}}}", ["E100 4:23"]),
    ("item: {fields: {a: {vocab: 3, max_len: 3}}}", ["E100 4:33", "E108 4:33"]),
    ("item: {fields: {p: {position: from_end}}}", ["E108 4:19"]),
    ("item: {max_len: 9, fields: {p: {position: from_end, vocab: 9}}}", ["E106 4:45"]),
    ("item: {max_len: 9, fields: {p: {position: from_end, vocab: 10}}}", []),
    ("item: {fields: {p: {position: from_end, constant: 1}}}", ["E108 4:43"]),
    ("item: {fields: {p: {position: from_end, like: b}}}\n  b: {vocab: 3}", []),
    ("item: {vocab: $(n}", ["E403 4:17"]),
    ("click: {vocab: 3}", ["E201 6:10"]),
]


@pytest.mark.parametrize(("features", "expected"), WRONG)
def test_wrong_features(features: str, expected: list[str], found: Callable[..., list[str]]) -> None:
    lines = f"blockrec: 1\ngraph: {{}}\nfeatures:\n  {features}\n"
    rest = "labels: [click]\n" if features.startswith("click") else ""
    pad = "#\n" * (5 - lines.count("\n")) if rest else ""
    assert found(lines + pad + rest) == expected


LABELS = [
    ("[a, a]", ["E201 4:13"]),
    ("{a: {at_least: 3, bit: 1}}", ["E101 4:27"]),
    ("{a: {at_least: 3, type: float}}", ["E101 4:27"]),
    ("{a: {bit: 1, type: float}}", ["E101 4:22"]),
    ("{a: 3}", ["E101 4:13"]),
]


@pytest.mark.parametrize(("labels", "expected"), LABELS)
def test_wrong_labels(labels: str, expected: list[str], found: Callable[..., list[str]]) -> None:
    assert found(f"blockrec: 1\ngraph: {{}}\nfeatures: {{}}\nlabels: {labels}\n") == expected


def test_wrong_features_are_still_declared() -> None:
    """So that one mistake does not make every use of the feature unknown."""
    text = "blockrec: 1\ngraph: {}\nfeatures: {a: {vocab: -1}, b: {like: zz}, c: {dense: x}, d: {}, e: {constant: x}}\n"
    report = Diagnostics()
    document: Any = load(text, report)
    assert report.failed and list(document.features.features) == ["a", "b", "c", "d", "e"]


def test_a_deleted_feature_is_shown_where_it_was_deleted() -> None:
    text = "blockrec: 1\ngraph: {}\nfeatures: {a: {vocab: 3}, b: {like: a}}\nvariants: {v: {features: {a: null}}}\n"
    report = Diagnostics()
    load(text, report, variants=["v"])
    (only,) = report
    assert only.code == "E208" and [(str(at), words) for at, words in only.notes] == [
        ("<text>:4:27", "`a` is deleted here")
    ]
