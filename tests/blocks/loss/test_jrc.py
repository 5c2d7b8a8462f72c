"""Joint ranking and calibration."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from blockrec.blocks.loss.jrc import JRC
from blockrec.blocks.loss.softmax import Softmax


def some(rows: int = 40) -> tuple[Tensor, Tensor, Tensor]:
    logits = 3 * torch.randn(rows, 2, dtype=torch.float64)
    return logits, torch.randint(0, 2, (rows,)), torch.randint(0, 6, (rows,))


def slow(logits: Tensor, label: Tensor, session: Tensor) -> Tensor:
    """[b] the ranking term, row by row."""
    rows = []
    for i in range(len(label)):
        others = [j for j in range(len(label)) if session[j] == session[i] and label[j] != label[i]]
        scores = logits[[i, *others], int(label[i])]
        rows.append(cross_entropy(scores[None], torch.tensor([0])))
    return torch.stack(rows)


def test_ranks_within_sessions() -> None:
    logits, label, session = some()
    torch.testing.assert_close(JRC(alpha=0)(logits, label.double(), session), slow(logits, label, session).mean())


def test_without_sessions_all_rows_are_one() -> None:
    logits, label, _ = some()
    whole = JRC(alpha=0)(logits, label.double())
    torch.testing.assert_close(whole, slow(logits, label, torch.zeros_like(label)).mean())


def test_with_alpha_one_it_is_the_softmax() -> None:
    logits, label, session = some()
    torch.testing.assert_close(JRC(alpha=1)(logits, label.double(), session), Softmax(2)(logits, label.double()))
    torch.testing.assert_close(JRC().predict(logits), Softmax(2).predict(logits))


def test_masked_rows_are_as_if_they_were_not_there() -> None:
    logits, label, session = some()
    mask = torch.rand(len(label)) > 0.4
    whole = JRC()(logits, label.double(), session, mask=mask)
    torch.testing.assert_close(whole, JRC()(logits[mask], label[mask].double(), session[mask]))


def test_large_logits_stay_finite() -> None:
    logits = torch.tensor([[900.0, -900.0], [-900.0, 900.0], [0.0, 0.0]], requires_grad=True)
    loss = JRC()(logits, torch.tensor([1.0, 0.0, 1.0]), torch.tensor([5, 5, 7]))
    loss.backward()
    assert loss.isfinite() and logits.grad is not None and logits.grad.isfinite().all()
