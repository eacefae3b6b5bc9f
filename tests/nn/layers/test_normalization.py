from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.errors import ShapeError
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.normalization import BatchNorm
from scratchnn.nn.memory import Pass
from scratchnn.nn.network import Network


@pytest.mark.parametrize(
    ("case", "layer", "training", "before"),
    [
        ("batch_norm_first", BatchNorm(), True, ""),
        ("batch_norm_second", BatchNorm(), True, "batch_norm_first"),
        ("batch_norm_inference", BatchNorm(), False, "batch_norm_second"),
        ("batch_norm_plain", BatchNorm(momentum=0.3, epsilon=0.1, scale=False, center=False), True, ""),
        ("batch_norm_image", BatchNorm(), True, ""),
    ],
)
def test_it_agrees_with_torch(
    case: str, layer: BatchNorm, training: bool, before: str, agree: Callable[..., None]
) -> None:
    agree(case, [layer], training=training, before=before)


def test_a_batch_worked_out_by_hand() -> None:
    network = Network([BatchNorm(epsilon=1.0)], InputSpec((1,)), dtype="float64")
    network.initialize(np.random.default_rng(0))
    batch = network.workspace(2).batch(2)
    batch.inputs[...] = [[1.0], [5.0]]  # mean 3, biased variance 4, unbiased 8
    outputs = batch.forward(Pass(training=True))
    np.testing.assert_allclose(outputs, [[-2 / 5**0.5], [2 / 5**0.5]])
    arrays = network.arena.named_arrays()
    assert arrays["0.running_mean"].tolist() == pytest.approx([0.3])
    assert arrays["0.running_variance"].tolist() == pytest.approx([0.9 + 0.8])
    inference = network.predict(np.array([[1.0]]))
    np.testing.assert_allclose(inference, [[(1 - 0.3) / 2.7**0.5]])


def test_every_axis_but_the_last_is_one_of_samples() -> None:
    """PyTorch's BatchNorm1d of (N, C, L) takes the mean over N and L, as that of (N L, C) does."""
    x = np.random.default_rng(0).standard_normal((3, 4, 2))
    made = []
    for inputs in (x, x.reshape(12, 2)):
        network = Network([BatchNorm()], InputSpec(inputs.shape[1:]), dtype="float64")
        network.initialize(np.random.default_rng(0))
        batch = network.workspace(len(inputs), input_gradient=True).batch(len(inputs))
        batch.inputs[...] = inputs
        outputs = batch.forward(Pass(training=True)).reshape(12, 2).copy()
        batch.output_gradient[...] = np.sin(10 * inputs)
        batch.backward(Pass(training=True))
        made.append([outputs, batch.input_gradient.reshape(12, 2), network.arena.gradients, network.arena.state])
    np.testing.assert_allclose(made[0][0].mean(axis=0), 0, atol=1e-15)
    for steps, rows in zip(*made, strict=True):
        np.testing.assert_allclose(steps, rows, rtol=1e-12, atol=1e-14)


def test_gamma_and_beta_are_optional_and_never_decayed() -> None:
    def names(**fields: bool) -> list[str]:
        network = Network([BatchNorm(**fields)], InputSpec((3,)))
        assert network.arena.decayed == 0
        return list(network.arena.slots)

    assert names() == ["0.gamma", "0.beta"]
    assert names(scale=False) == ["0.beta"]
    assert names(center=False) == ["0.gamma"]
    assert names(scale=False, center=False) == []


def test_a_single_number_for_each_channel_cannot_be_trained_on() -> None:
    network = Network([Dense(units=3), BatchNorm()], InputSpec((2,)))
    network.initialize(np.random.default_rng(0))
    message = r"model\.layers\[1\]: \(batch_norm\) needs two numbers .* got a batch of one sample\. Choose a batch size"
    before = network.arena.state.copy()
    with pytest.raises(ShapeError, match=message):
        network.workspace(1).batch(1).forward(Pass(training=True))
    np.testing.assert_array_equal(network.arena.state, before)
    assert network.predict(np.ones((1, 2))).shape == (1, 3)
    assert network.plan.fewest_samples == 2
    assert Network([BatchNorm()], InputSpec((4, 3))).plan.fewest_samples == 1


def test_a_far_mean_does_not_spoil_the_variance() -> None:
    x = 1e4 + np.random.default_rng(0).standard_normal((64, 3))
    network = Network([BatchNorm()], InputSpec((3,)))
    network.initialize(np.random.default_rng(0))
    batch = network.workspace(64).batch(64)
    batch.inputs[...] = x
    outputs = batch.forward(Pass(training=True))
    rounded = x.astype(np.float32).astype(np.float64)  # what a float32 network sees
    expected = (rounded - rounded.mean(axis=0)) / rounded.std(axis=0)
    np.testing.assert_allclose(outputs, expected, atol=5e-3)
