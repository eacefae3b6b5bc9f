"""The command line: thin commands over `scratchnn.workflows`."""
