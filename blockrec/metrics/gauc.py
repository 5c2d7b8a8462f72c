"""AUC within groups."""

from __future__ import annotations

import torch
from torch import Tensor


def group_auc(scores: Tensor, labels: Tensor, groups: Tensor) -> Tensor:
    """AUC of each group, averaged with the groups' sizes as weights; groups of one class are left out.

    Zhou et al., "Deep Interest Network", KDD 2018, eq. 5 (with samples as impressions). scores, labels (0 or 1),
    groups [n] → a float64 scalar, NaN if every group has one class. Equal scores count one half. No loop over groups.
    """
    order = torch.argsort(scores, stable=True)
    order = order[torch.argsort(groups[order], stable=True)]
    scores, positive = scores[order], labels[order].to(torch.float64)
    owner: Tensor
    sizes: Tensor
    _, owner, sizes = torch.unique_consecutive(groups[order], return_inverse=True, return_counts=True)
    ranks = _ranks(scores, owner) - (sizes.cumsum(0) - sizes)[owner]

    def add(terms: Tensor) -> Tensor:
        """[n] → the sum of each group."""
        return torch.zeros(len(sizes), dtype=torch.float64).index_add_(0, owner, terms)

    positives = add(positive)
    pairs = positives * (sizes - positives)
    wins = add(ranks * positive) - positives * (positives + 1) / 2
    usable = pairs > 0
    return (sizes * wins / pairs)[usable].sum() / sizes[usable].sum()


def _ranks(scores: Tensor, owner: Tensor) -> Tensor:
    """Place of each sample in the whole order, counted from 1; equal scores of a group share their mean place."""
    new = torch.ones_like(owner, dtype=torch.bool)
    new[1:] = (scores[1:] != scores[:-1]) | (owner[1:] != owner[:-1])
    run = new.cumsum(0) - 1
    lengths = torch.bincount(run)
    last = lengths.cumsum(0)
    return (last - (lengths - 1).to(torch.float64) / 2)[run]
