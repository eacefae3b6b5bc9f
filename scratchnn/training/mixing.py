"""The loss of samples that are each made of two others."""

from __future__ import annotations

import numpy as np

from scratchnn.data.augmentation import Mix
from scratchnn.nn.losses import Loss
from scratchnn.nn.memory import Array, Memory


class MixedLoss:
    """Sample a with the share s of itself and 1 - s of b: s w[a] L(t[a]) + (1 - s) w[b] L(t[b]).

    So it is for targets t that are classes. Numbers are mixed as the samples are: w L(s t[a] + (1 - s) t[b]), where
    w = s w[a] + (1 - s) w[b] is in both cases the weight of the mixed sample. Without weights each w is 1. For any loss
    that is a weighted sum over the samples.
    """

    def __init__(self, loss: Loss, batch_size: int, dtype: np.dtype[np.generic]) -> None:
        self._loss = loss
        self._size = batch_size
        self._dtype = dtype
        self._arrays: dict[str, Array] = {}
        self._of_classes = False

    def mix(self, mix: Mix, targets: Array, weights: Array | None) -> None:
        """Takes in how a batch was mixed, its targets (n,) or (n, K) and its weights (n,).

        Overwrites the weights with those of the mixed samples, and targets that are numbers with the mixed ones.
        """
        n = len(targets)
        own, rest = self._array("own", n), self._array("rest", n)
        np.copyto(own, mix.shares)
        np.subtract(1, own, out=rest)
        others = self._array("targets", n, targets)
        np.take(targets, mix.partners, axis=0, out=others, mode="clip")
        self._of_classes = targets.dtype.kind in "iu"
        if not self._of_classes:
            shares = rest.reshape(n, *[1] * (targets.ndim - 1))
            np.subtract(others, targets, out=others)
            np.multiply(others, shares, out=others)
            np.add(targets, others, out=targets)
        if weights is not None:
            partners = self._array("weights", n)
            np.take(weights, mix.partners, out=partners, mode="clip")
            np.multiply(own, weights, out=own)
            np.multiply(rest, partners, out=rest)
            np.add(own, rest, out=weights)

    def evaluate(
        self, outputs: Array, targets: Array, weights: Array | None, total: float, gradient: Array, mem: Memory
    ) -> float:
        """The same as that of a loss, for the batch that was mixed last, with what was made of its arrays."""
        loss = self._loss
        if not self._of_classes:
            return loss.evaluate(outputs, targets, weights, total, gradient, mem)
        n = len(outputs)
        second = self._array("gradient", n, gradient)
        value = loss.evaluate(outputs, self._array("targets", n, targets), self._array("rest", n), total, second, mem)
        value += loss.evaluate(outputs, targets, self._array("own", n), total, gradient, mem)
        np.add(gradient, second, out=gradient)
        return value

    def _array(self, name: str, n: int, like: Array | None = None) -> Array:
        """The first n rows of an array for a whole batch: of numbers, or of what another holds."""
        if name not in self._arrays:
            shape, dtype = ((), self._dtype) if like is None else (like.shape[1:], like.dtype)
            self._arrays[name] = np.empty((self._size, *shape), dtype)
        return self._arrays[name][:n]
