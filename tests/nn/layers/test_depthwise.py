from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.errors import ShapeError
from scratchnn.nn.initializers import Constant, HeNormal
from scratchnn.nn.layer import InputSpec, Layer
from scratchnn.nn.layers.convolution import Conv2D
from scratchnn.nn.layers.depthwise import DepthwiseConv2D, SeparableConv2D
from scratchnn.nn.memory import Array, Pass
from scratchnn.nn.network import Network


@pytest.mark.parametrize(
    ("case", "layer"),
    [
        ("depthwise", DepthwiseConv2D(kernel_size=3, padding=1)),
        ("depthwise_multiplied", DepthwiseConv2D(kernel_size=[2, 3], stride=[1, 2], dilation=2, depth_multiplier=3)),
        ("separable", SeparableConv2D(filters=3, kernel_size=3, depth_multiplier=2)),
    ],
)
def test_it_agrees_with_torch(case: str, layer: Layer, agree: Callable[..., None]) -> None:
    agree(case, [layer])


def outputs_and_gradients(layer: Layer, weight: Array) -> list[Array]:
    network = Network([layer], InputSpec((8, 9, 3)), dtype="float64")
    network.initialize(np.random.default_rng(0))
    kernel = network.arena.named_arrays()["0.weight"]
    kernel[...] = weight.reshape(kernel.shape)
    batch = network.workspace(2, input_gradient=True).batch(2)
    batch.inputs[...] = np.random.default_rng(1).standard_normal(batch.inputs.shape)
    outputs = batch.forward(Pass()).copy()
    batch.output_gradient[...] = np.random.default_rng(2).standard_normal(outputs.shape)
    batch.backward(Pass())
    assert batch.input_gradient is not None
    return [outputs, batch.input_gradient, network.arena.slots["0.weight"].view(network.arena.gradients).reshape(-1)]


@pytest.mark.parametrize("uneven", ["kernel_size", "stride", "dilation", "padding"])
@pytest.mark.parametrize("places", [[1, 2], [2, 1]])
def test_it_is_a_convolution_with_a_group_for_each_channel(uneven: str, places: list[int]) -> None:
    settings = {"kernel_size": 2, "stride": 1, "dilation": 1, "padding": 0, uneven: places}
    weight = np.random.default_rng(3).standard_normal((*np.broadcast_to(settings["kernel_size"], 2), 3, 2))
    depthwise = outputs_and_gradients(DepthwiseConv2D(depth_multiplier=2, **settings), weight)
    grouped = outputs_and_gradients(Conv2D(filters=6, groups=3, **settings), weight)
    for ours, expected in zip(depthwise, grouped, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (DepthwiseConv2D(kernel_size=3), (9, 2), r"layers\[0\]: \(depthwise_conv2d\) expects input of shape \(height"),
        (DepthwiseConv2D(kernel_size=3), (2, 9, 1), r"expects input of at least 3 x 3 .* got \(2, 9, 1\)"),
        (
            SeparableConv2D(filters=1, kernel_size=3),
            (2, 9, 1),
            r"layers\[0\]\.parts\[0\]: \(depthwise_conv2d\) expects",
        ),
    ],
)
def test_inputs_that_do_not_fit(layer: Layer, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        Network([layer], InputSpec(shape))


def test_settings_reach_both_kernels() -> None:
    layer = SeparableConv2D(filters=3, kernel_size=2, init=HeNormal(), bias_init=Constant(value=2.0), l1=0.5, l2=0.25)
    network = Network([layer], InputSpec((4, 4, 2)))
    network.initialize(np.random.default_rng(0))
    assert network.arena.named_arrays()["0.1.bias"].tolist() == [2, 2, 2]
    params = [child.params for child in layer.plan(InputSpec((4, 4, 2))).children.values()]
    assert [(row["weight"].init, row["weight"].l1, row["weight"].l2) for row in params] == [(HeNormal(), 0.5, 0.25)] * 2
    assert "0.1.bias" not in Network([layer.model_copy(update={"bias": False})], InputSpec((4, 4, 2))).arena.slots


def test_fans_and_flops() -> None:
    plan = DepthwiseConv2D(kernel_size=[3, 2], depth_multiplier=4).plan(InputSpec((5, 4, 2)))
    assert plan.params["weight"].fans == (6, 24)
    assert plan.flops == 2 * 9 * 6 * 8
