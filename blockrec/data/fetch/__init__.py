"""Published data sets: where they are, their checksums and terms, and how they get onto this machine."""
