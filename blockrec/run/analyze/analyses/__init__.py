"""One analysis a file; the registry imports whatever is here."""
