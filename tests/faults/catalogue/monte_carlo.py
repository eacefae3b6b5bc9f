"""Faults in Monte Carlo dropout."""

from __future__ import annotations

from tests.faults.fault import Fault

ENGINE = "nn/test_monte_carlo.py"
WORKFLOW = "workflows/test_monte_carlo.py"

FAULTS = (
    Fault(
        "monte-carlo-passes-share-their-masks",
        "nn/monte_carlo.py",
        "spawn_key=(chunk, number)",
        "spawn_key=(chunk,)",
        "every pass gives the same answer",
        ENGINE,
    ),
    Fault(
        "monte-carlo-chunks-share-their-masks",
        "nn/monte_carlo.py",
        "spawn_key=(chunk, number)",
        "spawn_key=(number,)",
        "rows that lie whole chunks apart get the same masks",
        ENGINE,
    ),
    Fault(
        "monte-carlo-trains-batch-norm",
        "nn/monte_carlo.py::MonteCarlo",
        "Pass(sampling=True",
        "Pass(training=True",
        "batch statistics are used, and running ones moved",
        ENGINE,
    ),
    Fault(
        "monte-carlo-deviation-not-averaged",
        "nn/monte_carlo.py",
        "np.asarray(self._squares, np.float64) / self.count)",
        "np.asarray(self._squares, np.float64))",
        "the spread grows with the passes",
        ENGINE,
    ),
    Fault(
        "monte-carlo-noise-without-spread",
        "workflows/monte_carlo.py",
        "np.sqrt(noise + spread**2)",
        "np.sqrt(noise)",
        "the deviation forgets what the model does not know",
        WORKFLOW,
    ),
    Fault(
        "monte-carlo-mutual-information-turned-round",
        "workflows/monte_carlo.py",
        "np.maximum(whole - within, 0.0)",
        "np.maximum(within - whole, 0.0)",
        "mutual information is 0 everywhere",
        WORKFLOW,
    ),
)
