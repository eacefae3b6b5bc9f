"""Faults in freezing parameters."""

from __future__ import annotations

from tests.faults.fault import Fault

FREEZING = "training/test_freezing.py"

FAULTS = (
    Fault(
        "freed-parameters-go-on-with-the-count-of-the-others",
        "nn/updater.py",
        "t = step - (self.began or 0)",
        "t = step",
        "Adam's first step after freeing is three times too long",
        FREEZING,
    ),
    Fault(
        "frozen-gradients-count-in-norms",
        "nn/regularizers.py",
        "gradient.fill(0)",
        "gradient.fill(1)",
        "limits on the norm count what is not trained",
        FREEZING,
    ),
    Fault(
        "frozen-weights-are-constrained",
        "nn/regularizers.py",
        "if name not in self._held:",
        "if name is not None:",
        "a constraint moves frozen weights",
        FREEZING,
    ),
    Fault(
        "frozen-statistics-move",
        "nn/memory.py",
        "return self.training and path not in self.frozen",
        "return self.training",
        "running statistics of frozen layers go on moving",
        FREEZING,
    ),
    Fault(
        "frozen-an-epoch-too-long",
        "training/freezing.py",
        "if epochs < last)",
        "if epochs <= last)",
        "parameters are held for one epoch more than said",
        FREEZING,
    ),
    Fault(
        "the-step-of-freeing-is-not-saved",
        "nn/updater.py::Updater.load_began",
        "rule.began = step",
        "rule.began = step and 0",
        "a resumed training counts the steps of freed parameters from the beginning",
        FREEZING,
    ),
)
