"""The match softmax against a loop over rows and candidates; what is left out; that logQ undoes a bias."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from blockrec.blocks.loss.match_softmax import MatchSoftmax
from blockrec.jagged import Jagged

LENGTHS = {"negatives": [2, 0, 3, 1], "hard": [1, 2, 0, 1], "queries": [1, 3, 2, 1]}
NEGATIVES = ("negatives", "hard")
D = 5


def jagged(values: Tensor, name: str) -> Jagged:
    lengths = torch.tensor(LENGTHS[name])
    return Jagged(values, torch.nn.functional.pad(lengths.cumsum(0), (1, 0)), 3)


def inputs(*names: str) -> dict[str, Any]:
    """Random values of the ports `names`, with few ids so that they meet often."""
    generator = torch.Generator().manual_seed(4)
    found: dict[str, Any] = {}
    for name in ("query", "item", *names):
        owner, _, kind = name.partition("_")
        size = sum(LENGTHS.get(owner, [1] * 4))
        shape = (size,) if kind == "id" or name in ("weight", "mask") else (size, 1) if kind == "logq" else (size, D)
        value = torch.randn(shape, generator=generator, dtype=torch.float64)
        if kind == "id":
            value = torch.randint(0, 3, shape, generator=generator)
        if name in ("weight", "mask"):
            value = torch.rand(shape, generator=generator, dtype=torch.float64).round(decimals=1)
        found[name] = jagged(value, owner) if owner in LENGTHS else value
    return found


def similarity(params: dict[str, Any], query: Tensor, vector: Tensor, logq: Tensor | None) -> Tensor:
    """e to the similarity of two vectors."""
    if params.get("similarity") == "cosine":
        query, vector = query / query.norm(), vector / vector.norm()
    if params.get("similarity") == "euclid":
        return torch.exp(
            -((query - vector).norm() ** 2) / params["temperature"] - (0 if logq is None else logq.squeeze())
        )
    return torch.exp(query @ vector / params.get("temperature", 1.0) - (0 if logq is None else logq.squeeze()))


def slow(params: dict[str, Any], given: dict[str, Any]) -> Tensor:
    """The loss from its definition, one pair at a time."""
    candidates = [
        ("item", row, given["item"][row], *(_at(given, f"item_{k}", row) for k in ("id", "logq"))) for row in range(4)
    ]
    for name in [n for n in NEGATIVES if n in given]:
        owners = given[name].rows.tolist()
        candidates += [
            (name, row, given[name].values[i], *(_at(given, f"{name}_{k}", i) for k in ("id", "logq")))
            for i, row in enumerate(owners)
        ]

    def score(row: int, vector: Tensor, logq: Tensor | None) -> Tensor:
        return similarity(params, given["query"][row], vector, logq)

    def of_negative(row: int, vector: Tensor, logq: Tensor | None) -> Tensor:
        queries = given["queries"].values[given["queries"].rows == row] if "queries" in given else [given["query"][row]]
        return torch.stack([similarity(params, query, vector, logq) for query in queries]).amax()

    losses = []
    for row in range(4):
        _, _, own, own_id, own_logq = candidates[row]
        positive = total = score(row, own, own_logq)
        for name, owner, vector, id_, logq in candidates:
            if name == "item":
                counts = owner != row and params.get("in_batch", True)
            else:
                counts = owner == row or (name == "negatives" and params.get("shared", False))
            if counts and (own_id is None or id_ is None or own_id != id_):
                total = total + of_negative(row, vector, logq)
        losses.append(-(positive / total).log())
    weight = given.get("weight", torch.ones(4).double()) * given.get("mask", torch.ones(4).double())
    return (torch.stack(losses) * weight).sum() / weight.sum()


def _at(given: dict[str, Any], name: str, place: int) -> Tensor | None:
    value = given.get(name)
    return None if value is None else (value.values if isinstance(value, Jagged) else value)[place]


SOURCES = [
    ("negatives",),
    ("hard",),
    ("negatives", "hard", "item_id", "negatives_id", "hard_id"),
    ("negatives", "item_id", "negatives_id", "item_logq", "negatives_logq", "weight"),
    ("hard", "item_id", "item_logq", "hard_logq", "mask", "weight"),
    ("item_id", "item_logq"),
    ("queries",),
    ("queries", "negatives", "hard", "item_id", "item_logq", "negatives_id", "hard_logq"),
    (),
]
PARAMS = [
    {"in_batch": in_batch, "shared": shared, "similarity": similarity, "temperature": 0.5}
    for in_batch, shared, similarity in product([True, False], [True, False], ["dot", "cosine", "euclid"])
]


CASES = [
    (params, names)
    for params, names in product(PARAMS, SOURCES)
    if (params["in_batch"] or {*names} & {*NEGATIVES}) and ("negatives" in names or not params["shared"])
]


@pytest.mark.parametrize(("params", "names"), CASES, ids=str)
def test_loss_and_gradients(params: dict[str, Any], names: tuple[str, ...]) -> None:
    given = inputs(*names)
    leaves = [x.values if isinstance(x, Jagged) else x for x in given.values()]
    leaves = [x.requires_grad_() for x in leaves if x.is_floating_point()]
    own, wanted = MatchSoftmax(**params)(**given), slow(params, given)
    torch.testing.assert_close(own, wanted)
    used = [x for x in leaves if x.requires_grad]
    for a, b in zip(*(torch.autograd.grad(y, used, allow_unused=True) for y in (own, wanted)), strict=True):
        zero = torch.zeros(())
        torch.testing.assert_close(zero if a is None else a, zero if b is None else b, check_dtype=False)


@pytest.mark.parametrize(
    ("params", "names", "message"),
    [
        ({"in_batch": False}, (), "there are no negatives"),
        ({"shared": True}, ("hard",), "`shared` is about `negatives`"),
        ({}, ("negatives", "negatives_id"), "compared with `item_id`"),
        ({}, ("item_id", "hard_id"), "describes `hard`"),
        ({}, ("negatives_logq",), "describes `negatives`"),
    ],
)
def test_what_has_no_effect_is_refused(params: dict[str, Any], names: tuple[str, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MatchSoftmax(**params)(**inputs(*names))


def test_a_batch_of_one_item_has_nothing_to_learn() -> None:
    given = inputs() | {"item_id": torch.zeros(4, dtype=torch.int64)}
    assert MatchSoftmax()(**given) == 0


def test_large_similarities_do_not_overflow() -> None:
    given = inputs("negatives")
    given["query"] = given["query"] * 1e4
    loss = MatchSoftmax()(**{name: _single(value) for name, value in given.items()})
    assert loss.isfinite()


SHARE = torch.tensor([0.55, 0.3, 0.1, 0.05])


def learned(corrected: bool) -> Tensor:
    """What a model without features thinks of 4 items, of which every batch holds their share."""
    items = torch.repeat_interleave(torch.arange(4), (SHARE * 200).round().long())
    logq = {"item_logq": SHARE.log()[items, None]} if corrected else {}
    score = torch.zeros(4, 1, requires_grad=True)
    loss = MatchSoftmax()
    optimizer = torch.optim.Adam([score], lr=0.1)
    for _ in range(150):
        optimizer.zero_grad()
        loss(torch.ones(200, 1), score[items], **logq).backward()
        optimizer.step()
    return score.detach()[:, 0].softmax(0)


def test_logq_tells_how_likely_an_item_is() -> None:
    torch.testing.assert_close(learned(corrected=True), SHARE, atol=0.01, rtol=0)
    torch.testing.assert_close(learned(corrected=False), torch.full((4,), 0.25), atol=0.01, rtol=0)


def test_sums_are_taken_in_32_bits() -> None:
    given = inputs("negatives", "hard", "item_id", "negatives_id", "item_logq", "negatives_logq")
    single = {k: _single(v) for k, v in given.items()}
    wanted = MatchSoftmax()(**single)
    with torch.autocast("cpu", torch.bfloat16):
        found = MatchSoftmax()(**single)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, wanted, atol=0.02, rtol=0.01)


def _single(value: Any) -> Any:
    numbers = value.values if isinstance(value, Jagged) else value
    numbers = numbers.float() if numbers.is_floating_point() else numbers
    return value.like(numbers) if isinstance(value, Jagged) else numbers
