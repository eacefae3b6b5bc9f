"""The engine: pure NumPy. No YAML, no files, no clock, no printing."""
