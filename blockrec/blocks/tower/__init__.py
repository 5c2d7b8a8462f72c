"""Vectors to vectors: linear maps and networks."""
