"""The variants of DARE against its formulas, written out for one sample at a time."""

from __future__ import annotations

from math import sqrt

import pytest
import torch
from torch import Tensor, nn

import blockrec
from blockrec.graph.lower import Model
from blockrec.jagged import Jagged, offsets_of

TOP_K, LENGTHS = 3, [5, 1, 3, 7]
VARIANTS: list[tuple[str, ...]] = [
    (),
    ("twin",),
    ("half_attention",),
    ("no_tr",),
    ("only_product",),
    ("no_position",),
    ("add_position",),
    ("twin", "add_position"),
    ("history_average",),
    ("no_aux",),
    ("twin", "no_tr", "no_aux"),
]


def batch() -> dict[str, Tensor | Jagged]:
    g = torch.Generator().manual_seed(0)
    lengths = torch.tensor(LENGTHS)
    items = Jagged(torch.randint(0, 20, (int(lengths.sum()),), generator=g), offsets_of(lengths), max(LENGTHS))
    positions = torch.cat([torch.arange(n, 0, -1) for n in LENGTHS])
    return {
        "item": torch.randint(0, 20, (len(LENGTHS),), generator=g),
        "category": torch.randint(0, 6, (len(LENGTHS),), generator=g),
        "now": torch.zeros(len(LENGTHS), dtype=torch.int64),
        "behaviors.item": items,
        "behaviors.category": items.like(torch.randint(0, 6, (int(lengths.sum()),), generator=g)),
        "behaviors.position": items.like(positions),
        "click": torch.tensor([1.0, 0.0, 0.0, 1.0]),
    }


@pytest.mark.parametrize("variants", VARIANTS, ids="+".join)
def test_the_logits_are_those_of_the_formulas(variants: tuple[str, ...]) -> None:
    torch.manual_seed(1)
    sets = [f"params.top_k={TOP_K}", "params.attention_dim=4", "params.representation_dim=4"]
    if "half_attention" in variants:
        sets = [sets[0], "params.representation_dim=4"]
    sizes = {"item": 20, "category": 6}
    model = blockrec.compile("dare", variants=variants, sets=sets, vocabularies=sizes).double().eval()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.7)
    given = batch()
    torch.testing.assert_close(
        model(given)["click"], torch.stack([by_hand(model, given, variants, i) for i in range(4)])
    )


def by_hand(model: Model, given: dict[str, Tensor | Jagged], variants: tuple[str, ...], i: int) -> Tensor:
    shared = "twin" in variants
    attention = model.tables.main if shared else model.tables.attention
    representation = model.tables.main if shared else model.tables.representation
    query, query_position = target_of(attention, given, i)
    keys, keys_position = history_of(attention, given, i)
    target, target_position = target_of(representation, given, i)
    values, values_position = history_of(representation, given, i)
    if "no_position" in variants:
        scores = keys @ query / sqrt(len(query))
    elif "add_position" in variants:
        scores = (keys + keys_position) @ (query + query_position) / sqrt(len(query))
        target, values = target + target_position, values + values_position
    else:
        scores = keys @ query / sqrt(len(query)) + keys_position @ query_position / sqrt(len(query_position))
        target, values = torch.cat([target, target_position]), torch.cat([values, values_position], 1)
    best = scores.topk(min(TOP_K, len(scores))).indices
    interest = torch.softmax(scores[best], 0) @ values[best]
    average = values.sum(0) / (len(values) + 1)
    features = {
        "no_tr": [target, interest],
        "only_product": [target * interest],
        "history_average": [target, interest, average, target * interest, target * average],
    }
    chosen = next((features[v] for v in variants if v in features), [target, interest, target * interest])
    head = model.nodes.head
    logit: Tensor = head.logit(head.mlp(head.norm(torch.cat(chosen)[None])))
    return logit[0]


def target_of(tables: nn.Module, given: dict[str, Tensor | Jagged], i: int) -> tuple[Tensor, Tensor]:
    content = torch.cat([tables.item.weight[given["item"][i]], tables.category.weight[given["category"][i]]])
    return content, tables.behaviors.position.weight[0] if hasattr(tables, "behaviors") else content[:0]


def history_of(tables: nn.Module, given: dict[str, Tensor | Jagged], i: int) -> tuple[Tensor, Tensor]:
    def steps(name: str) -> Tensor:
        sequence = given[f"behaviors.{name}"]
        assert isinstance(sequence, Jagged)
        return sequence.values[sequence.offsets[i] : sequence.offsets[i + 1]]

    content = torch.cat([tables.item.weight[steps("item")], tables.category.weight[steps("category")]], 1)
    if not hasattr(tables, "behaviors"):
        return content, content[:, :0]
    return content, tables.behaviors.position.weight[steps("position")]
