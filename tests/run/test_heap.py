"""The allocator is told where it can be."""

from __future__ import annotations

import platform
from types import SimpleNamespace

import pytest

from blockrec.run import heap


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this C library has no mallopt")
def test_glibc_agrees() -> None:
    assert heap.keep_freed_memory()


def test_another_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap.ctypes, "CDLL", lambda _: SimpleNamespace())
    assert not heap.keep_freed_memory()
