"""How each toolkit trains the same models on the same rows: what `tools/bench_peers.py` starts."""
