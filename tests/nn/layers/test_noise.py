from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.errors import ConfigError, ShapeError
from scratchnn.nn.layer import InputSpec, Layer
from scratchnn.nn.layers.composite import Residual
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.noise import AlphaDropout, DropPath, GaussianNoise, SpatialDropout
from scratchnn.nn.memory import Pass
from scratchnn.nn.network import Batch, DType, Network

LAYERS: list[Layer] = [GaussianNoise(), SpatialDropout(), AlphaDropout(), DropPath()]


def run(layer: Layer, x: np.ndarray, *, training: bool = True, seed: int = 0, dtype: DType = "float64") -> Batch:
    network = Network([layer], InputSpec(x.shape[1:]), dtype=dtype)
    batch = network.workspace(len(x), input_gradient=True, poison=True).batch(len(x))
    batch.inputs[...] = x
    carried = Pass(training, np.random.default_rng(seed))
    batch.forward(carried)
    batch.output_gradient[...] = 3
    batch.backward(carried)
    return batch


def test_gaussian_noise_is_added() -> None:
    x = np.arange(12.0).reshape(3, 4)
    draws = np.random.default_rng(7).standard_normal((3, 4), np.float32)
    for dtype in ("float32", "float64"):
        batch = run(GaussianNoise(deviation=0.5), x, seed=7, dtype=dtype)
        np.testing.assert_allclose(batch.outputs, x + 0.5 * draws, rtol=1e-6)
        np.testing.assert_array_equal(batch.input_gradient, np.full((3, 4), 3.0))


def test_spatial_dropout_drops_whole_channels_of_a_sample() -> None:
    draws = np.random.default_rng(7).random((4, 1, 6), np.float32)
    kept = np.broadcast_to(draws >= 0.2, (4, 5, 6))
    assert 0 < kept.mean() < 1
    for dtype in ("float32", "float64"):
        batch = run(SpatialDropout(rate=0.2), np.full((4, 5, 6), 2.0), seed=7, dtype=dtype)
        np.testing.assert_allclose(batch.outputs, np.where(kept, 2.5, 0), rtol=1e-6)
        np.testing.assert_allclose(batch.input_gradient, np.where(kept, 3.75, 0), rtol=1e-6)


def test_drop_path_drops_whole_samples() -> None:
    draws = np.random.default_rng(7).random((8, 1, 1), np.float32)
    kept = np.broadcast_to(draws >= 0.6, (8, 2, 3))
    batch = run(DropPath(rate=0.6), np.full((8, 2, 3), 2.0), seed=7)
    np.testing.assert_allclose(batch.outputs, np.where(kept, 5, 0))
    np.testing.assert_allclose(batch.input_gradient, np.where(kept, 7.5, 0))


def test_drop_path_skips_the_layers_of_a_residual() -> None:
    layer = Residual(layers=[Dense(units=3), DropPath(rate=0.5)])
    network = Network([layer], InputSpec((3,)), dtype="float64")
    network.initialize(np.random.default_rng(0))
    batch = network.workspace(64).batch(64)
    batch.inputs[...] = x = np.random.default_rng(1).standard_normal((64, 3))
    outputs = batch.forward(Pass(training=True, rng=np.random.default_rng(2)))
    skipped = (outputs == x).all(axis=1)
    assert 16 < skipped.sum() < 48
    np.testing.assert_allclose(outputs[~skipped], (2 * network.predict(x) - x)[~skipped])


def test_alpha_dropout_keeps_mean_0_and_variance_1() -> None:
    x = np.random.default_rng(1).standard_normal((1000, 100))
    outputs = run(AlphaDropout(rate=0.3), x).outputs
    assert outputs.mean() == pytest.approx(0, abs=0.015)  # 5 deviations of 1e5 draws
    assert outputs.var() == pytest.approx(1, abs=0.02)


def test_alpha_dropout_as_torch_says_it() -> None:
    """PyTorch's documentation and source of `feature_alpha_dropout`: alpha' = -1.7580993, a and b from rate."""
    x = np.random.default_rng(1).standard_normal((5, 6))
    kept = np.random.default_rng(7).random((5, 6), np.float32) >= 0.4
    batch = run(AlphaDropout(rate=0.4), x, seed=7)
    a = ((1.7580993408473766**2 * 0.4 + 1) * 0.6) ** -0.5
    b = a * 1.7580993408473766 * 0.4
    np.testing.assert_allclose(batch.outputs, np.where(kept, a * x + b, -a * 1.7580993408473766 + b))
    np.testing.assert_allclose(batch.input_gradient, np.where(kept, 3 * a, 0))


@pytest.mark.parametrize("layer", LAYERS)
def test_nothing_happens_outside_of_training(layer: Layer) -> None:
    x = np.random.default_rng(0).standard_normal((3, 2, 4))
    batch = run(layer, x, training=False)
    np.testing.assert_array_equal(batch.outputs, x)
    np.testing.assert_array_equal(batch.input_gradient, np.full(x.shape, 3.0))


@pytest.mark.parametrize("layer", [GaussianNoise(deviation=0), SpatialDropout(rate=0), AlphaDropout(rate=0)])
def test_at_rate_0_nothing_is_drawn(layer: Layer) -> None:
    generator = np.random.default_rng(3)
    network = Network([layer], InputSpec((4,)))
    network.workspace(2).batch(2).forward(Pass(training=True, rng=generator))
    assert generator.random() == np.random.default_rng(3).random()


@pytest.mark.parametrize("layer", [SpatialDropout(rate=0.01), AlphaDropout(rate=0.005), DropPath(rate=0.005)])
def test_it_lets_a_network_fit_eight_samples(layer: Layer, overfit: Callable[..., float]) -> None:
    layers = [Dense(units=64), Layer.parse("tanh"), Residual(layers=[Dense(units=64), layer]), Dense(units=2)]
    assert overfit(layers, InputSpec((4,)), steps=1500) < 1e-3


@pytest.mark.parametrize("tag", ["spatial_dropout", "alpha_dropout", "drop_path"])
@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_the_rate_is_below_1(tag: str, rate: float) -> None:
    with pytest.raises(ConfigError, match="rate"):
        Layer.parse({"type": tag, "rate": rate})


@pytest.mark.parametrize("layer", LAYERS)
def test_ids_are_refused(layer: Layer) -> None:
    with pytest.raises(ShapeError, match=rf"\({layer.tag()}\) expects numbers, got ids"):
        Network([layer], InputSpec((3,), kind="ids"))
