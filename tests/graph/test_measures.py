"""Metrics that are well written and cannot be measured."""

from __future__ import annotations

import pytest

from blockrec.graph.compile import check

MODEL = """\
blockrec: 1
features:
  user: {vocab: 5}
  item: {vocab: 9}
  tags: {vocab: 4, pool: mean}
  price: {dense: 1}
  past: {max_len: 4, fields: {item: {like: item}}}
labels: {click: {}, rate: {type: float}, step: {column: past.liked}}
graph:
  v: {block: embed, in: [user, item, tags], dim: 2}
  logit: {block: linear, in: [v, price], out: 1}
  s: {block: embed, in: past, dim: 2}
  each: {block: linear, in: s, out: 1}
tasks:
  click: {logits: logit, loss: bce, metrics: [CLICK]}
  rate: {logits: logit, loss: bce, metrics: [RATE]}
  step: {logits: each, loss: bce, metrics: [STEP]}
eval: {catalogue: CATALOGUE}
"""
HIT = "{hit: {k: 3, over: catalogue}}"
ITEMS = "{items: [item, price, tags], seen: drop, rows: 5}"


def mistakes(catalogue: str = ITEMS, **metrics: str) -> list[tuple[str, str]]:
    text = MODEL.replace("CATALOGUE", catalogue)
    for task in ("click", "rate", "step"):
        text = text.replace(task.upper(), metrics.get(task, ""))
    _, _, report = check(text)
    return [(d.code, f"{d.message}; {d.help}") for d in report if d.code.startswith("E")]


def test_what_can_be_measured_is_accepted() -> None:
    grouped = "{ndcg: {k: [1, 2], by: user}}"
    assert mistakes(click=f"auc, {HIT}", rate=f"rmse, ece, {grouped}", step=f"auc, {grouped}") == []
    assert mistakes(catalogue="{items: [item]}") == []


@pytest.mark.parametrize("metric", ["auc", "accuracy", "{gauc: {by: user}}"])
def test_classes_need_a_label_of_classes(metric: str) -> None:
    ((code, said),) = mistakes(rate=metric)
    assert (
        code == "E107"
        and "needs a label that is 0 or 1" in said
        and "`rate` is any number" in said
        and "rmse and xauc" in said
    )


@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        ({"step": HIT}, "E101", "each step of `past` has its own label"),
        ({"click": "{hit: {k: 3, over: catalogue, by: user}}"}, "E101", "`by` says nothing"),
        ({"click": HIT, "catalogue": "null"}, "E105", "eval: {catalogue: {items: [item, category]}}"),
        ({"click": HIT, "catalogue": "{items: [itm]}"}, "E208", "did you mean `item`?"),
        ({"catalogue": "{items: [past.item]}"}, "E208", "no feature of a sample"),
        ({"catalogue": "{items: [price]}"}, "E208", "does not tell items apart"),
        ({"catalogue": "{items: [tags, item]}"}, "E208", "does not tell items apart"),
        ({"catalogue": "{items: [user], seen: drop}"}, "E208", "none has a field like `user`"),
        ({"catalogue": "{items: []}"}, "E106", "at least 1 item"),
        ({"catalogue": "{seen: drop}"}, "E105", "items"),
        ({"catalogue": "{items: [item], seen: none}"}, "E107", "eval.catalogue.seen"),
    ],
)
def test_mistakes(settings: dict[str, str], code: str, said: str) -> None:
    found = mistakes(**settings)
    assert any(code == one and said in text for one, text in found), found
