"""`din` and `din_scores`."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from blockrec.blocks.sequence.attend import Attend
from blockrec.blocks.sequence.din import DIN
from blockrec.blocks.sequence.din_scores import DINScores
from blockrec.jagged import Jagged, offsets_of

LENGTHS = torch.tensor([4, 0, 1, 3])


def inputs(q: int = 5) -> tuple[Tensor, Jagged]:
    query, values = torch.randn(4, q, dtype=torch.float64), torch.randn(8, 5, dtype=torch.float64)
    return query, Jagged(values, offsets_of(LENGTHS), 4)


def pair(first: type[nn.Module], second: type[nn.Module], a: dict[str, Any], b: dict[str, Any]) -> list[Any]:
    """Two blocks with the same weights."""
    modules = [first(**{"q": 5, "d": 5} | a).double(), second(**{"q": 5, "d": 5} | b).double()]
    modules[1].load_state_dict(modules[0].state_dict())
    return modules


def test_is_the_scores_then_softmax_pooling() -> None:
    din, scores = pair(DIN, DINScores, {}, {})
    query, keys = inputs()
    wanted = Attend()(scores(query, keys), keys)
    found = din(query, keys)
    torch.testing.assert_close(found.out, wanted.out)
    torch.testing.assert_close(found.weights.values, wanted.weights.values)


def test_the_network_reads_query_key_difference_and_product() -> None:
    scores = DINScores(5, 5, hidden=[7], activation="prelu").double()
    query, keys = inputs()
    q, k = query[keys.rows], keys.values
    network = nn.Sequential(scores.score.mlp, scores.score.out)
    torch.testing.assert_close(scores(query, keys).values, network(torch.cat([q, k, q - k, q * k], -1)).squeeze(-1))


def test_scale_divides_by_the_width() -> None:
    plain, scaled = pair(DINScores, DINScores, {}, {"scale": "width"})
    torch.testing.assert_close(scaled(*inputs_of(1)).values * 5, plain(*inputs_of(1)).values)


def inputs_of(seed: int) -> tuple[Tensor, Jagged]:
    torch.manual_seed(seed)
    return inputs()


def test_a_narrow_query_is_padded_with_zeros() -> None:
    narrow, wide = pair(DIN, DIN, {"q": 3}, {})
    query, keys = inputs(3)
    padded = nn.functional.pad(query, (0, 2))
    torch.testing.assert_close(narrow(query, keys).out, wide(padded, keys).out)


def test_max_len_attends_to_the_first_steps() -> None:
    whole, cut = pair(DIN, DIN, {}, {"max_len": 2})
    query, keys = inputs()
    first = torch.tensor([0, 1, 4, 5, 6])
    short = Jagged(keys.values[first], offsets_of(LENGTHS.clamp(max=2)), 2)
    found, wanted = cut(query, keys), whole(query, short)
    torch.testing.assert_close(found.out, wanted.out)
    torch.testing.assert_close(
        found.weights.values, torch.zeros(8).double().index_copy(0, first, wanted.weights.values)
    )


def test_without_softmax_a_history_twice_as_long_gives_twice_the_vector() -> None:
    din = DIN(5, 5, normalize="none").double()
    query, keys = inputs()
    double = torch.cat([keys.values[keys.rows == row].repeat(2, 1) for row in range(4)])
    twice = Jagged(double, offsets_of(2 * LENGTHS), 8)
    torch.testing.assert_close(din(query, twice).out, 2 * din(query, keys).out)


@pytest.mark.parametrize("block", [DIN, DINScores])
def test_impossible_settings_are_refused(block: type[nn.Module]) -> None:
    with pytest.raises(ValueError, match=r"the query is wider \(6\) than the keys \(5\)"):
        block(6, 5)
    with pytest.raises(ValueError, match="at least one width"):
        block(5, 5, hidden=[])
