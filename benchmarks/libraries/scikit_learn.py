"""scikit-learn: the training loop inside `MLPClassifier.fit`.

One call of `fit` runs in a thread for as long as the process lives, and is held between two steps while nobody
measures. So a step is all that the loop does for it, and the set-up of `fit` is not counted.
"""

from __future__ import annotations

from threading import Semaphore, Thread
from typing import Any

import sklearn
from sklearn.neural_network import MLPClassifier

from benchmarks.workloads.mlp import MLP
from benchmarks.workloads.workload import LEARNING_RATE, Array

FOREVER = 1_000_000_000


class Gated(MLPClassifier):  # type: ignore[misc]
    """Starts from given weights and passes a gate before every step. `_backprop` is the first thing after a gather."""

    def _init_coef(self, fan_in: int, fan_out: int, dtype: Any) -> tuple[Array, Array]:
        weight = next(self.first_weights)
        return weight.astype(dtype), weight[0] * 0

    def _backprop(self, *args: Any) -> Any:
        self.gate.enter()
        result = super()._backprop(*args)
        self.gate.loss = float(result[0])
        return result


class Gate:
    """Lets `steps` steps through, then holds the next one and says so."""

    def __init__(self) -> None:
        self.loss = 0.0
        self._left = 0
        self._asked = Semaphore(0)
        self._held = Semaphore(0)

    def enter(self) -> None:
        """Called by the loop before each step."""
        if self._left == 0:
            self._held.release()
            self._asked.acquire()
        self._left -= 1

    def wait(self) -> None:
        """Waits until the loop stands at the gate."""
        self._held.acquire()

    def run(self, steps: int) -> None:
        """Lets so many steps through, and waits until the next one stands at the gate."""
        self._left = steps
        self._asked.release()
        self.wait()


class ScikitLearnTraining:
    """A `fit` that never ends by itself: no tolerance, no early stopping."""

    version = sklearn.__version__

    def __init__(self, workload: MLP, threads: int) -> None:
        self.threads = threads  # its BLAS takes them from the environment
        inputs, targets = workload.data()
        model = Gated(
            workload.widths[1:-1],
            activation="relu",
            solver="adam",
            alpha=0.0,
            batch_size=workload.batch,
            learning_rate_init=LEARNING_RATE,
            max_iter=FOREVER,
            tol=0.0,
            n_iter_no_change=FOREVER,
            random_state=0,
        )
        model.first_weights = iter(workload.weights().values())
        self._gate = model.gate = Gate()
        Thread(target=model.fit, args=(inputs, targets), daemon=True).start()
        self._gate.wait()

    def run(self, steps: int) -> float:
        """Lets the loop go on for so many steps."""
        self._gate.run(steps)
        return self._gate.loss


def start(workload: MLP, threads: int) -> ScikitLearnTraining:
    """A new training."""
    return ScikitLearnTraining(workload, threads)
