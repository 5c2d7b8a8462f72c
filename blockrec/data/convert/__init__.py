"""Published files that are no tables → tables, made once and kept in the cache."""
