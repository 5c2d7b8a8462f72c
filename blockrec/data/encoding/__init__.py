"""Columns of tables → arrays that models read, and what features learn from the training part for it."""
