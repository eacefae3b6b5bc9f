"""Samples that are averages of two."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from scratchnn.data.augmentation.augmentation import Augmentation
from scratchnn.data.augmentation.canvas import Canvas, Mix


class Mixup(Augmentation):
    """Averages two samples: y = s x[a] + (1 - s) x[b], s of a Beta(alpha, alpha) distribution, b of the same batch.

    Each sample has a share s of its own, and its partner b from a random order of the batch (it may be the sample
    itself). The loss is s L(t[a]) + (1 - s) L(t[b]) for targets t that are classes; numbers are averaged like the
    samples. Takes any numbers: images, arrays, tables without codes. Source: Zhang et al. 2018, whose code draws one
    s for the whole batch.
    """

    type: Literal["mixup"] = "mixup"
    mixes: ClassVar[bool] = True
    alpha: float = Field(0.2, gt=0, le=100, description="Small: mostly one of the two. 1: every share is as probable.")

    def apply(self, canvas: Canvas, rng: np.random.Generator) -> None:
        """Draws all shares, then the order of the partners."""
        samples = canvas.samples
        mix = canvas.mix = Mix(rng.beta(self.alpha, self.alpha, len(samples)), rng.permutation(len(samples)))
        partners = canvas.scratch("batch", samples.shape, samples.dtype)
        np.take(samples, mix.partners, axis=0, out=partners, mode="clip")
        rest = (1 - mix.shares).astype(samples.dtype).reshape(-1, *[1] * (samples.ndim - 1))
        np.subtract(partners, samples, out=partners)
        np.multiply(partners, rest, out=partners)
        np.add(samples, partners, out=samples)
