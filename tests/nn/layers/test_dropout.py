from __future__ import annotations

import numpy as np
import pytest

from scratchnn.errors import ConfigError, ShapeError
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.layers.dropout import Dropout
from scratchnn.nn.memory import Pass
from scratchnn.nn.network import Batch, DType, Network


def drop(rate: float, x: np.ndarray, *, training: bool = True, seed: int = 0, dtype: DType = "float64") -> Batch:
    network = Network([Dropout(rate=rate)], InputSpec(x.shape[1:]), dtype=dtype)
    batch = network.workspace(len(x), input_gradient=True, poison=True).batch(len(x))
    batch.inputs[...] = x
    run = Pass(training, np.random.default_rng(seed))
    batch.forward(run)
    batch.output_gradient[...] = 3
    batch.backward(run)
    return batch


def test_numbers_are_dropped_at_the_rate_and_the_mean_stays() -> None:
    batch = drop(0.2, np.full((200, 500), 2.0))
    kept = batch.outputs != 0
    assert kept.mean() == pytest.approx(0.8, abs=0.005)  # 4 deviations of 1e5 draws
    np.testing.assert_array_equal(batch.outputs[kept], 2.5)
    np.testing.assert_array_equal(batch.input_gradient, np.where(kept, 3.75, 0))


def test_the_mask_comes_from_float32_draws_in_either_dtype() -> None:
    draws = np.random.default_rng(7).random((4, 6), np.float32)
    for dtype in ("float32", "float64"):
        outputs = drop(0.5, np.ones((4, 6)), seed=7, dtype=dtype).outputs
        np.testing.assert_array_equal(outputs, np.where(draws >= 0.5, 2, 0))


@pytest.mark.parametrize(("rate", "training"), [(0.5, False), (0.0, True)])
def test_nothing_happens_outside_of_training_or_at_rate_0(rate: float, training: bool) -> None:
    x = np.random.default_rng(0).standard_normal((3, 4))
    batch = drop(rate, x, training=training)
    np.testing.assert_array_equal(batch.outputs, x)
    np.testing.assert_array_equal(batch.input_gradient, np.full((3, 4), 3.0))


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_the_rate_is_below_1(rate: float) -> None:
    with pytest.raises(ConfigError, match="rate"):
        Dropout.parse({"type": "dropout", "rate": rate})


def test_ids_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"model\.layers\[0\]: \(dropout\) expects numbers, got ids"):
        Network([Dropout()], InputSpec((3,), kind="ids"))
