"""`python -m blockrec` is the command `blockrec`."""

from blockrec.cli.main import main

main()
