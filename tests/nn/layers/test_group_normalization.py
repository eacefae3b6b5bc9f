from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.errors import ShapeError
from scratchnn.nn.layer import InputSpec, Layer
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.group_normalization import GroupNorm, InstanceNorm
from scratchnn.nn.layers.row_normalization import L2Normalize, LayerNorm, RMSNorm
from scratchnn.nn.network import Network


@pytest.mark.parametrize(
    ("case", "layer"),
    [
        ("group_norm", GroupNorm(groups=2)),
        ("group_norm_image", GroupNorm(groups=3)),
        ("group_norm_one", GroupNorm(groups=1, epsilon=0.1)),
        ("group_norm_plain", GroupNorm(groups=2, scale=False, center=False)),
        ("instance_norm", InstanceNorm()),
        ("instance_norm_affine", InstanceNorm(scale=True, center=True)),
    ],
)
@pytest.mark.parametrize("training", [True, False])
def test_it_agrees_with_torch(case: str, layer: Layer, training: bool, agree: Callable[..., None]) -> None:
    agree(case, [layer], training=training)


def test_groups_worked_out_by_hand() -> None:
    x = np.array([[[1.0, 5.0, 0.0, 0.0], [3.0, 3.0, 0.0, 2.0]]])  # means 3 and 0.5, variances 2 and 0.75
    network = Network([GroupNorm(groups=2, epsilon=0.25)], InputSpec((2, 4)), dtype="float64")
    network.initialize(np.random.default_rng(0))
    a = 2 / 1.5
    np.testing.assert_allclose(network.predict(x), [[[-a, a, -0.5, -0.5], [0, 0, -0.5, 1.5]]])


@pytest.mark.parametrize(
    "norm", [GroupNorm(groups=4), InstanceNorm(scale=True), LayerNorm(), RMSNorm(), L2Normalize(epsilon=1e-3)]
)
def test_it_overfits_eight_samples(norm: Layer, overfit: Callable[..., float]) -> None:
    layers = [Dense(units=16), norm, Layer.parse("tanh"), Layer.parse("flatten"), Dense(units=2)]
    assert overfit(layers, InputSpec((3, 4))) < 1e-3


def test_gamma_and_beta_are_optional_and_never_decayed() -> None:
    def names(layer: Layer) -> list[str]:
        network = Network([layer], InputSpec((2, 4)))
        assert network.arena.decayed == 0
        return list(network.arena.slots)

    assert names(GroupNorm(groups=2)) == ["0.gamma", "0.beta"]
    assert names(GroupNorm(groups=2, scale=False)) == ["0.beta"]
    assert names(InstanceNorm()) == []
    assert names(InstanceNorm(scale=True)) == ["0.gamma"]


@pytest.mark.parametrize(
    ("layer", "inputs", "message"),
    [
        (
            GroupNorm(groups=3),
            InputSpec((2, 4)),
            r"\(group_norm\) expects a multiple of 3 channels, got \(2, 4\)\. Choose `groups` that divide 4",
        ),
        (GroupNorm(groups=1), InputSpec((3,), "ids"), r"\(group_norm\) expects numbers, got ids"),
        (InstanceNorm(), InputSpec((4,)), r"\(instance_norm\) has one number .* got \(4,\): all would be 0\. Use"),
    ],
)
def test_inputs_that_do_not_fit(layer: Layer, inputs: InputSpec, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        Network([layer], inputs)
