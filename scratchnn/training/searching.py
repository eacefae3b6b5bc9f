"""One step of an optimizer that searches: the loss of all training rows, evaluated as often as it asks."""

from __future__ import annotations

import math

from scratchnn.data.preparation import Part
from scratchnn.nn.losses import Loss
from scratchnn.nn.memory import Array, Pass
from scratchnn.nn.network import Network
from scratchnn.nn.regularizers import Penalty
from scratchnn.nn.updater import Updater
from scratchnn.training.step import Step


class SearchingStep(Step):
    """A `Step` whose loss is one function of the parameters in all its evaluations.

    The loss is the mean over the rows plus all penalties, which agrees with its gradient. Every evaluation draws the
    same numbers (dropout masks) and starts from the same state (running statistics), so that the step moves the
    state once: as its last evaluation does, at the parameters that are left. `norms` are those of that one too.
    """

    def __init__(
        self, network: Network, loss: Loss, penalty: Penalty, updater: Updater, part: Part, batch_size: int, run: Pass
    ) -> None:
        super().__init__(network, loss, penalty, updater, part, batch_size, run)
        self._state = network.arena.state
        self._state_before = self._state.copy()
        self._draws = run.rng.bit_generator.state
        self._rows: Array = part.rows[:0]
        self._figures = (math.nan, 0.0)

    def __call__(self, rows: Array, learning_rate: float) -> tuple[float, float]:
        """Trains on these rows; the summed loss after the step, and the sum of the weights.

        Where the loss before the step is not finite, the parameters are left as they were.
        """
        self._rows = rows
        self._state_before[...] = self._state
        self._draws = self._run.rng.bit_generator.state
        value = self._updater.search(learning_rate, self._evaluate)
        loss, total = self._figures
        return (loss if math.isfinite(value) or total == 0 else math.nan), total

    def _evaluate(self) -> float:
        """The loss at the present parameters; fills the gradients."""
        rows = self._rows
        self._state[...] = self._state_before
        self._run.rng.bit_generator.state = self._draws
        self._run.penalty = 0.0
        loss, total = self._differentiate(rows) if len(rows) <= self._batch_size else self._accumulate(rows)
        self._figures = (loss, total)
        if not math.isfinite(loss) or total == 0:
            return math.nan
        self.norms.take()
        self._penalty.add()
        return (loss + self._run.penalty) / total + self._penalty.value()
