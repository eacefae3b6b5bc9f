"""The parts of `scratchnn tune`: from a space to configs, the study that keeps the trials, and who runs them."""
