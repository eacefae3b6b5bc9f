from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scratchnn.data.augmentation import Augmenter, Fills, Mixup

FILLS = Fills(np.zeros(1), np.zeros(1))


class Scripted:
    """A generator that gives what a test wrote down."""

    def beta(self, *_: Any) -> Any:
        return np.array([0.25, 1.0, 0.5])

    def permutation(self, _: int) -> Any:
        return np.array([2, 0, 1])


def test_worked_by_hand() -> None:
    samples = np.array([[0.0, 8.0], [4.0, 2.0], [8.0, 0.0]])
    mix = Augmenter([Mixup()], FILLS, Scripted())(samples)  # type: ignore[arg-type]
    # 1/4 (0, 8) + 3/4 (8, 0); (4, 2) alone; half of (8, 0) and half of (4, 2) as it was
    np.testing.assert_array_equal(samples, [[6.0, 2.0], [4.0, 2.0], [6.0, 1.0]])
    assert mix is not None
    assert (mix.shares.tolist(), mix.partners.tolist()) == ([0.25, 1.0, 0.5], [2, 0, 1])


@pytest.mark.parametrize("shape", [(40,), (5, 4), (2, 3, 1), (2, 2, 2, 2)])
@pytest.mark.parametrize("alpha", [0.2, 1.0, 8.0])
def test_samples_of_any_shape_are_averaged_with_their_partners(
    apply: Any, shape: tuple[int, ...], alpha: float
) -> None:
    samples = np.random.default_rng(3).normal(size=(30, *shape))
    made, mix = apply({"type": "mixup", "alpha": alpha}, samples, seed=9)
    rng = np.random.default_rng(9)
    shares, partners = rng.beta(alpha, alpha, 30), rng.permutation(30)
    np.testing.assert_array_equal(mix.partners, partners)
    np.testing.assert_array_equal(mix.shares, shares)
    each = shares.reshape(-1, *[1] * len(shape))
    np.testing.assert_allclose(made, each * samples + (1 - each) * samples[partners], rtol=0, atol=1e-14)


def test_the_smaller_alpha_the_nearer_to_one_of_the_two(apply: Any) -> None:
    samples = np.zeros((2000, 1))
    nearest = []
    for alpha in (0.1, 1.0, 10.0):
        _, mix = apply({"type": "mixup", "alpha": alpha}, samples)
        nearest.append(np.minimum(mix.shares, 1 - mix.shares).mean())
    # E min(s, 1 - s): 1/4 for the uniform distribution
    assert nearest[0] < 0.1 < nearest[1] < 0.3 < nearest[2]
    assert nearest[1] == pytest.approx(0.25, abs=0.01)


def test_a_batch_of_one_is_its_own_partner(apply: Any) -> None:
    samples = np.array([[1.5, -2.0]])
    made, mix = apply("mixup", samples)
    np.testing.assert_array_equal(made, samples)
    assert mix.partners.tolist() == [0]
