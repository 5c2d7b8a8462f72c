"""Machine code of the shipped Triton kernels, compiled for GPUs that are not here."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tools.kernel_report import MACHINES, Row, compare, rows
from tools.machine_code import Usage

BUDGETS = Path(__file__).parents[2] / "tools" / "budgets.json"
GOOD = Row("op fp16", "sm_90", Usage(64, 0, 1024, 8, 4, 0), 232448, 50, 1.0, half_products=True)
BUDGET = {"registers": 64, "spills": 0, "shared": 1024, "tensor_core": 8, "wide_loads": 4, "narrow_loads": 0}


def checked(*targets: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.kernel_report", "--check", str(BUDGETS), "--target", *targets]
    return subprocess.run(command, cwd=BUDGETS.parents[1], capture_output=True, text=True)


def test_kernels_keep_to_their_budgets() -> None:
    found = checked("sm_90")
    assert found.returncode == 0, found.stderr


@pytest.mark.nightly
def test_kernels_keep_to_their_budgets_on_every_target() -> None:
    found = checked(*MACHINES)
    assert found.returncode == 0, found.stderr


def test_every_budget_is_of_a_shipped_kernel_on_a_known_target() -> None:
    kept = json.loads(BUDGETS.read_text())["kernels"]
    assert {key.rpartition(" @ ")[2] for key in kept} == set(MACHINES)
    assert all(budget["spills"] == 0 for budget in kept.values())


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"spills": 3}, "3 instructions spill registers"),
        ({"shared": 300_000}, "300000 bytes of shared memory, a block has 232448"),
        ({"tensor_core": 0}, "16-bit products without tensor cores"),
    ],
)
def test_what_no_kernel_may_do(change: dict[str, int], fault: str) -> None:
    assert not [*GOOD.faults()]
    assert [f"op fp16 @ sm_90: {fault}"] == [*replace(GOOD, usage=replace(GOOD.usage, **change)).faults()]


@pytest.mark.parametrize(
    ("change", "worse"),
    [
        ({"registers": 72}, None),
        ({"registers": 73}, "registers 64 -> 73"),
        ({"shared": 1025}, "shared 1024 -> 1025"),
        ({"narrow_loads": 1}, "narrow_loads 0 -> 1"),
        ({"tensor_core": 0}, "tensor cores are lost"),
    ],
)
def test_what_is_worse_than_a_budget(change: dict[str, int], worse: str | None) -> None:
    found = replace(GOOD, usage=replace(GOOD.usage, **change))
    assert [*compare([found], {found.key: BUDGET})] == ([f"{found.key}: {worse}"] if worse else [])


def test_a_kernel_without_a_budget_is_named() -> None:
    assert "--write" in next(compare([GOOD], {}))


def test_16_bit_products_use_tensor_cores_and_wide_loads() -> None:
    found = [row for row in rows(["target_linear"], ["sm_90"]) if row.half_products]
    assert found and all(row.usage.tensor_core and row.usage.wide_loads for row in found)
