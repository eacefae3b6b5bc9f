"""The loss and the metrics of a network on one part of the data."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from scratchnn.data.encoder import Encoder
from scratchnn.data.preparation import Part
from scratchnn.data.targets import InputsAgain
from scratchnn.nn.arena import Workspace
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.losses import EachStep, Loss
from scratchnn.nn.memory import Array
from scratchnn.nn.metrics import Metric, Scored, ScoredLabels, ScoredSteps
from scratchnn.nn.network import PREDICT_ROWS, Network, SampleRows
from scratchnn.training.adjustment import Adjustment


class Evaluator:
    """Scores a network on a part. Metrics of numbers are in the target's own units, the loss in scaled ones.

    Those of a reconstruction are over all its numbers, as they are encoded: columns have no units in common. Of a loss
    on each step the probabilities of all steps are never held at once: there may be millions of them. The loss is that
    of the outputs as they are; probabilities and classes, and so the metrics, are those of the `adjustment`.
    """

    tells_loss: ClassVar[bool] = True

    def __init__(
        self,
        network: Network,
        loss: Loss,
        metrics: Sequence[Metric],
        encoder: Encoder,
        adjustment: Adjustment | None = None,
    ) -> None:
        self._network = network
        self._loss = loss
        self._metrics = metrics
        self._encoder = encoder
        self._adjustment = adjustment or Adjustment()
        rows = network.predict_rows if isinstance(loss, EachStep) else PREDICT_ROWS
        self._workspace = Workspace(network.arena, loss.plan(InputSpec((network.outputs.size,))), rows)
        self.notes: tuple[str, ...] = ()  # what the metrics of the last part had to assume

    def evaluate(self, part: Part) -> dict[str, Any]:
        """`loss` and each metric by its name."""
        return self.figures(*self.judged(part))

    def figures(self, loss: float, scored: Scored) -> dict[str, Any]:
        """The same for what `judged` has found."""
        figures: dict[str, Any] = {"loss": loss}
        for metric in self._metrics:
            figures[metric.name] = metric.compute(scored)
        self.notes = tuple(scored.notes)
        return figures

    def judged(self, part: Part) -> tuple[float, Scored]:
        """The mean loss, and predictions beside targets."""
        if isinstance(self._loss, EachStep):
            return self._judged_steps(part)
        outputs = self.outputs(part.inputs)
        return self.mean_loss(outputs, part.targets, part.weights), self.scored(outputs, part)

    def outputs(self, inputs: SampleRows) -> Array:
        """What the network says of these inputs: raw outputs `(N, K)`."""
        return self._network.predict(inputs).reshape(len(inputs), -1)

    def scored(self, outputs: Array, part: Part, adjustment: Adjustment | None = None) -> Scored:
        """Predictions beside targets, both as a user knows them; with another `adjustment` than the evaluator's own."""
        target, adjustment = self._encoder.target, adjustment or self._adjustment
        predictions = target.decode(adjustment.probabilities(self._loss, outputs))
        quantiles = self._quantiles(outputs) if target.is_number else None
        return self.beside(predictions, part, quantiles, adjustment.called(self._loss, outputs))

    def beside(
        self,
        predictions: Array,
        part: Part,
        quantiles: Callable[[float], Array] | None = None,
        called: Array | None = None,
    ) -> Scored:
        """The same for predictions, and what tells their quantiles, in the targets' own units."""
        target = self._encoder.target
        targets = target.decode(part.targets)
        if target.label_names:
            return ScoredLabels(targets, predictions, part.weights, tuple(target.label_names))
        pooled, classes = isinstance(target, InputsAgain), tuple(target.class_names)
        return Scored(targets, predictions, part.weights, classes, pooled, quantiles=quantiles, called=called)

    def _quantiles(self, outputs: Array) -> Callable[[float], Array] | None:
        """The quantiles that the loss tells, in the targets' own units; None where it tells none."""
        known = self._loss.quantiles_known()
        if known is not None and not known:
            return None

        def tell(share: float) -> Array:
            learned = share if known is None else next(one for one in known if math.isclose(one, share))
            return self._encoder.target.decode(self._loss.quantile(outputs, learned))

        return tell

    def mean_loss(self, outputs: Array, targets: Array, weights: Array | None) -> float:
        """The mean loss of raw outputs `(N, K)` on encoded targets, weighted where there are weights `(N,)`."""
        total, weight_sum = 0.0, 0.0
        for start in range(0, len(outputs), PREDICT_ROWS):
            rows = slice(start, start + PREDICT_ROWS)
            own = None if weights is None else weights[rows]
            loss, weight = self.summed_loss(outputs[rows], targets[rows], own)
            total += loss
            weight_sum += weight
        return total / weight_sum if weight_sum else 0.0

    def summed_loss(self, outputs: Array, targets: Array, weights: Array | None) -> tuple[float, float]:
        """The weighted loss of outputs `(n, K)`, `PREDICT_ROWS` of them at most, and the sum of the weights."""
        targets = targets if targets.ndim == 1 else targets.reshape(len(targets), -1)
        weight = float(len(outputs)) if weights is None else float(np.add.reduce(weights))
        mem = self._workspace.memory(len(outputs))
        return self._loss.evaluate(outputs, targets, weights, max(weight, 1.0), None, mem), weight

    def _judged_steps(self, part: Part) -> tuple[float, ScoredSteps]:
        """The mean loss over all real steps, and what is true and said at each of them."""
        found: list[tuple[Array, Array, Array]] = []
        weights: list[Array] = []
        lengths: list[Array] = []
        total = 0.0
        for rows, outputs, mask in self._network.chunks(part.inputs):
            targets, mem = part.targets[rows], self._workspace.memory(len(outputs))
            real = np.ones(targets.shape, bool) if mask is None else mask
            own = real.astype(outputs.dtype)
            if part.weights is not None:
                np.multiply(own, part.weights[rows, None], out=own)
            total += self._loss.evaluate(outputs, targets, own, max(float(np.add.reduce(own, None)), 1.0), None, mem)
            labels = self._loss.predictions(outputs).argmax(axis=-1)
            found.append((targets[real], labels[real], self._loss.log_likelihoods(outputs, targets)[real]))
            weights.append(own[real])
            lengths.append(np.count_nonzero(real, axis=1))
        truth, said, likelihoods = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
        each = np.concatenate(weights).astype(np.float64)
        scored = ScoredSteps(truth, said, each, likelihoods=likelihoods, lengths=np.concatenate(lengths))
        return total / (float(np.add.reduce(each)) or 1.0), scored
