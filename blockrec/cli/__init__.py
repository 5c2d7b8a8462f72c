"""The command `blockrec`: one command a file, nothing heavy imported before it is needed."""
