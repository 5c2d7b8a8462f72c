"""Numbers to vectors."""
