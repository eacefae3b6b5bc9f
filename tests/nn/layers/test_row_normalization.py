from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.errors import ShapeError
from scratchnn.nn.layer import InputSpec, Layer
from scratchnn.nn.layers.row_normalization import L2Normalize, LayerNorm, RMSNorm
from scratchnn.nn.memory import Pass
from scratchnn.nn.network import Network


@pytest.mark.parametrize(
    ("case", "layer"),
    [
        ("layer_norm", LayerNorm()),
        ("layer_norm_steps", LayerNorm()),
        ("layer_norm_epsilon", LayerNorm(epsilon=0.1, scale=False, center=False)),
        ("layer_norm_no_bias", LayerNorm(center=False)),
        ("layer_norm_axes", LayerNorm(axes=2)),
        ("rms_norm", RMSNorm()),
        ("rms_norm_steps", RMSNorm(epsilon=0.1)),
        ("rms_norm_plain", RMSNorm(scale=False)),
        ("l2_normalize", L2Normalize()),
    ],
)
@pytest.mark.parametrize("training", [True, False])
def test_it_agrees_with_torch(case: str, layer: Layer, training: bool, agree: Callable[..., None]) -> None:
    agree(case, [layer], training=training)


def outputs(layer: Layer, x: list[list[float]]) -> np.ndarray:
    network = Network([layer], InputSpec((len(x[0]),)), dtype="float64")
    network.initialize(np.random.default_rng(0))
    return network.predict(np.array(x))


def test_rows_worked_out_by_hand() -> None:
    rows = [[1.0, 5.0], [7.0, 7.0]]  # mean 3 and biased variance 4; then no variance at all
    np.testing.assert_allclose(outputs(LayerNorm(epsilon=5.0), rows), [[-2 / 3, 2 / 3], [0, 0]])
    np.testing.assert_allclose(outputs(RMSNorm(epsilon=3.0), rows), [[0.25, 1.25], [7 / 52**0.5, 7 / 52**0.5]])
    np.testing.assert_allclose(outputs(L2Normalize(epsilon=5.0), [[3.0, 4.0], [0.3, 0.4]]), [[0.6, 0.8], [0.06, 0.08]])


def test_short_rows_are_divided_by_a_constant() -> None:
    network = Network([L2Normalize(epsilon=0.5)], InputSpec((2,)), dtype="float64")
    batch = network.workspace(2, input_gradient=True, poison=True).batch(2)
    batch.inputs[...] = [[0, 0], [0.25, 0]]
    np.testing.assert_array_equal(batch.forward(Pass()), [[0, 0], [0.5, 0]])
    batch.output_gradient[...] = [1, -2]
    batch.backward(Pass())
    np.testing.assert_array_equal(batch.input_gradient, [[2, -4], [2, -4]])


def test_gamma_and_beta_are_optional_and_never_decayed() -> None:
    def names(layer: Layer) -> list[str]:
        network = Network([layer], InputSpec((3,)))
        assert network.arena.decayed == 0
        return list(network.arena.slots)

    assert names(LayerNorm()) == ["0.gamma", "0.beta"]
    assert names(LayerNorm(scale=False)) == ["0.beta"]
    assert names(LayerNorm(center=False)) == ["0.gamma"]
    assert names(RMSNorm()) == ["0.gamma"]
    assert names(RMSNorm(scale=False)) == []


def test_a_far_mean_does_not_spoil_the_variance() -> None:
    x = 1e4 + np.random.default_rng(0).standard_normal((8, 64))
    network = Network([LayerNorm()], InputSpec((64,)))
    network.initialize(np.random.default_rng(0))
    rounded = x.astype(np.float32).astype(np.float64)  # what a float32 network sees
    expected = (rounded - rounded.mean(axis=1, keepdims=True)) / rounded.std(axis=1, keepdims=True)
    np.testing.assert_allclose(network.predict(x), expected, atol=5e-3)


def test_more_axes_than_there_are() -> None:
    with pytest.raises(ShapeError, match=r"\(layer_norm\) expects 3 axes or more, got \(4, 5\)\. Choose fewer `axes`"):
        Network([LayerNorm(axes=3)], InputSpec((4, 5)))


@pytest.mark.parametrize("layer", [LayerNorm(), RMSNorm(), L2Normalize()])
def test_ids_are_refused(layer: Layer) -> None:
    with pytest.raises(ShapeError, match=rf"\({layer.tag()}\) expects numbers, got ids"):
        Network([layer], InputSpec((3,), kind="ids"))
