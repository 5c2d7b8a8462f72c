"""The match softmax against the original's similarity and loss: in-batch, shared and hard negatives."""

from __future__ import annotations

import torch
from torch import Tensor

from blockrec.blocks.loss.match_softmax import MatchSoftmax
from blockrec.jagged import Jagged, offsets_of
from tests.reference.case import Case, backpropagate

COMPONENTS = ("match_similarity",)
SIMILARITY = {"INNER_PRODUCT": "dot", "COSINE": "cosine"}


def test_case(case: Case) -> None:
    p, given = case.params, case.tensors("in")
    user, item = given["user"].requires_grad_(), given["item"].requires_grad_()
    rows, shared = len(user), p["num_shared_negatives"]
    block = MatchSoftmax(
        similarity=SIMILARITY[p["similarity"]],  # type: ignore[arg-type]
        temperature=p["temperature"],
        in_batch=p["in_batch_negative"],
        shared=shared > 0,
    )
    negatives = spread(item[rows : rows + shared], rows) if shared else None
    hard = by_row(item[rows + shared :], given["hard_neg_indices"], rows) if "hard_neg_indices" in given else None
    outputs = {"loss": block(user, item[:rows], negatives, hard), "sim": similarities(user, item, rows, shared)}
    case.assert_close("out/loss", outputs["loss"])
    if "sample_weight" in given:
        outputs["loss_weighted"] = block(user, item[:rows], negatives, hard, weight=given["sample_weight"])
        case.assert_close("out/loss_weighted", outputs["loss_weighted"])
    backpropagate(outputs, case.tensors("cot"))
    assert user.grad is not None and item.grad is not None
    case.assert_close("grad/in/user", user.grad)
    case.assert_close("grad/in/item", item.grad)


def spread(items: Tensor, rows: int) -> Jagged:
    """All of them in the first row: shared by all."""
    lengths = torch.tensor([len(items), *[0] * (rows - 1)])
    return Jagged(items, offsets_of(lengths), len(items))


def by_row(items: Tensor, places: Tensor, rows: int) -> Jagged:
    """places: [n, 2] the row and slot of each; the order within a row makes no difference."""
    order = torch.argsort(places[:, 0], stable=True)
    lengths = torch.bincount(places[:, 0], minlength=rows)
    return Jagged(items[order], offsets_of(lengths), int(lengths.max()))


def similarities(user: Tensor, item: Tensor, rows: int, shared: int) -> Tensor:
    """What the original also returns, and one case differentiates: before the division by the temperature."""
    positive = (user * item[:rows]).sum(1, keepdim=True)
    return torch.cat([positive, user @ item[rows : rows + shared].T], 1)
