"""`segment_attention`: its kernel against its meaning, in every form, and in parts, tiles and groups of every size."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from blockrec.jagged import Jagged
from blockrec.ops import bind
from blockrec.ops.segment_attention import cpu, short
from tests.ops.samples import DTYPES, LENGTHS, assert_agree, outcome, result, sequence, strided, tensors
from tests.ops.test_kernels import Calls

FORMS = list(product([False, True], [True, False]))
FORM = pytest.mark.parametrize(("causal", "softmax"), FORMS)


def arguments(lengths: list[int], causal: bool, softmax: bool, dtype: torch.dtype = torch.float64) -> tuple[Any, ...]:
    torch.manual_seed(0)
    query, keys, values = (sequence(lengths, 2, width, dtype=dtype) for width in (3, 3, 4))
    return query, query.like(keys.values), query.like(values.values), causal, softmax, 0.7


@FORM
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=list(LENGTHS))
def test_cpu_agrees_with_reference(lengths: list[int], dtype: torch.dtype, causal: bool, softmax: bool) -> None:
    assert_agree("segment_attention", arguments(lengths, causal, softmax, dtype))


@FORM
@pytest.mark.parametrize("most", [1, 60, 400])
def test_tiles_and_groups_of_every_size(
    monkeypatch: pytest.MonkeyPatch, most: int, causal: bool, softmax: bool
) -> None:
    monkeypatch.setattr(cpu, "MOST_PAIRS", most)
    monkeypatch.setattr(short, "PAIRS", most)
    for longest in (0, 9, 11):
        monkeypatch.setattr(short, "MOST", longest)
        assert_agree("segment_attention", arguments([5, 11, 9, 0, 10, 9, 1], causal, softmax))


def test_every_step_is_in_one_group() -> None:
    lengths = torch.tensor([7, 0, 3, 7, 8, 1, 3])
    offsets = torch.nn.functional.pad(lengths.cumsum(0), (1, 0))
    found = [(g, g.index if g.known is None else g.index[g.known]) for g in cpu.groups(offsets, 2)]
    assert torch.cat([index.flatten() for _, index in found]).sort().values.tolist() == list(range(29))
    assert [g.index.shape[1] for g, _ in found] == [8, 3, 1]


@FORM
def test_strided_inputs_and_expanded_gradients(causal: bool, softmax: bool) -> None:
    given = arguments(LENGTHS["usual"], causal, softmax)
    views = tuple(x.like(strided(x.values)) if isinstance(x, Jagged) else x for x in given)
    assert_agree("segment_attention", views, expanded=True)


@FORM
def test_gradient_of_the_reference(causal: bool, softmax: bool) -> None:
    given = arguments([3, 0, 2], causal, softmax)

    def value(*_: Tensor) -> Tensor:
        return result(bind("segment_attention", "reference").call(*given))

    assert torch.autograd.gradcheck(value, tensors(given))


def test_operators_are_registered_completely() -> None:
    with Calls() as calls:
        outcome(bind("segment_attention", "cpu").call, arguments(LENGTHS["usual"], True, True))
    assert len(calls.seen) == 2
    for function, seen in calls.seen:
        forward = "backward" not in function.name()
        fresh = [x.detach().clone() if isinstance(x, Tensor) else x for x in seen]
        learnt = [x.requires_grad_(forward and x.is_floating_point()) if isinstance(x, Tensor) else x for x in fresh]
        torch.library.opcheck(function, tuple(learnt))


def test_sums_are_of_32_bits_under_autocast() -> None:
    given = arguments(LENGTHS["usual"], False, True, torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16):
        found = result(bind("segment_attention", "cpu").call(*given))
    assert found.dtype is torch.float32


def test_lengths_that_disagree_are_refused() -> None:
    query, *others = arguments(LENGTHS["usual"], False, True)
    with pytest.raises(ValueError, match="the offsets end at 12, but there are 11 steps"):
        bind("segment_attention", "cpu").call(Jagged(query.values, query.offsets + 1, 6, query.rows), *others)
