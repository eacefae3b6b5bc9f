"""One training step: gather a batch, forward, loss, backward, penalty, optimizer. Allocates nothing per step."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from scratchnn.data.preparation import Part
from scratchnn.nn.arena import Workspace, allocate
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.losses import Loss
from scratchnn.nn.memory import Array, Memory, Pass
from scratchnn.nn.network import Batch, Network
from scratchnn.nn.regularizers import Penalty
from scratchnn.nn.updater import Updater


class Bound(NamedTuple):
    """The arrays of one batch size. The loss sees `outputs`, their `gradient` and numbers as `targets` as `(B, K)`."""

    batch: Batch
    outputs: Array
    targets: Array
    weights: Array | None
    gradient: Array
    memory: Memory


class Step:
    """Bound to a network, its training data and its optimizer for batches of up to `batch_size` rows.

    More rows than that are taken in several batches whose gradients are added: each is divided by the sum of all
    weights, so that the step is that of one large batch, but for batch statistics and random draws.

    `run.penalty` is what layers added to the summed loss of the last step; the loss that is returned is without it.
    """

    def __init__(
        self, network: Network, loss: Loss, penalty: Penalty, updater: Updater, part: Part, batch_size: int, run: Pass
    ) -> None:
        self._loss = loss
        self._penalty = penalty
        self._constrains = penalty.constrains
        self._updater = updater
        self._part = part
        self._run = run
        self._batch_size = batch_size
        self._gradients = network.arena.gradients
        self._sum: Array | None = None
        self._network_workspace = network.workspace(batch_size)
        plan = loss.plan(InputSpec((network.outputs.size,)))
        self._loss_workspace = Workspace(network.arena, plan, batch_size)
        targets = part.targets
        self._shares = targets is part.inputs  # then the gathered inputs, which no layer changes, are the targets too
        self._targets = np.empty((0 if self._shares else batch_size, *targets.shape[1:]), targets.dtype)
        self._weights = None if part.weights is None else allocate(batch_size, network.dtype)
        self._bound: dict[int, Bound] = {}

    def __call__(self, rows: Array, learning_rate: float) -> tuple[float, float]:
        """Trains on these rows; the summed loss and the sum of the weights (of the samples, not the parameters).

        Where the loss or the penalty is not finite, the parameters are left as they were.
        """
        self._run.penalty = 0.0
        if len(rows) <= self._batch_size:
            loss, total = self._differentiate(rows, None)
        else:
            loss, total = self._accumulate(rows)
        if not math.isfinite(loss) or total == 0:
            return loss, total
        self._penalty.add()
        self._updater.step(learning_rate)
        if self._constrains:
            self._penalty.constrain()
        return loss, total

    def _differentiate(self, rows: Array, total: float | None) -> tuple[float, float]:
        """Fills the gradients of one batch's summed loss over `total`, by default the sum of its own weights."""
        n = len(rows)
        bound = self._bound.get(n) or self._bind(n)
        batch, outputs, targets, weights, gradient, mem = bound
        part = self._part
        # mode="clip": with "raise" NumPy buffers the output
        np.take(part.inputs, rows, axis=0, out=batch.inputs, mode="clip")
        if not self._shares:
            np.take(part.targets, rows, axis=0, out=targets, mode="clip")
        own = float(n)
        if weights is not None and part.weights is not None:
            np.take(part.weights, rows, out=weights, mode="clip")
            own = float(np.add.reduce(weights))
            if own == 0 and total is None:
                return 0.0, 0.0
        run = self._run
        run.weights, run.total = weights, total or own
        batch.forward(run)
        loss = self._loss.evaluate(outputs, targets, weights, run.total, gradient, mem)
        if not math.isfinite(run.penalty):
            loss = run.penalty
        if math.isfinite(loss):
            batch.backward(run)
        return loss, own

    def _accumulate(self, rows: Array) -> tuple[float, float]:
        """Fills the gradients of the summed loss of all batches over the sum of all their weights."""
        size, gradients = self._batch_size, self._gradients
        batches = [rows[start : start + size] for start in range(0, len(rows), size)]
        total = sum(self._weight(batch) for batch in batches)
        if total == 0:
            return 0.0, 0.0
        if self._sum is None:
            self._sum = allocate(len(gradients), gradients.dtype)
        self._sum[...] = 0
        loss = 0.0
        for batch in batches:
            loss += self._differentiate(batch, total)[0]
            if not math.isfinite(loss):
                return loss, total
            np.add(self._sum, gradients, out=self._sum)
        gradients[...] = self._sum
        return loss, total

    def _weight(self, rows: Array) -> float:
        """The sum of the weights of one batch."""
        if self._weights is None or self._part.weights is None:
            return float(len(rows))
        weights = self._weights[: len(rows)]
        np.take(self._part.weights, rows, out=weights, mode="clip")
        return float(np.add.reduce(weights))

    def _bind(self, n: int) -> Bound:
        weights = None if self._weights is None else self._weights[:n]
        batch = self._network_workspace.batch(n)
        targets = batch.inputs.reshape(n, -1) if self._shares else self._targets[:n]
        outputs, gradient = batch.outputs.reshape(n, -1), batch.output_gradient.reshape(n, -1)
        self._bound[n] = Bound(batch, outputs, targets, weights, gradient, self._loss_workspace.memory(n))
        return self._bound[n]
