"""Tests of kernels in Triton's interpreter, which has to be chosen before triton is imported: see test_triton.py."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("TRITON_INTERPRET") == "1" else ["test_*.py"]
