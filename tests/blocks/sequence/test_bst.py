"""`bst`: positions, the target as a step, and its ways to pool, by how they relate."""

from __future__ import annotations

from math import cos, sin
from typing import Any

import pytest
import torch
from torch import Tensor

from blockrec.blocks.sequence.append import Append
from blockrec.blocks.sequence.bst import BST
from blockrec.blocks.sequence.places import sinusoids
from blockrec.blocks.sequence.simple_attention import SimpleAttention
from blockrec.jagged import Jagged, offsets_of

LENGTHS = [4, 0, 1, 6]


def rows_of(x: Jagged) -> list[Tensor]:
    return list(torch.split(x.values, x.lengths.tolist()))


def made(**params: Any) -> BST:
    torch.manual_seed(0)
    return BST(4, 4, **params).double().eval()


def given(lengths: list[int] = LENGTHS) -> tuple[Tensor, Jagged]:
    torch.manual_seed(1)
    steps = Jagged(torch.randn(sum(lengths), 4).double(), offsets_of(torch.tensor(lengths)), max(lengths))
    return torch.randn(len(lengths), 4).double(), steps


def test_append_puts_a_step_behind_each_history() -> None:
    query, keys = given()
    found = Append()(keys, query)
    for row, history, last in zip(rows_of(found), rows_of(keys), query, strict=True):
        torch.testing.assert_close(row, torch.cat([history, last[None]]), rtol=0, atol=0)


def test_sinusoids() -> None:
    table = sinusoids(7, 5)
    for t in range(7):
        wanted = [f(t / 10_000 ** (2 * i / 5)) for i in range(3) for f in (sin, cos)][:5]
        torch.testing.assert_close(table[t], torch.tensor(wanted), rtol=0, atol=1e-6)


@pytest.mark.parametrize("beside", [0, 3])
def test_histories_that_fill_all_places_do_not_tell_where_counting_starts(beside: int) -> None:
    query, keys = given([4, 4])
    end, start = made(max_len=4, beside=beside), made(max_len=4, beside=beside, count="start")
    torch.testing.assert_close(end(query, keys).out, start(query, keys).out)
    shorter = given([4, 3])
    assert not torch.allclose(end(*shorter).out[1], start(*shorter).out[1])


def test_steps_of_one_age_have_one_place_when_counting_from_the_end() -> None:
    whole = Append()(given()[1], given()[0])
    _, place = made(max_len=7).places(whole)
    assert [x.tolist() for x in rows_of(whole.like(place))] == [[3, 4, 5, 6, 7], [7], [6, 7], [1, 2, 3, 4, 5, 6, 7]]
    _, place = made(max_len=7, count="start").places(whole)
    assert [x.tolist() for x in rows_of(whole.like(place))] == [[0, 1, 2, 3, 7], [7], [0, 7], [0, 1, 2, 3, 4, 5, 7]]


def test_the_newest_steps_are_read_or_the_first() -> None:
    query, keys = given()
    parts = rows_of(keys)
    cut = {"end": [row[-3:] for row in parts], "start": [row[:3] for row in parts]}
    for count, rows in cut.items():
        module = made(max_len=3, count=count)
        short = Jagged(torch.cat(rows), offsets_of(keys.lengths.clamp(max=3)), 3)
        torch.testing.assert_close(module(query, keys).out, module(query, short).out)


def test_the_step_of_the_target_is_the_last() -> None:
    query, keys = given()
    found = made(layers=2)(query, keys)
    torch.testing.assert_close(found.out, found.steps.values[found.steps.offsets[1:] - 1], rtol=0, atol=0)
    alone = made(layers=2)(query[1:2], Jagged(keys.values[:0], torch.zeros(2, dtype=torch.int64), 0))
    torch.testing.assert_close(found.out[1:2], alone.out)


def test_pooling_by_dot_products_is_simple_attention_over_the_steps() -> None:
    query, keys = given()
    found = made(target="apart", pooling="dot", position="sinusoid")(query, keys)
    torch.testing.assert_close(found.out, SimpleAttention(4, 4)(query, found.steps).out)


@pytest.mark.parametrize("target", ["appended", "apart"])
def test_all_steps_side_by_side_lie_at_their_places(target: Any) -> None:
    query, keys = given()
    found = made(max_len=6, pooling="concat", target=target)(query, keys)
    table = found.out.view(4, -1, 4)
    appended = int(target == "appended")
    assert table.shape[1] == 6 + appended
    for row, length, steps in zip(table, LENGTHS, rows_of(found.steps), strict=True):
        torch.testing.assert_close(row[6 - length :], steps, rtol=0, atol=0)
        assert not row[: 6 - length].any()


def test_beside_needs_a_position() -> None:
    with pytest.raises(ValueError, match="`beside` needs a `position`"):
        made(beside=2, position="none")
