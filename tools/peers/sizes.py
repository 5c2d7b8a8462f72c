"""What all toolkits have in common."""

from __future__ import annotations

BATCH, DIM, RATE = 1024, 16, 1e-3
ATTENTION, HEAD, CROSSES = [64, 32], [128, 64], 3
HEADS, FEED_FORWARD = 4, 2048
"""Of the transformer; the second is what torch-rechub leaves to torch."""
TOWER, TEMPERATURE = [64, 32], 0.1
MOST = 50
"""Steps of a history that models see: its newest."""
