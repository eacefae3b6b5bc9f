from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.errors import ShapeError
from scratchnn.nn.contracts import RaggedMask
from scratchnn.nn.layer import InputSpec, Layer
from scratchnn.nn.layers.global_pooling import GlobalAvgPool1D, GlobalAvgPool2D, GlobalMaxPool1D, GlobalMaxPool2D
from scratchnn.nn.memory import Array, Memory, Pass
from scratchnn.nn.network import Batch, Network


@pytest.mark.parametrize("layer", [GlobalMaxPool2D(), GlobalAvgPool2D(), GlobalMaxPool1D(), GlobalAvgPool1D()])
def test_it_agrees_with_torch(layer: Layer, agree: Callable[..., None]) -> None:
    agree(layer.tag(), [layer])


class NoStep(RaggedMask):
    """Says that the first sample has one real step and the second none."""

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        super().forward(x, y, mem, run)
        run.mask = np.array([[True, False, False], [False, False, False]])


def run_on(layers: list[Layer], x: Array, dy: Array) -> tuple[Batch, Pass]:
    network = Network(layers, InputSpec(x.shape[1:]), dtype="float64")
    batch = network.workspace(len(x), input_gradient=True, poison=True).batch(len(x))
    batch.inputs[...] = x
    run = Pass()
    batch.forward(run)
    batch.output_gradient[...] = dy
    batch.backward(run)
    return batch, run


SEQUENCES = np.array([[[-5.0, 1.0], [2.0, 8.0], [4.0, 3.0]], [[7.0, 7.0], [1.0, 2.0], [3.0, 1.0]]])
DY = np.array([[1.0, 2.0], [4.0, 6.0]])


@pytest.mark.parametrize("layer", [GlobalMaxPool1D(), GlobalAvgPool1D()])
def test_padding_steps_do_not_count(layer: Layer) -> None:
    batch, run = run_on([NoStep(), layer], SEQUENCES, DY)
    assert batch.outputs.tolist() == [[-5, 1], [0, 0]]
    assert batch.input_gradient.tolist() == [[[1, 2], [0, 0], [0, 0]], [[0, 0]] * 3]
    assert run.mask is None


def test_the_mean_is_over_the_real_steps() -> None:
    batch, _ = run_on([RaggedMask(), GlobalAvgPool1D()], SEQUENCES, DY)
    np.testing.assert_allclose(batch.outputs, [[1 / 3, 4], [4, 4.5]], rtol=1e-15)
    np.testing.assert_allclose(batch.input_gradient[1], [[2, 3], [2, 3], [0, 0]], rtol=1e-15)


def test_equal_maxima_share_the_gradient() -> None:
    batch, _ = run_on([GlobalMaxPool2D()], np.array([[[[3.0], [1.0]], [[3.0], [2.0]]]]), np.array([[8.0]]))
    assert batch.outputs.tolist() == [[3]]
    assert batch.input_gradient[..., 0].tolist() == [[[4, 0], [4, 0]]]


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (GlobalMaxPool2D(), (4, 2), r"\(global_max_pool2d\) expects input of shape \(height, width, channels\)"),
        (
            GlobalAvgPool1D(),
            (4,),
            r"\(global_avg_pool1d\) expects input of shape \(steps, features\), got \(4,\)\. Add",
        ),
    ],
)
def test_inputs_that_do_not_fit(layer: Layer, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        Network([layer], InputSpec(shape))


def test_a_padding_step_that_equals_the_maximum_gets_nothing() -> None:
    x = np.array([[[3.0], [1.0], [3.0]], [[3.0], [1.0], [3.0]]])  # of the second sample the last step is padding
    batch, _ = run_on([RaggedMask(), GlobalMaxPool1D()], x, np.array([[8.0], [8.0]]))
    assert batch.input_gradient[..., 0].tolist() == [[4, 0, 4], [8, 0, 0]]
