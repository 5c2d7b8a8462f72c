"""The paired test: against closed forms, against integration, and what it says of runs."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import blockrec
from blockrec.run.compare import compare
from blockrec.run.compare.paired import ASSUMES, Paired, adjusted
from blockrec.run.compare.student import incomplete_beta, quantile, two_sided
from tests.run.test_compare import BASE, changed, write

TIMES = st.floats(0, 200)


@given(TIMES)
def test_tails_with_one_two_and_four_degrees_of_freedom_are_closed_forms(t: float) -> None:
    s = t / math.sqrt(t * t + 4)
    closed = {
        1: 1 - 2 / math.pi * math.atan(t),
        2: 1 - t / math.sqrt(2 + t * t),
        4: 1 - s * (3 - s * s) / 2,
    }
    for freedom, wanted in closed.items():
        assert two_sided(t, freedom) == pytest.approx(wanted, abs=1e-7)
        assert two_sided(-t, freedom) == two_sided(t, freedom)


@pytest.mark.parametrize("freedom", [3, 5, 9, 29, 200])
@pytest.mark.parametrize("t", [0.1, 1.0, 2.5, 6.0])
def test_tails_are_integrals_of_the_density(freedom: int, t: float) -> None:
    x = torch.linspace(0, t, 20_001, dtype=torch.float64)
    scale = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2) - 0.5 * math.log(freedom * math.pi)
    density = torch.exp(scale - (freedom + 1) / 2 * torch.log1p(x**2 / freedom))
    assert two_sided(t, freedom) == pytest.approx(1 - 2 * float(torch.trapezoid(density, x)), abs=1e-8)


@given(st.floats(0.5, 0.999), st.integers(1, 60))
def test_quantiles_invert_tails(confidence: float, freedom: int) -> None:
    assert two_sided(quantile(confidence, freedom), freedom) == pytest.approx(1 - confidence, rel=1e-6)


@given(st.floats(0, 1), st.floats(0.5, 30), st.floats(0.5, 30))
def test_the_beta_distribution_mirrors(x: float, a: float, b: float) -> None:
    value = incomplete_beta(x, a, b)
    assert -1e-12 <= value <= 1 + 1e-12
    assert value == pytest.approx(1 - incomplete_beta(1 - x, b, a), abs=1e-9)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_is_between_the_plain_values_and_bonferroni(values: list[float]) -> None:
    found = adjusted(values)
    for p, corrected in zip(values, found, strict=True):
        assert p <= corrected <= min(1.0, p * len(values)) + 1e-12
    order = sorted(range(len(values)), key=values.__getitem__)
    assert [found[i] for i in order] == sorted(found)


def test_a_test_of_three_seeds() -> None:
    """Differences 1, 2, 3: mean 2, t = 2√3 with two degrees of freedom."""
    test = Paired.of("m", {1: 2.0, 2: 4.0, 3: 6.0, 9: 0.0}, {1: 1.0, 2: 2.0, 3: 3.0, 8: 0.0})
    assert test is not None and test.seeds == (1, 2, 3) and test.mean == 2
    t = 2 * math.sqrt(3)
    assert test.p == pytest.approx(1 - t / math.sqrt(2 + t * t))
    assert test.half == pytest.approx(4.302653 / math.sqrt(3), rel=1e-5)


@pytest.mark.parametrize(("shift", "p"), [(0.0, 1.0), (0.5, 0.0)])
def test_differences_without_spread(shift: float, p: float) -> None:
    test = Paired.of("m", {1: 1.0 + shift, 2: 2.0 + shift}, {1: 1.0, 2: 2.0})
    assert test is not None and (test.mean, test.half, test.p) == (shift, 0, p)


def test_one_seed_is_no_test() -> None:
    assert Paired.of("m", {1: 1.0, 2: 2.0}, {2: 1.0, 3: 1.0}) is None


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Three models with three seeds; the first seed of `c` is missing."""
    folder = tmp_path / "runs"
    for seed in (1, 2, 3):
        write(folder / f"a{seed}", BASE, 0.6 + seed / 100, seed)
        write(folder / f"b{seed}", changed("graph", "deep", "hidden", to=[16]), 0.7 + seed / 90, seed)
    for seed in (2, 3):
        write(folder / f"c{seed}", changed("graph", "deep", "hidden", to=[32]), 0.5 + seed**2 / 90, seed)
    return folder


def test_every_model_is_tested_against_the_best(runs: Path) -> None:
    table = compare([runs])
    assert [[test.seeds for test in tests] for tests in table.paired] == [[], [(1, 2, 3)] * 2, [(2, 3)] * 2]
    text = str(table)
    (head,) = [line for line in text.splitlines() if line.startswith("minus b1 +2")]
    assert head.split()[-2:] == ["p", "seeds"] and text.endswith(ASSUMES)
    entry = json.loads(json.dumps(table.to_json()))[1]
    assert entry["against"].endswith("b1") and entry["paired"]["test/click/auc"]["difference"] == pytest.approx(
        -0.1 + 2 / 100 - 2 / 90
    )
    assert entry["paired"]["test/click/auc"]["p_adjusted"] >= entry["paired"]["test/click/auc"]["p"]


@pytest.mark.parametrize("listed", [True, False])
def test_against_a_run_of_the_users_choice(runs: Path, listed: bool) -> None:
    words = [runs] if listed else [f"{runs}/b*", f"{runs}/c*"]
    table = compare(words, against=runs / "a2" if listed else f"{runs}/a*")
    assert table.groups[table.against].runs[0].path.name == "a1"
    assert "minus a" in str(table) and not table.paired[table.against]


def test_without_pairs_nothing_is_said_of_them(runs: Path) -> None:
    table = compare([runs / "a1", runs / "b2"])
    assert ASSUMES not in str(table) and table.to_json()[0]["against"] is None
    with pytest.raises(blockrec.BlockrecError, match=r"E009.*no run"):
        compare([runs], against=runs / "none")
