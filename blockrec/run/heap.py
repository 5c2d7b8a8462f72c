"""Memory that a step frees stays with the process for the next step.

Otherwise the C library returns each large tensor to the system, and the next step faults its pages in again.
"""

from __future__ import annotations

import ctypes

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Parameters of `mallopt(3)`."""
BYTES = 2**30
"""Free memory is returned, and a block is mapped on its own, only from here on."""


def keep_freed_memory() -> bool:
    """Tell glibc's allocator; False where there is another C library, which keeps its own rules."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return all(mallopt(parameter, BYTES) for parameter in (TRIM_THRESHOLD, MMAP_THRESHOLD))
