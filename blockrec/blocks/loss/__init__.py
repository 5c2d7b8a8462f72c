"""Scalar losses of logits and labels."""
