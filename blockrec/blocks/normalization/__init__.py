"""Scales of vectors."""
