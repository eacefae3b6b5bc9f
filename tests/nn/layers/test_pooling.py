from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.errors import ConfigError, ShapeError
from scratchnn.nn.layer import InputSpec, Layer
from scratchnn.nn.layers import pooling
from scratchnn.nn.layers.pooling import AvgPool1D, AvgPool2D, MaxPool1D, MaxPool2D
from scratchnn.nn.memory import Array, Pass
from scratchnn.nn.network import Batch, Network

CASES: list[tuple[str, Layer]] = [
    ("max_pool2d", MaxPool2D()),
    ("max_pool2d_odd", MaxPool2D(pool_size=[2, 2])),
    ("max_pool2d_far", MaxPool2D(pool_size=[2, 1], stride=3)),
    ("max_pool2d_near", MaxPool2D(pool_size=3, stride=[1, 2])),
    ("max_pool2d_same", MaxPool2D(pool_size=3, stride=1, padding="same")),
    ("max_pool2d_same_far", MaxPool2D(pool_size=[2, 3], stride=2, padding="same")),
    ("avg_pool2d", AvgPool2D()),
    ("avg_pool2d_near", AvgPool2D(pool_size=[3, 2], stride=[2, 1])),
    ("avg_pool2d_same", AvgPool2D(pool_size=3, stride=1, padding="same")),
    ("avg_pool2d_same_far", AvgPool2D(pool_size=3, stride=2, padding="same")),
    ("avg_pool2d_same_after", AvgPool2D(padding="same")),
    ("max_pool1d", MaxPool1D()),
    ("max_pool1d_near", MaxPool1D(pool_size=3, stride=2)),
    ("max_pool1d_same", MaxPool1D(pool_size=3, stride=1, padding="same")),
    ("avg_pool1d", AvgPool1D(pool_size=3)),
    ("avg_pool1d_near", AvgPool1D(pool_size=3, stride=2)),
    ("avg_pool1d_same", AvgPool1D(pool_size=3, stride=1, padding="same")),
]


@pytest.mark.parametrize(("case", "layer"), CASES)
@pytest.mark.parametrize("block", [2**17, 1])
def test_it_agrees_with_torch(
    case: str, layer: Layer, block: int, agree: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pooling, "BLOCK", block)  # with 1 each sample is a block
    agree(case, [layer])


def run_on(layer: Layer, x: list[object], dy: list[object], run: Pass | None = None) -> Batch:
    """One pass over one sample, forward and backward."""
    inputs, gradient = np.array([x], np.float64), np.array([dy], np.float64)
    network = Network([layer], InputSpec(inputs.shape[1:]), dtype="float64")
    batch = network.workspace(1, input_gradient=True, poison=True).batch(1)
    batch.inputs[...] = inputs
    batch.forward(run or Pass())
    batch.output_gradient[...] = gradient
    batch.backward(run or Pass())
    return batch


@pytest.mark.parametrize("fields", [{}, {"padding": "same"}, {"pool_size": 2, "stride": 2}])
def test_of_equal_numbers_one_gets_the_gradient(fields: dict[str, object]) -> None:
    layer = Layer.parse({"type": "max_pool2d", **fields})
    batch = run_on(layer, [[[1], [2]], [[2], [2]]], [[[3]]])
    assert batch.outputs.tolist() == [[[[2]]]]
    assert batch.input_gradient[..., 0].tolist() == [[[0, 0], [3, 0]]]  # the leftmost column, there the topmost row


def test_windows_that_overlap_add_up() -> None:
    batch = run_on(MaxPool1D(pool_size=2, stride=1), [[5], [5], [7], [1]], [[1], [2], [4]])
    assert batch.outputs[..., 0].tolist() == [[5, 7, 7]]
    assert batch.input_gradient[..., 0].tolist() == [[1, 0, 6, 0]]


def test_a_nan_shows() -> None:
    outputs = run_on(MaxPool2D(), [[[1], [np.nan]], [[3], [4]]], [[[1]]]).outputs
    assert np.isnan(outputs).all()


def test_padding_does_not_count() -> None:
    batch = run_on(AvgPool1D(pool_size=3, stride=2, padding="same"), [[3], [5], [-8]], [[2], [4]])
    assert batch.outputs[..., 0].tolist() == [[4, -1.5]]
    assert batch.input_gradient[..., 0].tolist() == [[1, 3, 2]]
    batch = run_on(MaxPool1D(pool_size=3, stride=2, padding="same"), [[-3], [-5], [-8]], [[2], [4]])
    assert batch.outputs[..., 0].tolist() == [[-3, -5]]


@pytest.mark.parametrize("layer", [MaxPool1D(pool_size=2), AvgPool1D(pool_size=2)])
def test_a_step_is_real_where_its_whole_window_is(layer: Layer) -> None:
    network = Network([layer], InputSpec((6, 1)), dtype="float64")
    mem_batch = network.workspace(3).batch(3)
    mem_batch.inputs[...] = 1.0
    mem_batch.forward(Pass())
    step = mem_batch._steps._memories[0]
    run = Pass(mask=np.arange(6) < np.array([[6], [3], [0]]))
    y: Array = np.empty((3, 3, 1))
    layer.forward(mem_batch.inputs, y, step, run)
    assert run.mask is not None
    assert run.mask.tolist() == [[True] * 3, [True, False, False], [False] * 3]


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (MaxPool2D(), (64,), r"\(max_pool2d\) expects input of shape \(height, width, channels\), got \(64,\)\. Add"),
        (AvgPool1D(), (4, 4, 1), r"\(avg_pool1d\) expects input of shape \(steps, features\), got \(4, 4, 1\)"),
        (MaxPool2D(pool_size=[2, 3]), (4, 2, 1), r"expects input of at least 2 x 3, its window, .*padding: same"),
        (MaxPool1D(pool_size=5), (4, 2), r"expects input of at least 5, its window, got \(4, 2\)"),
    ],
)
def test_inputs_that_do_not_fit(layer: Layer, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        Network([layer], InputSpec(shape))


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "max_pool2d", "pool_size": 0},
        {"type": "avg_pool1d", "pool_size": [2, 2]},
        {"type": "max_pool2d", "padding": 1},
    ],
)
def test_wrong_settings(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"pool_size|padding"):
        Layer.parse(fields)
