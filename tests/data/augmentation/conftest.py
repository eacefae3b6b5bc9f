"""Augmentations on small batches, whose draws a test can repeat."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from scratchnn.data.augmentation import Augmentation, Augmenter, Fills, Mix

Array = np.ndarray[Any, np.dtype[Any]]
Apply = Callable[..., tuple[Array, Mix | None]]


@pytest.fixture(params=[1, 1 << 14], ids=["image by image", "all at once"])
def blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Batches that are worked on in many blocks, and in one."""
    monkeypatch.setattr("scratchnn.data.augmentation.canvas.BLOCK_PIXELS", request.param)
    return


@pytest.fixture
def apply() -> Apply:
    """What an augmentation makes of samples, drawing from a generator of this seed, and how it mixed them."""

    def changed(
        augmentation: object, samples: Array, seed: int = 0, black: Any = -0.5, mean: Any = 0.25
    ) -> tuple[Array, Mix | None]:
        member = Augmentation.parse(augmentation)
        member.check(samples.shape[1:])
        channels = samples.shape[3] if samples.ndim == 4 else 1
        fills = Fills(*(np.full(channels, color, samples.dtype) for color in (black, mean)))
        out = samples.copy()
        mix = Augmenter([member], fills, np.random.default_rng(seed))(out)
        return out, mix

    return changed
