"""Student's t distribution, to eight digits: what a paired test over few seeds needs."""

from __future__ import annotations

import math

TERMS = 300
"""Of the continued fraction; it converges in a few dozen for the arguments of a t distribution."""


def two_sided(t: float, freedom: int) -> float:
    """The probability that |T| ≥ |t| for T with so many degrees of freedom.

    >>> round(two_sided(2.776445, 4), 6)
    0.05
    """
    if math.isinf(t):
        return 0.0
    return incomplete_beta(freedom / (freedom + t * t), freedom / 2, 0.5)


def quantile(confidence: float, freedom: int) -> float:
    """The t with two_sided(t) = 1 − confidence, by halving."""
    low, high = 0.0, 1.0
    while two_sided(high, freedom) > 1 - confidence:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if two_sided(middle, freedom) > 1 - confidence else (low, middle)
    return high


def incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularised I_x(a, b) for 0 ≤ x ≤ 1 (DLMF 8.17.22, with 8.17.4 where that converges slowly)."""
    if x in (0.0, 1.0):
        return x
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(1 - x, b, a)
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(scale) / (a * _fraction(x, a, b))


def _fraction(x: float, a: float, b: float) -> float:
    """1 + d₁/(1 + d₂/(1 + …)), evaluated from its end."""
    value = 1.0
    for n in range(TERMS, 0, -1):
        m = n // 2
        if n % 2:
            d = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            d = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        value = 1 + d / value
    return value
