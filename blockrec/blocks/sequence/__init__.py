"""Blocks that read a history."""
