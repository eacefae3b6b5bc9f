"""What losses tell of a target beside one number: quantiles and standard deviations."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scratchnn.nn.losses import Loss

# Two rows of two columns: means, then log variances.
GAUSSIAN = np.array([[1.0, -2.0, 0.0, 2 * np.log(3.0)], [0.5, 10.0, 2 * np.log(0.1), 0.0]])


def test_a_gaussian_has_the_deviation_of_its_log_variance() -> None:
    loss = Loss.parse("gaussian_nll")
    np.testing.assert_allclose(loss.deviations(GAUSSIAN), [[1.0, 3.0], [0.1, 1.0]], rtol=1e-15)
    assert loss.quantiles_known() is None


@pytest.mark.parametrize(
    ("share", "z"), [(0.05, -1.6448536269514729), (0.5, 0.0), (0.95, 1.6448536269514722), (0.975, 1.959963984540054)]
)
def test_a_gaussian_has_every_quantile(share: float, z: float) -> None:
    assert math.erf(z / math.sqrt(2)) / 2 + 0.5 == pytest.approx(share, rel=1e-14)
    made = Loss.parse("gaussian_nll").quantile(GAUSSIAN, share)
    np.testing.assert_allclose(made, [[1 + z, -2 + 3 * z], [0.5 + 0.1 * z, 10 + z]], rtol=1e-14)
    assert Loss.parse("gaussian_nll").quantile(GAUSSIAN.astype(np.float32), share).dtype == np.float32


def test_the_share_of_normal_draws_below_a_quantile_is_that_share() -> None:
    draws = np.random.default_rng(0).normal(-2, 3, 200_000)
    bound = Loss.parse("gaussian_nll").quantile(GAUSSIAN, 0.9)[0, 1]
    assert np.mean(draws < bound) == pytest.approx(0.9, abs=0.003)


def test_learned_quantiles_are_the_outputs_in_their_order() -> None:
    loss = Loss.parse({"type": "quantile", "quantiles": [0.9, 0.1, 0.5]})
    outputs = np.arange(12.0).reshape(2, 6)
    assert loss.quantiles_known() == [0.1, 0.5, 0.9]
    np.testing.assert_array_equal(loss.quantile(outputs, 0.9), [[0, 1], [6, 7]])
    np.testing.assert_array_equal(loss.quantile(outputs, 0.1), [[2, 3], [8, 9]])
    np.testing.assert_array_equal(loss.predictions(outputs), loss.quantile(outputs, 0.5))
    assert loss.deviations(outputs) is None
    with pytest.raises(ValueError, match=r"0\.2 is not in list"):
        loss.quantile(outputs, 0.2)


def test_other_losses_tell_one_number() -> None:
    loss = Loss.parse("mse")
    assert loss.quantiles_known() == ()
    assert loss.deviations(GAUSSIAN) is None
    with pytest.raises(ValueError, match=r"mse tells no quantile 0\.5"):
        loss.quantile(GAUSSIAN, 0.5)


def test_a_sum_tells_what_its_first_term_tells() -> None:
    first = Loss.parse("gaussian_nll")
    loss = Loss.parse({"type": "weighted_sum", "terms": [{"loss": "gaussian_nll", "weight": 0.5}]})
    assert loss.quantiles_known() is None
    np.testing.assert_array_equal(loss.deviations(GAUSSIAN), first.deviations(GAUSSIAN))
    np.testing.assert_array_equal(loss.quantile(GAUSSIAN, 0.8), first.quantile(GAUSSIAN, 0.8))
