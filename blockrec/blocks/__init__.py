"""The blocks that come with blockrec: one file each. The registry walks this package; nothing is listed here."""
