"""The loss and the metrics of a network on one part of the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scratchnn.data.encoder import Encoder
from scratchnn.data.preparation import Part
from scratchnn.nn.arena import Workspace
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.losses import Loss
from scratchnn.nn.memory import Array
from scratchnn.nn.metrics import Metric, Scored
from scratchnn.nn.network import PREDICT_ROWS, Network


class Evaluator:
    """Scores a network on a part. Metrics of numbers are in the target's own units, the loss in scaled ones.

    Those of a reconstruction are over all its numbers, as they are encoded: columns have no units in common.
    """

    def __init__(self, network: Network, loss: Loss, metrics: Sequence[Metric], encoder: Encoder) -> None:
        self._network = network
        self._loss = loss
        self._metrics = metrics
        self._encoder = encoder
        plan = loss.plan(InputSpec((network.outputs.size,)))
        self._workspace = Workspace(network.arena, plan, PREDICT_ROWS)
        self.notes: tuple[str, ...] = ()  # what the metrics of the last part had to assume

    def evaluate(self, part: Part) -> dict[str, Any]:
        """`loss` and each metric by its tag."""
        outputs = self._network.predict(part.inputs).reshape(len(part), -1)
        figures: dict[str, Any] = {"loss": self._mean_loss(outputs, part)}
        scored = self.scored(outputs, part)
        for metric in self._metrics:
            figures[metric.tag()] = metric.compute(scored)
        self.notes = tuple(scored.notes)
        return figures

    def scored(self, outputs: Array, part: Part) -> Scored:
        """Predictions beside targets, both as a user knows them."""
        predictions = self._loss.predictions(outputs)
        targets = part.targets
        if self._encoder.task == "regression":
            predictions = self._encoder.decode_targets(predictions)
            targets = self._encoder.decode_targets(targets)
        pooled = self._encoder.task == "reconstruction"
        return Scored(targets, predictions, part.weights, tuple(self._encoder.classes), pooled)

    def _mean_loss(self, outputs: Array, part: Part) -> float:
        total, weight_sum = 0.0, 0.0
        targets = part.targets if part.targets.ndim == 1 else part.targets.reshape(len(part), -1)
        for start in range(0, len(outputs), PREDICT_ROWS):
            rows = slice(start, start + PREDICT_ROWS)
            weights = None if part.weights is None else part.weights[rows]
            chunk = outputs[rows]
            weight = float(len(chunk)) if weights is None else float(np.add.reduce(weights))
            mem = self._workspace.memory(len(chunk))
            total += self._loss.evaluate(chunk, targets[rows], weights, max(weight, 1.0), None, mem)
            weight_sum += weight
        return total / weight_sum if weight_sum else 0.0
