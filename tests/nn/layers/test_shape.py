from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.errors import ConfigError, ShapeError
from scratchnn.nn.contracts import RaggedMask
from scratchnn.nn.layer import Column, InputSpec, Layer
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.shape import Flatten, Permute, Reshape
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


def test_reshape_and_permute_agree_with_torch(agree: Callable[..., None]) -> None:
    agree("reshape", [Reshape(shape=[4, -1])])
    agree("permute", [Permute(order=[2, 0, 1])])


def test_reshape_shares_the_storage_between_layers() -> None:
    network = Network([Reshape(shape=[3, 2]), Flatten(), Dense(units=2)], InputSpec((6,)))
    assert not {"y0", "y1"} & set(network.plan.saved)


def test_a_mask_of_steps_ends_where_the_steps_do() -> None:
    def mask_after(layer: Layer) -> object:
        network = Network([RaggedMask(), layer], InputSpec((3, 3)))
        run = Pass()
        network.workspace(2).batch(2).forward(run)
        return run.mask

    for layer in (Flatten(), Reshape(shape=[3, 3, 1]), Permute(order=[1, 0])):
        assert mask_after(layer) is None
    assert mask_after(Permute(order=[0, 1])) is not None


@pytest.mark.parametrize(
    ("layer", "inputs", "message"),
    [
        (
            Reshape(shape=[8, 8, 1]),
            InputSpec((63,)),
            r"\(reshape\) expects 64 numbers for the shape \[8, 8, 1\], got \(63,\)\. Choose a shape of 63 numbers",
        ),
        (Reshape(shape=[4, -1]), InputSpec((6,)), r"expects a multiple of 4 numbers for the shape \[4, -1\]"),
        (Reshape(shape=[2]), InputSpec((2,), columns=(Column("a"), Column("b", 3))), "but the column b is a code"),
        (Permute(order=[1, 0]), InputSpec((6,)), r"\(permute\) expects input with 2 axes, got \(6,\)\. Name 1 axes"),
    ],
)
def test_inputs_that_do_not_fit(layer: Layer, inputs: InputSpec, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        Network([layer], inputs)


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "reshape", "shape": []},
        {"type": "reshape", "shape": [-1, -1]},
        {"type": "reshape", "shape": [0]},
        {"type": "permute", "order": [1, 2]},
        {"type": "permute", "order": [0, 0]},
    ],
)
def test_wrong_settings(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"shape|order"):
        Layer.parse(fields)
