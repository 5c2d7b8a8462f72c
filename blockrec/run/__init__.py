"""Training: from a model file and data to weights, metrics and a run directory."""

from blockrec.run.result import RunResult
from blockrec.run.run import run

__all__ = ["RunResult", "run"]
