"""Names of the files in a run directory."""

from __future__ import annotations

MODEL, RESOLVED = "model.yaml", "resolved.yaml"
"""The model file as the user wrote it; and with everything merged in, from which the run can be read back."""
BEGUN, ENVIRONMENT, PICTURE = "run.json", "env.json", "graph.svg"
DATA, VOCABULARIES = "data.json", "vocabularies"
METRICS, BOARD, LOG = "metrics.jsonl", "tensorboard", "log.txt"
CHECKPOINTS = "checkpoints"
RESULT, PROFILE, REPORT = "result.json", "profile.json", "report.html"
"""What the end of a run writes; one that was stopped has the first and the last."""
