"""Groups of steps: attention over them is attention over their steps, where these are alike."""

from __future__ import annotations

import pytest
import torch

from blockrec.blocks.search.cluster import Cluster
from blockrec.blocks.search.cluster_mean import ClusterMean
from blockrec.blocks.search.simhash_ids import SimHashIds
from blockrec.blocks.sequence.attend import Attend
from blockrec.blocks.sequence.target_attention import TargetAttention
from blockrec.jagged import Jagged

IDS = Jagged.from_lists([[4, 4, 2, 4, 9, 2, 4], [], [5], [1, 1, 1, 1, 1, 1, 1, 3, 1, 1, 1, 1]], dtype=torch.int64)


def test_groups_by_id() -> None:
    groups, log_size = Cluster()(IDS)
    assert groups.values.tolist() == [1, 1, 0, 1, 2, 0, 1, *[0], *[0] * 7, 1, *[0] * 4]
    assert log_size.lengths.tolist() == [3, 0, 1, 2]
    torch.testing.assert_close(log_size.values.exp(), torch.tensor([2.0, 4, 1, 1, 11, 1]))


def test_large_groups_are_cut_in_order_of_time() -> None:
    groups, log_size = Cluster(largest=3)(IDS)
    assert groups.values[:7].tolist() == [1, 1, 0, 1, 3, 0, 2]
    torch.testing.assert_close(log_size.values.exp(), torch.tensor([2.0, 3, 1, 1, 1, 3, 3, 3, 2, 1]))


@pytest.mark.parametrize("largest", [None, 1, 4])
def test_attention_over_groups_of_equal_steps_is_attention_over_steps(largest: int | None) -> None:
    vectors = torch.randn(10, 6, dtype=torch.float64)
    keys, query = IDS.like(vectors[IDS.values]), torch.randn(4, 6, dtype=torch.float64)
    groups, log_size = Cluster(largest=largest).double()(IDS)
    means = ClusterMean()(keys, groups, log_size)
    score = TargetAttention(6)
    by_group = score(query, means)
    found = Attend()(by_group.like(by_group.values + log_size.values), means).out
    torch.testing.assert_close(found, Attend()(score(query, keys), keys).out)


def test_the_mean_of_a_group() -> None:
    x = IDS.like(torch.randn(len(IDS.values), 3))
    means = ClusterMean()(x, *Cluster()(IDS))
    torch.testing.assert_close(means.values[1], x.values[[0, 1, 3, 6]].mean(0))


def test_near_vectors_have_one_id() -> None:
    block = SimHashIds(4, bits=6)
    x = torch.randn(50, 4)
    ids = block(x)
    assert ids.equal(block(3 * x)) and int(ids.max()) < 64 and len(ids.unique()) > 5
