"""Numbers and settings as people read them."""

from __future__ import annotations

import pytest

from blockrec.words import counted, human, listed, setting, shortened, work


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1k"),
        (16_384, "16.4k"),
        (4_068_791, "4.07M"),
        (987_994, "988k"),
        (2 * 10**9, "2G"),
    ],
)
def test_human(number: int, said: str) -> None:
    assert human(number) == said


@pytest.mark.parametrize(
    ("value", "said"), [(True, "true"), (None, "null"), ([8, 4], "[8, 4]"), (0.001, "0.001"), ("relu", "relu")]
)
def test_setting(value: object, said: str) -> None:
    assert setting(value) == said


def test_counted_knows_one() -> None:
    assert [counted(n, "node") for n in (0, 1, 2)] == ["0 nodes", "1 node", "2 nodes"]


def test_shortened_is_one_line_of_at_most_the_length() -> None:
    assert shortened("a\n b", 9) == "a b"
    assert shortened("abcdefghij", 5) == "abcd…"


@pytest.mark.parametrize(
    ("flops", "said"), [(0, "0 FLOPs"), (812, "812 FLOPs"), (1_304_000, "1.3 MFLOPs"), (10**9, "1 GFLOPs")]
)
def test_work(flops: int, said: str) -> None:
    assert work(flops) == said


def test_listed_does_not_list_thousands() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed([str(i) for i in range(300)], 2) == "0, 1, … and 298 more"
