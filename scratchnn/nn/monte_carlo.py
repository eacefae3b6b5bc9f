"""Monte Carlo dropout: a trained network with its dropout left on gives another answer at each pass.

The mean of T passes approximates the mean of the posterior predictive distribution, and their spread what the model
does not know. All else is as outside of training: batch normalization uses its running statistics, noise layers add
nothing. Source: Gal and Ghahramani 2016.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scratchnn.nn.memory import Array, Pass
from scratchnn.nn.network import Batch, Network, SampleRows


@dataclass(frozen=True)
class MonteCarlo:
    """How many passes with dropout, and where their draws start.

    Each pass over a chunk of `Network.predict_rows` samples has a generator of its own, spawned from the seed by the
    number of the chunk and of the pass: what a sample gets does not depend on how many chunks are asked for at once.
    """

    samples: int
    seed: int = 0

    def chunks(self, network: Network, inputs: SampleRows, first: int = 0) -> Iterator[tuple[slice, Iterator[Array]]]:
        """A few samples at a time: which ones, and their outputs (n, *outputs.shape) in each pass.

        The outputs are the network's own array: they hold until the next pass. `first` is the number of the first
        sample among all that are predicted with this seed, a multiple of `predict_rows`.
        """
        for rows, batch in network.batches(inputs):
            yield rows, self._passes(batch, (first + rows.start) // network.predict_rows)

    def _passes(self, batch: Batch, chunk: int) -> Iterator[Array]:
        for number in range(self.samples):
            sequence = np.random.SeedSequence(self.seed, spawn_key=(chunk, number))
            yield batch.forward(Pass(sampling=True, rng=np.random.Generator(np.random.PCG64(sequence))))


def has_dropout(network: Network) -> bool:
    """Whether some layer drops anything: tried on one sample of zeros, by whether random numbers are drawn."""
    rng = np.random.Generator(np.random.PCG64(0))
    before = rng.bit_generator.state
    batch = network.workspace(1).batch(1)
    batch.inputs[...] = 0
    with np.errstate(all="ignore"):
        batch.forward(Pass(sampling=True, rng=rng))
    return bool(rng.bit_generator.state != before)


class Spread:
    """The mean of arrays that come one after the other, and their deviation: sqrt(sum (x - mean)^2 / count).

    In float64, by Welford's updates (1962), so that equal arrays have a deviation of exactly 0.
    """

    def __init__(self) -> None:
        self.count = 0
        self._mean: Array | float = 0.0
        self._squares: Array | float = 0.0

    def add(self, values: Array) -> None:
        """Takes another array of the same shape."""
        self.count += 1
        gap = values - self._mean
        self._mean = self._mean + gap / self.count
        self._squares = self._squares + gap * (values - self._mean)

    @property
    def mean(self) -> Array:
        """The mean."""
        return np.asarray(self._mean, np.float64)

    @property
    def deviation(self) -> Array:
        """The deviation; that of a sample of the passes, divided by their count."""
        return np.sqrt(np.asarray(self._squares, np.float64) / self.count)


def entropy(probabilities: Array) -> Array:
    """-sum p log p in nats (N,), 0 where one class has all; in float64. Probabilities (N, C)."""
    p = probabilities.astype(np.float64)
    logs = np.log(p, out=np.zeros_like(p), where=p > 0)
    return np.asarray(-np.add.reduce(p * logs, axis=1))
