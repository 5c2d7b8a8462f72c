"""k-means finds clusters that are there; shared information has the values that it must have."""

from __future__ import annotations

import numpy as np
import pytest

from blockrec.run.analyze.clusters import k_means, shared_information


def test_clusters_that_are_far_apart_are_found() -> None:
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2], 30)
    vectors = 100.0 * np.eye(3)[truth] + rng.normal(size=(90, 3))
    found = k_means(vectors, 3, rng)
    assert shared_information(found, truth) == pytest.approx((np.log(3), 1.0))


def test_more_clusters_than_different_vectors() -> None:
    vectors = np.repeat(np.eye(2), 5, axis=0)
    assert len(set(k_means(vectors, 6, np.random.default_rng(0)).tolist())) == 2


def test_shared_information() -> None:
    labels = np.array([0, 0, 1, 1])
    assert shared_information(1 - labels, labels) == pytest.approx((np.log(2), 1))
    assert shared_information(np.array([0, 1, 0, 1]), labels) == pytest.approx((0, 0))
    assert shared_information(np.zeros(4, int), labels) == (0, 0)
    information, normalised = shared_information(np.array([0, 1, 2, 2]), labels)
    assert information == pytest.approx(np.log(2)) and normalised == pytest.approx(np.log(2) / (np.log(2) * 1.25))
