from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scratchnn.nn.layer import InputSpec
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.shape import Flatten
from scratchnn.nn.memory import Pass
from scratchnn.nn.network import Network


def test_it_agrees_with_torch(agree: Callable[..., None]) -> None:
    agree("flatten", [Flatten()])


def test_between_layers_it_shares_the_storage() -> None:
    network = Network([Flatten(), Dense(units=2)], InputSpec((2, 3)))
    assert "y0" not in network.plan.saved
    network.initialize(np.random.default_rng(0))
    x = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    batch = network.workspace(2).batch(2)
    batch.inputs[...] = x
    weight = network.arena.named_arrays()["1.weight"]
    np.testing.assert_allclose(batch.forward(Pass()), x.reshape(2, 6) @ weight, rtol=1e-5)
    np.testing.assert_array_equal(batch.inputs, x)


def test_a_lone_flatten_copies() -> None:
    network = Network([Flatten()], InputSpec((2, 2)))
    np.testing.assert_array_equal(network.predict(np.array([[[1, 2], [3, 4]]])), [[1, 2, 3, 4]])


def test_the_columns_of_a_table_no_longer_apply() -> None:
    plan = Flatten().plan(InputSpec((2, 3), kind="ids"))
    assert plan.output == InputSpec((6,), kind="ids")
