from __future__ import annotations

import numpy as np
import pytest

from scratchnn.nn.layer import InputSpec
from scratchnn.nn.layers.attention import MultiHeadAttention
from scratchnn.nn.layers.composite import Residual
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.dropout import Dropout
from scratchnn.nn.layers.noise import AlphaDropout, DropPath, GaussianNoise, SpatialDropout
from scratchnn.nn.layers.normalization import BatchNorm
from scratchnn.nn.memory import Pass
from scratchnn.nn.monte_carlo import MonteCarlo, Spread, entropy, has_dropout
from scratchnn.nn.network import Network


def network_of(layers: list, shape: tuple[int, ...] = (4,), seed: int = 0) -> Network:
    network = Network(layers, InputSpec(shape), dtype="float64")
    network.initialize(np.random.default_rng(seed))
    return network


def passes(network: Network, inputs: np.ndarray, samples: int, seed: int = 0, first: int = 0) -> np.ndarray:
    """(samples, N, K)."""
    chunks = MonteCarlo(samples, seed).chunks(network, inputs, first)
    return np.concatenate([np.stack([out.copy() for out in made]) for _, made in chunks], axis=1)


def test_mean_and_deviation_are_those_of_the_masks() -> None:
    """y = sum w x m / (1 - p): its mean is w x, its variance the sum of (w x)^2 p / (1 - p)."""
    network = network_of([Dropout(rate=0.3), Dense(units=1)])
    inputs = np.array([[1.0, -2.0, 0.5, 3.0], [0.0, 0.0, 0.0, 0.0]])
    terms = inputs * network.arena.named_arrays()["1.weight"][:, 0]
    spread = Spread()
    for _, made in MonteCarlo(20_000, 1).chunks(network, inputs):
        for outputs in made:
            spread.add(outputs[:, 0])
    deviation = np.sqrt((terms**2).sum(axis=1) * 0.3 / 0.7)
    assert spread.count == 20_000
    np.testing.assert_allclose(spread.mean, terms.sum(axis=1), atol=5 * deviation.max() / np.sqrt(20_000))
    np.testing.assert_allclose(spread.deviation, deviation, rtol=0.03)
    assert spread.deviation[1] == 0


def test_a_chunk_has_the_same_passes_wherever_it_is_asked_for() -> None:
    network = network_of([Dense(units=6), Dropout(rate=0.5), Dense(units=2)])
    inputs = np.random.default_rng(3).standard_normal((600, 4))
    whole = passes(network, inputs, 5)
    np.testing.assert_array_equal(passes(network, inputs[256:], 5, first=256), whole[:, 256:])
    np.testing.assert_array_equal(passes(network, inputs, 3), whole[:3])
    assert not np.array_equal(whole[0], whole[1])
    repeated = np.concatenate([inputs[:256], inputs[:256]])
    made = passes(network, repeated, 2)
    assert not np.array_equal(made[:, :256], made[:, 256:])  # two chunks do not share their masks
    assert not np.array_equal(passes(network, inputs, 5, seed=1), whole)


def test_all_but_dropout_is_as_outside_of_training() -> None:
    """Batch normalization takes its running statistics and leaves them; noise adds nothing."""
    network = network_of([Dense(units=3), BatchNorm(), GaussianNoise(deviation=1.0), Dropout(rate=0.0)])
    network.arena.named_arrays()["1.running_mean"][...] = [1.0, -1.0, 0.5]
    before = network.arena.state.copy()
    inputs = np.random.default_rng(3).standard_normal((5, 4))
    np.testing.assert_array_equal(passes(network, inputs, 2), np.stack([network.predict(inputs)] * 2))
    np.testing.assert_array_equal(network.arena.state, before)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Dropout(), (4,)),
        (SpatialDropout(), (5, 4)),
        (DropPath(), (4,)),
        (AlphaDropout(), (4,)),
        (MultiHeadAttention(heads=1, dropout=0.5), (5, 4)),
        (Residual(layers=[Dense(units=4), Dropout()]), (4,)),
    ],
    ids=lambda value: value.tag() if isinstance(value, Dropout) else None,
)
def test_each_kind_of_dropout_stays_on(layer: object, shape: tuple[int, ...]) -> None:
    network = network_of([layer], shape)
    inputs = np.random.default_rng(3).standard_normal((16, *shape))
    made = passes(network, inputs, 2)
    assert not np.allclose(made[0], made[1])
    assert has_dropout(network)


def test_a_network_without_dropout_is_known() -> None:
    assert not has_dropout(network_of([Dense(units=3), GaussianNoise(deviation=1.0), BatchNorm()]))
    assert not has_dropout(network_of([Dropout(rate=0.0), Dense(units=2)]))
    assert not has_dropout(network_of([MultiHeadAttention(heads=1)], (5, 4)))


def test_a_pass_drops_while_training_and_while_sampling() -> None:
    assert [Pass(training).drops for training in (False, True)] == [False, True]
    assert Pass(sampling=True).drops
    assert not Pass(sampling=True).training


def test_equal_arrays_have_no_deviation() -> None:
    spread = Spread()
    for _ in range(7):
        spread.add(np.array([0.1, 1e9 + 0.1]))
    np.testing.assert_array_equal(spread.deviation, 0)
    spread = Spread()
    rows = np.random.default_rng(0).standard_normal((9, 4)) + 1e6
    for row in rows:
        spread.add(row)
    np.testing.assert_allclose(spread.mean, rows.mean(axis=0), rtol=1e-15)
    np.testing.assert_allclose(spread.deviation, rows.std(axis=0), rtol=1e-9)


def test_entropy_in_nats() -> None:
    made = entropy(np.array([[1.0, 0.0], [0.5, 0.5], [0.9, 0.1]], np.float32))
    np.testing.assert_allclose(made, [0.0, np.log(2), 0.325082973], rtol=1e-6, atol=1e-12)
