"""Words of other systems are translated into the word that is legal where they stand, and into no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from blockrec.diagnostics import Diagnostics
from blockrec.graph.compile import check
from blockrec.graph.forms import FORMS
from blockrec.language import renamed
from blockrec.language.places import belongs
from blockrec.language.schema.document import model_schema
from blockrec.registry import catalogue

MODEL = """blockrec: 1
features: {item: {vocab: 100}, clicks: {max_len: 9, fields: {item: {like: item}}}}
labels: [click]
graph:
  vector: {block: embed, in: item, dim: 8}
  deep: {block: mlp, in: vector, hidden: [4], dropout: 0.1}
  steps: {block: embed, in: clicks, dim: 8}
  seen: {block: mean_pool, in: steps}
  logit: {block: linear, in: [deep, seen], out: 1}
tasks: {click: {logits: logit, loss: bce, metrics: [auc]}}
train: {epochs: 2, optimizer: {dense: {adam: {lr: 0.1}}}}
"""
FOREIGN = [
    ("labels:", "targets", "labels"),
    ("graph:", "nodes", "graph"),
    ("graph:", "layers", "graph"),
    ("graph:", "model", "graph"),
    ("train:", "trainer", "train"),
    ("vocab:", "vocab_size", "vocab"),
    ("vocab:", "num_buckets", "vocab"),
    ("vocab:", "hash_bucket_size", "hash"),
    ("max_len:", "max_seq_length", "max_len"),
    ("fields:", "sequence", "fields"),
    ("dim:", "embedding_dim", "dim"),
    ("hidden:", "units", "hidden"),
    ("hidden:", "hidden_units", "hidden"),
    (" out:", " units", "out"),
    ("dropout:", "dropout_rate", "dropout"),
    ("block: mlp", "type: mlp", "block"),
    ("in: vector", "inputs: vector", "in"),
    ("logits:", "logit", "logits"),
    ("loss:", "loss_fn", "loss"),
    ("metrics:", "eval_metrics", "metrics"),
    ("epochs:", "num_epochs", "epochs"),
    ("lr:", "learning_rate", "lr"),
    ("mlp,", "dnn,", "mlp"),
    ("linear,", "Dense,", "linear"),
    ("bce,", "binary_crossentropy,", "bce"),
]


def found(text: str) -> Diagnostics:
    return check(text)[2]


def test_the_model_itself_is_right() -> None:
    assert len(found(MODEL)) == 0


@pytest.mark.parametrize(("here", "word", "meant"), FOREIGN)
def test_a_foreign_word_at_every_level(here: str, word: str, meant: str) -> None:
    ending = ":" if here.endswith(":") and not word.endswith(":") else ""
    texts = [d.help for d in found(MODEL.replace(here, word + ending, 1))]
    word = word.partition(":")[0].strip(" ,")
    assert f"`{word}` is called `{meant}` here" in texts


@pytest.mark.parametrize("word", ["train_data", "valid_data", "input_path"])
def test_a_translated_word_is_not_missed_as_well(word: str) -> None:
    assert [d.code for d in found(f"{MODEL}data: {{{word}: rows.parquet}}").errors] == ["E100"]


def test_a_word_is_not_translated_where_its_translation_is_not_legal() -> None:
    helps = " ".join(d.help for d in found(MODEL.replace("out: 1", "out: 1, embedding_dim: 3")))
    assert "is called" not in helps and "known here" in helps


def words(schema: Mapping[str, Any]) -> Iterator[str]:
    """Every key and every choice of a schema."""
    for key, inner in schema.items():
        if key == "properties":
            yield from inner
        if key == "enum":
            yield from map(str, inner)
        for part in [inner] if isinstance(inner, Mapping) else inner if isinstance(inner, list) else []:
            if isinstance(part, Mapping):
                yield from words(part)


def test_every_translation_is_a_word_of_the_language() -> None:
    signatures = {name: entry.signature for name, entry in catalogue([]).items()} | FORMS
    ports = {port.name for signature in signatures.values() for port in signature.ports}
    known = {*words(model_schema()), *signatures, *ports, *(w for s in signatures.values() for w in words(s.schema))}
    assert renamed.FORMER.keys() - known == set()


@pytest.mark.parametrize(
    ("key", "home"),
    [
        ("batch_size", "data` or `eval"),
        ("learning_rate", "train.optimizer.dense.adam"),
        ("epochs", "train"),
        ("optimizer", "train"),
        ("logits", "tasks.NAME"),
    ],
)
def test_where_a_key_belongs(key: str, home: str) -> None:
    assert belongs(key).endswith(f"belongs to `{home}`")


def test_a_key_that_belongs_nowhere() -> None:
    assert belongs("postprocessing") == "" and belongs("logit") == ""
