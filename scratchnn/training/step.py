"""One training step: gather a batch, forward, loss, backward, penalty, optimizer. Allocates nothing per step."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from scratchnn.data.augmentation import Augmenter
from scratchnn.data.preparation import Part
from scratchnn.data.samples import gather
from scratchnn.nn.arena import Workspace, allocate
from scratchnn.nn.gradient_norms import GradientNorms
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.losses import Loss
from scratchnn.nn.memory import Array, Memory, Pass
from scratchnn.nn.network import Batch, Network
from scratchnn.nn.regularizers import Penalty
from scratchnn.nn.updater import Updater
from scratchnn.training.mixing import MixedLoss


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

    More rows than that are taken in several batches whose gradients are added and divided by the sum of all weights, so
    that the step is that of one large batch, but for batch statistics and random draws. Where the targets have steps,
    each real step of a sample has its weight; those that the network's mask leaves out have none.

    `augmenter` changes the gathered inputs in place; where it mixes samples, the loss and the weights are mixed too.

    `run.penalty` is what layers added to the summed loss of the last step; the loss that is returned is without it.

    `norms` are asked after the backward passes, while the gradient is that of the loss alone: the penalty of large
    weights and the limits on the gradient come after, and an optimizer destroys it.
    """

    def __init__(
        self,
        network: Network,
        loss: Loss,
        penalty: Penalty,
        updater: Updater,
        part: Part,
        batch_size: int,
        run: Pass,
        augmenter: Augmenter | None = None,
    ) -> None:
        self._loss = loss
        self._augmenter = augmenter
        self._mixed = MixedLoss(loss, batch_size, network.dtype)
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
        self._terms = loss.targets_per_sample
        self._step_weights = allocate(batch_size * loss.targets_per_sample, network.dtype).reshape(
            batch_size, loss.targets_per_sample
        )
        self._bound: dict[int, Bound] = {}
        self.norms = GradientNorms(network.arena)

    def __call__(self, rows: Array, learning_rate: float) -> tuple[float, float]:
        """Trains on these rows; the summed loss and the sum of the weights (of the samples, not the parameters).

        Where the loss or the penalty is not finite, the parameters are left as they were.
        """
        self._run.penalty = 0.0
        if len(rows) <= self._batch_size:
            loss, total = self._differentiate(rows)
        else:
            loss, total = self._accumulate(rows)
        if not math.isfinite(loss) or total == 0:
            return loss, total
        self.norms.take()
        self._penalty.add()
        self._updater.step(learning_rate)
        if self._constrains:
            self._penalty.constrain()
        return loss, total

    def _differentiate(self, rows: Array, total: float | None = None) -> tuple[float, float]:
        """Fills the gradients of one batch's summed loss over `total`, by default the sum of its own weights.

        Gives the loss and the sum of the weights. Without any weight nothing is learned: the gradients are 0.
        """
        n = len(rows)
        bound = self._bound.get(n) or self._bind(n)
        batch, outputs, targets, weights, gradient, mem = bound
        part = self._part
        gather(part.inputs, rows, batch.inputs)
        if not self._shares:
            gather(part.targets, rows, targets)
        if weights is not None and part.weights is not None:
            np.take(part.weights, rows, out=weights, mode="clip")
        mix = None if self._augmenter is None else self._augmenter(batch.inputs)
        if mix is not None:
            self._mixed.mix(mix, targets, weights)
        own = float(n if weights is None else np.add.reduce(weights)) * self._terms
        run = self._run
        run.weights = weights
        batch.forward(run)
        if self._terms > 1 and run.mask is not None:
            weights = self._of_real_steps(run.mask, weights)
            own = float(np.add.reduce(weights, axis=None))
        if own == 0:
            self._gradients.fill(0)
            return 0.0, 0.0
        run.total = total or own
        evaluate = self._loss.evaluate if mix is None else self._mixed.evaluate
        loss = evaluate(outputs, targets, weights, run.total, gradient, mem)
        if not math.isfinite(run.penalty):
            loss = run.penalty
        if math.isfinite(loss):
            batch.backward(run)
        return loss, own

    def _accumulate(self, rows: Array) -> tuple[float, float]:
        """Fills the gradients of the summed loss of all batches over the sum of all their weights.

        This sum is known only after the last batch, whose passes may find padding, so the division comes last.
        """
        size, gradients = self._batch_size, self._gradients
        if self._sum is None:
            self._sum = allocate(len(gradients), gradients.dtype)
        self._sum[...] = 0
        loss, total = 0.0, 0.0
        for start in range(0, len(rows), size):
            part = self._differentiate(rows[start : start + size], 1.0)
            loss, total = loss + part[0], total + part[1]
            if not math.isfinite(loss):
                return loss, total
            np.add(self._sum, gradients, out=self._sum)
        if total:
            np.divide(self._sum, total, out=gradients)
        return loss, total

    def _of_real_steps(self, mask: Array, weights: Array | None) -> Array:
        """The weight `(n, T)` of each step: that of its sample, 0 where the mask `(n, T)` says that it is padding."""
        made = self._step_weights[: len(mask)]
        np.copyto(made, mask)
        return made if weights is None else np.multiply(made, weights[:, None], out=made)

    def _bind(self, n: int) -> Bound:
        weights = None if self._weights is None else self._weights[:n]
        batch = self._network_workspace.batch(n)
        targets = batch.inputs.reshape(n, -1) if self._shares else self._targets[:n]
        outputs, gradient = batch.outputs.reshape(n, -1), batch.output_gradient.reshape(n, -1)
        self._bound[n] = Bound(batch, outputs, targets, weights, gradient, self._loss_workspace.memory(n))
        return self._bound[n]
