"""Compile every Triton kernel for GPUs that are not here, and report what the machine code uses.

    python -m tools.kernel_report [--op NAME ...] [--target sm_90 ...] [--json]
    python -m tools.kernel_report --check tools/budgets.json
    python -m tools.kernel_report --write tools/budgets.json

No GPU and no toolkit is needed: ptxas and cuobjdump come with triton. `floor us` is the least time that 100,000 steps
can take by memory traffic or arithmetic of the target, whichever is longer: computed from data sheets, not measured.

Spills, shared memory beyond a block's limit, and products of 16 bits without tensor cores are errors always. `--check`
compares also registers (8 more are allowed), shared memory and narrow loads with budgets of this version of triton.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from blockrec.ops import names
from blockrec.ops.gpu import Build
from tools.machine_code import Usage, amd, nvidia


@dataclass(frozen=True)
class Machine:
    """A target and its data sheet.

    registers, shared, threads: of a multiprocessor, shared memory in bytes; block: shared memory that a block may have.
    bandwidth: bytes/s. arithmetic: FLOP/s of tensor cores in 16 bits.
    """

    target: GPUTarget
    registers: int
    shared: int
    block: int
    threads: int
    bandwidth: float
    arithmetic: float


MACHINES = {
    "sm_80": Machine(GPUTarget("cuda", 80, 32), 65536, 167936, 166912, 2048, 2.0e12, 312e12),
    "sm_90": Machine(GPUTarget("cuda", 90, 32), 65536, 233472, 232448, 2048, 3.35e12, 989e12),
    "sm_100": Machine(GPUTarget("cuda", 100, 32), 65536, 233472, 232448, 2048, 8.0e12, 2250e12),
    "gfx942": Machine(GPUTarget("hip", "gfx942", 64), 131072, 65536, 65536, 2048, 5.3e12, 1307e12),
}
STEPS = 100_000
HALVES = ("*fp16", "*bf16")


@dataclass(frozen=True)
class Row:
    """One kernel on one target."""

    build: str
    target: str
    usage: Usage
    block: int
    occupancy: int
    floor_us: float
    half_products: bool

    @property
    def key(self) -> str:
        return f"{self.build} @ {self.target}"

    def faults(self) -> Iterator[str]:
        """What no shipped kernel may do."""
        if self.usage.spills:
            yield f"{self.key}: {self.usage.spills} instructions spill registers"
        if self.usage.shared > self.block:
            yield f"{self.key}: {self.usage.shared} bytes of shared memory, a block has {self.block}"
        if self.half_products and not self.usage.tensor_core:
            yield f"{self.key}: 16-bit products without tensor cores"


def rows(ops: list[str], targets: list[str]) -> Iterator[Row]:
    for build in (b for op in ops for b in _builds(op)):
        for target in targets:
            if target.startswith("sm_") or build.constants.get("PRECISION") != "tf32":
                yield report(build, target)


def _builds(op: str) -> Iterator[Build]:
    """The shipped kernels of an op; none if it has none of its own."""
    if find_spec(f"blockrec.ops.{op}.triton") is not None:
        module = import_module(f"blockrec.ops.{op}.triton")
        yield from module.builds() if hasattr(module, "builds") else ()


def report(build: Build, target: str) -> Row:
    machine = MACHINES[target]
    compiled = triton.compile(_source(build, machine.target), target=machine.target, options={"num_warps": build.warps})
    of_nvidia = machine.target.backend == "cuda"
    usage = (
        nvidia(compiled.asm["cubin"], compiled.metadata.shared)
        if of_nvidia
        else amd(compiled.asm["amdgcn"], compiled.metadata.shared)
    )
    times = (STEPS * build.bytes / machine.bandwidth, STEPS * build.flops / machine.arithmetic)
    half = any(t in HALVES for t in build.types.values()) and "PRECISION" in build.constants
    threads = compiled.metadata.num_warps * machine.target.warp_size
    return Row(build.label, target, usage, machine.block, _occupancy(machine, usage, threads), max(times) * 1e6, half)


def _source(build: Build, target: GPUTarget) -> ASTSource:
    """With what a launch finds out: pointers are aligned to 16 bytes; 32-bit products are exact beside NVIDIA's."""
    order = build.kernel.arg_names
    signature = {name: build.types.get(name, "constexpr") for name in order}
    constants = {(order.index(name),): value for name, value in build.constants.items()}
    if target.backend == "hip" and "PRECISION" in order:
        constants[(order.index("PRECISION"),)] = "ieee"
    aligned = {(order.index(n),): [["tt.divisibility", 16]] for n, t in build.types.items() if t.startswith("*")}
    return ASTSource(fn=build.kernel, signature=signature, constexprs=constants, attrs=aligned)


def _occupancy(machine: Machine, usage: Usage, threads: int) -> int:
    """Per cent of the threads that a multiprocessor can hold."""
    by_registers = machine.registers // max(1, -(-usage.registers // 8) * 8 * threads)
    by_shared = machine.shared // max(1, usage.shared + (1024 if machine.target.backend == "cuda" else 0))
    return round(100 * min(by_registers, by_shared, machine.threads // threads, 32) * threads / machine.threads)


def compare(found: list[Row], budgets: dict[str, dict[str, int]]) -> Iterator[str]:
    """What is worse than the budgets say."""
    for row in found:
        if row.key not in budgets:
            yield f"{row.key}: it has no budget; --write makes one"
            continue
        usage, budget = asdict(row.usage), budgets[row.key]
        for name, slack in (("registers", 8), ("shared", 0), ("narrow_loads", 0)):
            if usage[name] > budget[name] + slack:
                yield f"{row.key}: {name} {budget[name]} -> {usage[name]}"
        if budget["tensor_core"] and not usage["tensor_core"]:
            yield f"{row.key}: tensor cores are lost"


def table(found: list[Row]) -> str:
    heads = (
        "kernel",
        "target",
        "regs",
        "spills",
        "shared",
        "limit",
        "tensor",
        "wide",
        "narrow",
        "occupancy",
        "floor us",
    )
    lines = [heads, tuple("---" for _ in heads)]
    for row in found:
        u = row.usage
        numbers = (u.registers, u.spills, u.shared, row.block, u.tensor_core, u.wide_loads, u.narrow_loads)
        lines.append((row.build, row.target, *map(str, numbers), f"{row.occupancy}%", f"{row.floor_us:.1f}"))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--op", nargs="+", default=list(names()), choices=names())
    parser.add_argument("--target", nargs="+", default=list(MACHINES), choices=MACHINES)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--check", type=Path)
    parser.add_argument("--write", type=Path)
    chosen = parser.parse_args()
    found = list(rows(chosen.op, chosen.target))
    if chosen.write:
        kept = {"triton": triton.__version__, "kernels": {row.key: asdict(row.usage) for row in found}}
        chosen.write.write_text(json.dumps(kept, indent=1) + "\n")
    print(json.dumps([asdict(row) for row in found], indent=1) if chosen.json else table(found))
    faults = [fault for row in found for fault in row.faults()]
    if chosen.check:
        kept = json.loads(chosen.check.read_text())
        if kept["triton"] == triton.__version__:
            faults += compare(found, kept["kernels"])
        else:
            print(
                f"budgets are of triton {kept['triton']}, this is {triton.__version__}: not compared", file=sys.stderr
            )
    print(*faults, sep="\n", file=sys.stderr, end="\n" if faults else "")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
