"""Which steps of a long history to read: scores that are cheap to compute, and the choice of the best."""
