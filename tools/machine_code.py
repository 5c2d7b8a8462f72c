"""What compiled kernels use, read from their machine code."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import triton

CUOBJDUMP = Path(triton.__file__).parent / "backends" / "nvidia" / "bin" / "cuobjdump"
INSTRUCTION = re.compile(r"\s*/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?([A-Z][\w.]*)")
TENSOR_CORE = r"(HMMA|IMMA|QMMA|DMMA|OMMA|HGMMA|QGMMA|IGMMA|BGMMA|UTC\w*MMA)\b"


@dataclass(frozen=True)
class Usage:
    """registers: a thread. spills: instructions that move registers to memory and back. shared: bytes a block.

    tensor_core: its instructions. wide_loads, narrow_loads: of 16 bytes, and of at most 4.
    """

    registers: int
    spills: int
    shared: int
    tensor_core: int
    wide_loads: int
    narrow_loads: int


def nvidia(cubin: bytes, shared: int) -> Usage:
    """From SASS, which cuobjdump prints."""
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin)
        file.flush()
        used = re.search(r"REG:(\d+)", _dump("-res-usage", file.name))
        lines = _dump("-sass", file.name).splitlines()
    found = [match[1] for line in lines if (match := INSTRUCTION.match(line))]
    assert used and found
    wide = _count(found, r"(LDG|LDGSTS)\..*128")
    loads = _count(found, r"(LDG|LDGSTS)\b") - wide - _count(found, r"(LDG|LDGSTS)\..*\b64")
    return Usage(int(used[1]), _count(found, r"(LDL|STL)\b"), shared, _count(found, TENSOR_CORE), wide, loads)


def amd(assembly: str, shared: int) -> Usage:
    """From the assembly and its metadata."""
    lines = assembly.splitlines()
    registers, spills = (int(_field(assembly, name)) for name in ("vgpr_count", "vgpr_spill_count"))
    load = r"\s+(global|buffer)_load_"
    narrow = _count(lines, load + r"(ushort|sshort|short|ubyte|sbyte|dword\b)")
    return Usage(registers, spills, shared, _count(lines, r"\s+v_mfma"), _count(lines, load + "dwordx4"), narrow)


def _dump(what: str, file: str) -> str:
    return subprocess.run([str(CUOBJDUMP), what, file], capture_output=True, text=True, check=True).stdout


def _count(lines: Iterable[str], pattern: str) -> int:
    matcher = re.compile(pattern)
    return sum(bool(matcher.match(line)) for line in lines)


def _field(assembly: str, name: str) -> str:
    found = re.search(rf"\.{name}:\s+(\d+)", assembly)
    return found[1] if found else "0"
