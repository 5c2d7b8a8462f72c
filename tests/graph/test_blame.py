"""Shape errors say where both sizes were written."""

from __future__ import annotations

from typing import Any

import pytest

BASE = """
  pair: {block: embed, in: [item, category], dim: {item: 6, category: 2}}
  user_v: {block: embed, in: user, dim: 7}
  mixed: {block: concat, in: [pair, user_v, price]}
  wide: {block: linear, in: mixed, out: 9}
  same: {block: layer_norm, in: wide}
  steps: {block: embed, in: behaviors.item, dim: 8, table: t}
  other: {block: embed, in: views.item, dim: 8, table: t}
"""
OUT = "tasks: {click: {logits: logit, loss: bce}}\n"


@pytest.mark.parametrize(
    ("inputs", "notes"),
    [
        ("[pair, wide]", ["`d` = 8 = item 6 + category 2 @ {item: 6, category: 2}", "9 comes from here @ 9"]),
        ("[same, user_v]", ["`d` = 9 comes from here @ 9", "7 comes from here @ 7"]),
        (
            "[mixed, wide]",
            [
                "`d` = 17 = item 6 + category 2 + user 7 + price 2 @ mixed",
                "item 6 + category 2 @ {item: 6, category: 2}",
                "user 7 @ 7",
                "price 2 @ price",
                "9 comes from here @ 9",
            ],
        ),
        ("[steps, other]", ["`behaviors` comes from here @ item", "`views` comes from here @ item"]),
        ("[steps, pair]", ["`behaviors` comes from here @ item", "one row a sample comes from here @ pair"]),
        ("[price, pair]", ["`d` = 2 comes from here @ price", "8 = item 6 + category 2 @ {item: 6, category: 2}"]),
    ],
)
def test_both_sizes_have_their_places(checked: Any, inputs: str, notes: list[str]) -> None:
    graph = f"{BASE}  sum: {{block: add, in: {inputs}}}\n  logit: {{block: linear, in: pair, out: 1}}"
    _, report = checked(graph, OUT)
    (error,) = report.errors
    assert [f"{text} @ {at.text}" for at, text in error.notes] == notes


def test_a_width_that_a_port_fixes_has_one_place(checked: Any) -> None:
    _, report = checked(BASE + "  logit: {block: linear, in: pair, out: 2}", OUT)
    (error,) = report.errors
    assert (error.code, [(text, at.text) for at, text in error.notes]) == ("E310", [("2 comes from here", "2")])


def test_a_default_and_the_dim_of_a_feature_have_places_too(checked: Any) -> None:
    rest = OUT + "variants: {own: {features: {user: {dim: 5}}}}\n"
    graph = "  user_v: {block: embed, in: user}\n  sum: {block: add, in: [user_v, price]}\n"
    _, report = checked(graph + "  logit: {block: linear, in: user_v, out: 1}", rest, variants=["own"])
    (error,) = report.errors
    assert [(text, at.text) for at, text in error.notes] == [
        ("`d` = 5 comes from here", "user"),
        ("2 comes from here", "price"),
    ]


def test_a_query_wider_than_the_keys_has_both_places(checked: Any) -> None:
    graph = (
        BASE + "  pooled: {block: din, in: {query: wide, keys: steps}}\n  logit: {block: linear, in: pooled, out: 1}"
    )
    (error,) = checked(graph, OUT)[1].errors
    assert error.code == "E310" and error.at is not None and error.at.text == "wide"
    assert error.label == "[..., 9], but `q` is at most `d`, which is 8"
    assert [f"{text} @ {at.text}" for at, text in error.notes] == [
        "`d` = 8 comes from here @ 8",
        "9 comes from here @ 9",
    ]
