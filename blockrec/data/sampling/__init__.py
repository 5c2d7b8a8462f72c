"""Negatives for the training: items drawn for every sample anew in each epoch, and those that a column names."""
