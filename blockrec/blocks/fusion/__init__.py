"""Several vectors to one."""
