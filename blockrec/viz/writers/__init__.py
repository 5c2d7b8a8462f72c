"""One file a format: each turns a graph into text."""
