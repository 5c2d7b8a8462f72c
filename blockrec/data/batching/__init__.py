"""The order of an epoch, how it is cut into batches, and how a batch is gathered."""
