"""What a run says about its steps at the start."""

from __future__ import annotations

from blockrec.run.training_words import exactness, moves
from tests.run.toy import settings


def test_what_is_as_usual_is_not_said() -> None:
    assert [*exactness(settings()), *moves(settings())] == []


def test_every_rule_is_said() -> None:
    train = settings(
        precision="bf16",
        tf32=True,
        schedule={"warmup": 100, "cosine": {"to": 0.1}},
        accumulate=4,
        clip=1,
        ema=0.999,
    )
    assert [*exactness(train)] == ["products in bf16", "32-bit products rounded to TF32"]
    assert [*moves(train)] == [
        "warm-up over 100 steps",
        "then cosine(to=0.1)",
        "a move every 4 steps",
        "gradients no longer than 1",
        "running means of the dense weights, decay 0.999",
    ]
    assert [*moves(settings(schedule={"plateau": {}}))] == ["plateau(factor=0.5, patience=1, least=0)"]
