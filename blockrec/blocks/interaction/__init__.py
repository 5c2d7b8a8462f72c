"""Products between vectors."""
