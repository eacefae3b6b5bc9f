from __future__ import annotations

import numpy as np
import pytest

from scratchnn.nn.gradient_norms import GradientNorms
from scratchnn.nn.layer import InputSpec
from scratchnn.nn.layers.activation import ActivationLayer
from scratchnn.nn.layers.composite import Residual
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.network import Network


@pytest.fixture
def network():
    return Network(
        [Dense(units=2), ActivationLayer(function="relu"), Residual(layers=[Dense(units=2)])], InputSpec((2,))
    )


def gradient(network, name):
    return network.arena.slots[name].view(network.arena.gradients)


def test_the_norm_is_over_all_parameters_of_a_layer(network):
    gradient(network, "0.weight")[...] = [[1, 2], [2, 4]]  # 25
    gradient(network, "0.bias")[...] = [0, 12]  # 144
    name = next(name for name in network.arena.slots if name.startswith("2.") and name.endswith("bias"))
    gradient(network, name)[...] = [3, 4]
    found = GradientNorms(network.arena).measure()
    assert list(found.values()) == [13.0, 5.0]
    assert list(found) == ["0", name.removesuffix(".bias")]


def test_squares_that_overflow_and_numbers_that_are_none(network):
    norms = GradientNorms(network.arena)
    gradient(network, "0.weight")[...] = 1e30
    assert norms.measure()["0"] == pytest.approx(2e30, rel=1e-6)
    gradient(network, "0.weight")[0, 0] = np.nan
    assert np.isnan(norms.measure()["0"])


def test_only_what_is_wanted_is_measured(network):
    norms = GradientNorms(network.arena)
    norms.take()
    assert norms.found == {}
    norms.want(True)
    norms.take()
    assert set(norms.found.values()) == {0.0}
    norms.want(False)
    assert norms.found == {}
