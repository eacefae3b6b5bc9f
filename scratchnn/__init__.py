"""Train neural networks described in YAML, on an engine written from scratch in NumPy."""

__version__ = "0.1.0"
