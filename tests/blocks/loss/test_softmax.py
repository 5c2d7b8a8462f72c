"""Cross-entropy of a softmax."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import cross_entropy

from blockrec.blocks.loss.bce import BCE
from blockrec.blocks.loss.softmax import Softmax


def test_two_classes_are_binary_cross_entropy_of_the_difference() -> None:
    logits, label = torch.randn(9, 2, dtype=torch.float64), torch.rand(9, dtype=torch.float64)
    difference = logits[:, 1:] - logits[:, :1]
    torch.testing.assert_close(Softmax(2)(logits, label), BCE()(difference, label))
    torch.testing.assert_close(Softmax(2).predict(logits), BCE().predict(difference))


def test_positive_names_the_column_of_label_one() -> None:
    logits, label = torch.randn(9, 2), torch.randint(0, 2, (9,)).float()
    first, second = Softmax(2, positive=0), Softmax(2, positive=1)
    torch.testing.assert_close(first(logits, label), second(logits.flip(1), label))
    torch.testing.assert_close(first.predict(logits), second.predict(logits.flip(1)))


def test_epsilon_is_added_to_the_probabilities() -> None:
    logits, label = torch.randn(9, 2), torch.randint(0, 2, (9,))
    p = logits.softmax(-1) + 0.1
    wanted = -p.log()[torch.arange(9), 1 - label].mean()
    torch.testing.assert_close(Softmax(2, positive=0, epsilon=0.1)(logits, label.float()), wanted)
    torch.testing.assert_close(Softmax(2, positive=0, epsilon=0.1).predict(logits), p[:, 0])


def test_more_classes_are_named_by_the_label() -> None:
    logits, label = torch.randn(9, 4), torch.randint(0, 4, (9,))
    torch.testing.assert_close(Softmax(4)(logits, label.float()), cross_entropy(logits, label))
    assert Softmax(4).predict(logits).equal(logits.argmax(1))


@pytest.mark.parametrize("classes", [2, 4])
def test_smoothing_is_that_of_torch(classes: int) -> None:
    logits, label = torch.randn(9, classes), torch.randint(0, classes, (9,))
    wanted = cross_entropy(logits, label, label_smoothing=0.3)
    torch.testing.assert_close(Softmax(classes, smoothing=0.3)(logits, label.float()), wanted)


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="at least two logits; `bce` takes one"):
        Softmax(1)
    with pytest.raises(ValueError, match="`positive` is for two logits, not for 3"):
        Softmax(3, positive=0)
