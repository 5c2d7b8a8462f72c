"""Samples that are ready, one a row with lists as sequences: read, encoded and stored piece by piece."""
