from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.errors import ConfigError, ShapeError
from scratchnn.nn.activations import ReLU
from scratchnn.nn.contracts import RaggedMask
from scratchnn.nn.layer import InputSpec, Layer
from scratchnn.nn.layers.convolution import Conv1D, Conv2D, Conv2DTranspose
from scratchnn.nn.memory import Array, Pass
from scratchnn.nn.network import Network


@pytest.mark.parametrize(
    ("case", "layer"),
    [
        ("conv2d_point", Conv2D(filters=1, kernel_size=1)),
        ("conv2d_first", Conv2D(filters=4, kernel_size=3)),
        ("conv2d_relu", Conv2D(filters=3, kernel_size=[3, 3], activation=ReLU())),
        ("conv2d_no_bias", Conv2D(filters=2, kernel_size=[2, 3], bias=False)),
        ("conv2d_far", Conv2D(filters=3, kernel_size=2, stride=3)),
        ("conv2d_dilated", Conv2D(filters=3, kernel_size=3, stride=[2, 1], dilation=[1, 2])),
        ("conv2d_padded", Conv2D(filters=2, kernel_size=[3, 2], stride=[1, 2], padding=[2, 3])),
        ("conv2d_point_padded", Conv2D(filters=3, kernel_size=1, padding=2)),
        ("conv2d_same", Conv2D(filters=3, kernel_size=[4, 3], dilation=[1, 2], padding="same")),
        ("conv2d_same_far", Conv2D(filters=3, kernel_size=5, stride=2, padding="same")),
        ("conv2d_groups", Conv2D(filters=4, kernel_size=3, padding=1, groups=2)),
        ("conv2d_groups_far", Conv2D(filters=6, kernel_size=[2, 3], stride=2, padding=1, groups=2)),
        ("conv1d", Conv1D(filters=4, kernel_size=3)),
        ("conv1d_far", Conv1D(filters=6, kernel_size=2, stride=3, padding=1, groups=2)),
        ("conv1d_same", Conv1D(filters=3, kernel_size=4, padding="same")),
        ("conv1d_causal", Conv1D(filters=3, kernel_size=3, dilation=2, padding="causal")),
        ("transpose", Conv2DTranspose(filters=3, kernel_size=3)),
        ("transpose_far", Conv2DTranspose(filters=3, kernel_size=[2, 3], stride=[3, 4], output_padding=[2, 1])),
        (
            "transpose_padded",
            Conv2DTranspose(filters=2, kernel_size=3, stride=2, padding=1, output_padding=1, groups=2),
        ),
        ("transpose_dilated", Conv2DTranspose(filters=3, kernel_size=3, dilation=2, padding=[1, 2], bias=False)),
        ("transpose_same", Conv2DTranspose(filters=3, kernel_size=4, stride=2, padding="same")),
    ],
)
def test_it_agrees_with_torch(case: str, layer: Layer, agree: Callable[..., None]) -> None:
    agree(case, [layer])


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (Conv2D(filters=2, kernel_size=3), (64,), r"\(conv2d\) expects input of shape \(height, width, channels\)"),
        (Conv2D(filters=2, kernel_size=3), (64,), r'got \(64,\)\. Add a "reshape" layer before it'),
        (Conv1D(filters=2, kernel_size=3), (4, 4, 1), r"\(conv1d\) expects input of shape \(steps, features\)"),
        (
            Conv2D(filters=2, kernel_size=[3, 2], dilation=2),
            (4, 9, 1),
            r"expects input of at least 5 x 3 .* got \(4, 9, 1\)\. Use a smaller kernel or dilation, or padding: same",
        ),
        (Conv1D(filters=2, kernel_size=5), (4, 1), r"expects input of at least 5 with its padding"),
        (
            Conv2D(filters=2, kernel_size=1, groups=2),
            (4, 4, 3),
            r"expects channels in 2 equal groups, got \(4, 4, 3\)\. Choose groups that divide 3",
        ),
        (Conv1D(filters=3, kernel_size=1, groups=3), (4, 4), r"expects features in 3 equal groups, got \(4, 4\)"),
        (
            Conv2DTranspose(filters=2, kernel_size=2, padding=[1, 0]),
            (1, 4, 3),
            r"expects input that is larger than what padding cuts off, got \(1, 4, 3\)\. Use less padding",
        ),
        (Conv2DTranspose(filters=4, kernel_size=2, groups=4), (4, 4, 6), r"expects channels in 4 equal groups"),
    ],
)
def test_inputs_that_do_not_fit(layer: Layer, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        Network([layer], InputSpec(shape))


@pytest.mark.parametrize("layer", [Conv2D(filters=1, kernel_size=1), Conv2DTranspose(filters=1, kernel_size=1)])
def test_ids_are_refused(layer: Layer) -> None:
    with pytest.raises(ShapeError, match="expects numbers, got ids"):
        Network([layer], InputSpec((3, 3, 1), kind="ids"))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"type": "conv2d", "filters": 2}, "kernel_size"),
        ({"type": "conv2d", "filters": 2, "kernel_size": [3]}, "kernel_size"),
        ({"type": "conv2d", "filters": 2, "kernel_size": [3, 0]}, "kernel_size"),
        ({"type": "conv2d", "filters": 2, "kernel_size": 3, "padding": "causal"}, "padding"),
        ({"type": "conv2d", "filters": 2, "kernel_size": 3, "padding": -1}, "padding"),
        ({"type": "conv2d", "filters": 3, "kernel_size": 3, "groups": 2}, "multiple of groups, got 3 and 2"),
        ({"type": "conv1d", "filters": 3, "kernel_size": 3, "groups": 2}, "multiple of groups, got 3 and 2"),
        ({"type": "conv1d", "filters": 2, "kernel_size": [3, 1]}, "kernel_size"),
        ({"type": "conv2d_transpose", "filters": 3, "kernel_size": 3, "groups": 2}, "multiple of groups"),
        ({"type": "conv2d_transpose", "filters": 1, "kernel_size": 3, "output_padding": 1}, "below stride, got 1 and"),
        (
            {
                "type": "conv2d_transpose",
                "filters": 1,
                "kernel_size": 3,
                "stride": 2,
                "padding": "same",
                "output_padding": 1,
            },
            "leave out output_padding",
        ),
    ],
)
def test_wrong_settings(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Layer.parse(fields)


def test_initializers_see_the_numbers_that_meet_in_one_output() -> None:
    def fans(layer: Layer, *shape: int) -> tuple[int, int]:
        return layer.plan(InputSpec(shape)).params["weight"].fans

    assert fans(Conv2D(filters=8, kernel_size=[3, 2], groups=2), 5, 5, 4) == (12, 48)
    assert fans(Conv1D(filters=8, kernel_size=3), 5, 4) == (12, 24)
    assert fans(Conv2DTranspose(filters=8, kernel_size=3), 5, 5, 4) == (36, 72)


def test_flops_count_the_products() -> None:
    assert Conv2D(filters=5, kernel_size=3, padding="same").plan(InputSpec((4, 6, 2))).flops == 2 * 24 * 18 * 5


def run_masked(layer: Layer, x: Array) -> tuple[Array, Array]:
    """Outputs and their mask, where sample i has T - i % T real steps."""
    network = Network([RaggedMask(), layer], InputSpec(x.shape[1:]), dtype="float64")
    network.initialize(np.random.default_rng(0))
    batch = network.workspace(len(x)).batch(len(x))
    batch.inputs[...] = x
    run = Pass()
    outputs = batch.forward(run)
    assert run.mask is not None
    return outputs, run.mask


@pytest.mark.parametrize(
    "layer",
    [
        Conv1D(filters=2, kernel_size=3),
        Conv1D(filters=2, kernel_size=3, padding="same", dilation=2),
        Conv1D(filters=2, kernel_size=2, padding="causal", stride=2),
        Conv1D(filters=2, kernel_size=3, padding=2, stride=2),
        Conv1D(filters=2, kernel_size=2, padding=3),
    ],
)
def test_a_padded_sequence_gives_what_it_gives_alone(layer: Conv1D) -> None:
    x = np.random.default_rng(1).standard_normal((4, 7, 3))  # 7, 6, 5, 4 real steps
    outputs, mask = run_masked(layer, x)
    for index, real in enumerate((7, 6, 5, 4)):
        network = Network([layer], InputSpec((real, 3)), dtype="float64")
        network.initialize(np.random.default_rng(0))
        alone = network.predict(x[index : index + 1, :real])[0]
        assert mask[index].sum() == len(alone)
        np.testing.assert_allclose(outputs[index, : len(alone)], alone, rtol=1e-12, atol=1e-12)
        assert mask[index, : len(alone)].all()


def test_same_keeps_the_share_of_real_steps_with_a_stride() -> None:
    _, mask = run_masked(Conv1D(filters=1, kernel_size=3, padding="same", stride=2), np.ones((6, 6, 1)))
    assert mask.sum(axis=1).tolist() == [3, 3, 2, 2, 1, 1]


def test_a_mask_is_forgotten_by_the_next_pass_without_one() -> None:
    layer = Conv1D(filters=2, kernel_size=2)
    network = Network([layer], InputSpec((4, 3)), dtype="float64")
    network.initialize(np.random.default_rng(0))
    batch = network.workspace(2).batch(2)
    batch.inputs[...] = np.random.default_rng(1).standard_normal((2, 4, 3))
    plain = batch.forward(Pass()).copy()
    mem = batch._steps._memories[0]
    masked = np.empty_like(plain)
    layer.forward(batch.inputs, masked, mem, Pass(mask=np.array([[True] * 4, [True, True, False, False]])))
    np.testing.assert_array_equal(masked[0], plain[0])
    assert not np.allclose(masked[1], plain[1])
    np.testing.assert_array_equal(batch.forward(Pass()), plain)


def test_the_gradient_of_a_masked_step_is_zero() -> None:
    network = Network([Conv1D(filters=1, kernel_size=3, padding="same")], InputSpec((4, 1)), dtype="float64")
    network.initialize(np.random.default_rng(0))
    batch = network.workspace(1, input_gradient=True, poison=True).batch(1)
    batch.inputs[...] = 1.0
    mem, run = batch._steps._memories[0], Pass(mask=np.array([[True, True, False, False]]))
    network.layers[0].forward(batch.inputs, batch.outputs, mem, run)
    dy = np.ones((1, 4, 1))
    network.layers[0].backward(batch.inputs, batch.outputs, dy, batch.input_gradient, mem, run)
    assert batch.input_gradient[0, 2:].tolist() == [[0], [0]]
    assert (batch.input_gradient[0, :2] != 0).all()


def test_the_gradient_of_the_bias_is_the_sum_over_every_place() -> None:
    network = Network([Conv2D(filters=2, kernel_size=1)], InputSpec((70, 60, 1)), dtype="float64")
    network.initialize(np.random.default_rng(0))
    batch = network.workspace(3).batch(3)
    batch.inputs[...] = 1.0
    batch.forward(Pass())
    batch.output_gradient[...] = [1.0, 2.0]
    batch.backward(Pass())
    bias = network.arena.slots["0.bias"].view(network.arena.gradients)
    assert bias.tolist() == [3 * 70 * 60, 2 * 3 * 70 * 60]
