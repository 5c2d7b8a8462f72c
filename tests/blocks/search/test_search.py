"""Searches against their definitions, written out for one history at a time."""

from __future__ import annotations

import torch
from torch import Tensor

from blockrec.blocks.search.bilinear_scores import BilinearScores
from blockrec.blocks.search.latest import Latest
from blockrec.blocks.search.match_scores import MatchScores
from blockrec.blocks.search.simhash_scores import SimHashScores
from blockrec.blocks.search.take import Take
from blockrec.blocks.search.topk import TopK
from blockrec.jagged import Jagged, offsets_of

LENGTHS = [5, 0, 1, 9, 3]


def steps(values: Tensor, lengths: list[int] = LENGTHS) -> Jagged:
    return Jagged(values, offsets_of(torch.tensor(lengths)), max(lengths))


def random_steps(*width: int) -> Jagged:
    return steps(torch.randn(sum(LENGTHS), *width, generator=torch.Generator().manual_seed(0)))


def parts(x: Jagged) -> list[Tensor]:
    return list(x.values.split(x.lengths.tolist()))


def test_of_equal_scores_the_latest_are_chosen_in_order_of_time() -> None:
    found, _ = TopK(k=3)(steps(torch.zeros(sum(LENGTHS))))
    assert [p.tolist() for p in parts(found)] == [[2, 3, 4], [], [0], [6, 7, 8], [0, 1, 2]]


def test_invalid_steps_are_never_chosen() -> None:
    scores = random_steps()
    valid = scores.like(torch.arange(len(scores.values)) % 3)
    found, chosen = TopK(k=3)(scores, valid)
    for row, ok, places, kept in zip(parts(scores), parts(valid), parts(found), parts(chosen), strict=True):
        wanted = sorted(sorted(ok.nonzero().flatten().tolist(), key=lambda t, row=row: -row[t])[:3])
        assert places.tolist() == wanted and kept.equal(row[wanted])


def test_invalid_steps_fill_up_if_they_may_be_chosen() -> None:
    scores = steps(torch.tensor([5.0, 4.0, 3.0, 2.0, 1.0]), [5])
    valid = scores.like(torch.tensor([0, 0, 1, 0, 1]))
    found, chosen = TopK(k=4, mask_retrieved=False)(scores, valid)
    assert found.values.tolist() == [1, 2, 3, 4]  # of the invalid ones the latest, whatever their scores
    assert chosen.values.tolist() == [4, 3, 2, 1]  # with the scores that they have
    assert TopK(k=4)(scores, valid).out.values.tolist() == [2, 4]


def test_take_reads_what_topk_has_chosen_and_nothing_else_gets_a_gradient() -> None:
    scores, x = random_steps(), random_steps(4)
    x.values.requires_grad_()
    found, chosen = TopK(k=2)(scores)
    taken = Take()(x, found)
    for whole, score, places, kept, read in zip(
        *map(parts, (x, scores, found, chosen, taken)),  # type: ignore[arg-type]
        strict=True,
    ):
        assert read.equal(whole[places]) and kept.equal(score[places])
    taken.values.sum().backward()
    assert x.values.grad is not None
    assert x.values.grad.sum(1).count_nonzero() == len(found.values)


def test_hard_search_takes_the_latest_of_the_category_then_the_latest_others() -> None:
    lengths, k = [10, 7, 2], 4
    categories = steps(torch.tensor([1, 1, 2, 1, 3, 1, 2, 1, 2, 2, 1, 2, 3, 2, 2, 3, 3, 9, 9]), lengths)
    found, _ = TopK(k=k)(MatchScores()(torch.tensor([1, 1, 9]), categories))
    for row, target, places in zip(parts(categories), [1, 1, 9], parts(found), strict=True):
        same = [t for t, c in enumerate(row.tolist()) if c == target]
        others = [t for t, c in enumerate(row.tolist()) if c != target]
        chosen = same[-k:]
        chosen += others[len(others) - (min(k, len(row)) - len(chosen)) :]
        assert places.tolist() == sorted(chosen)


def test_hashes_count_the_signs_that_differ() -> None:
    search, query, keys = SimHashScores(6, bits=13), torch.randn(len(LENGTHS), 6), random_steps(6)
    wanted = (search.codes(query)[keys.rows] != search.codes(keys.values)).sum(1)
    assert search(query, keys).values.equal(-wanted.float())
    assert search(keys.values[:5] * 7, steps(keys.values[:5], [1] * 5)).values.eq(0).all()  # directions count alone
    assert search(-keys.values[:5], steps(keys.values[:5], [1] * 5)).values.eq(-13).all()


def test_bilinear_scores_are_products_of_projections() -> None:
    search, query, keys = BilinearScores(3, 4, width=5), torch.randn(len(LENGTHS), 3), random_steps(4)
    wanted = (search.query(query)[keys.rows] * search.key(keys.values)).sum(1)
    torch.testing.assert_close(search(query, keys).values, wanted)


def test_latest_keeps_the_end() -> None:
    x = random_steps(2)
    for whole, kept in zip(parts(x), parts(Latest(steps=3)(x)), strict=True):
        assert kept.equal(whole[-3:])
