"""A tree over the items: retrieval goes down it, and training has samples for its inner nodes."""
