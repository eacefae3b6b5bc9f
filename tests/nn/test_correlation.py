from __future__ import annotations

import numpy as np
import pytest

from scratchnn.nn import correlation, windows
from scratchnn.nn.layer import InputSpec, Layer
from scratchnn.nn.layers import depthwise
from scratchnn.nn.layers.convolution import Conv1D, Conv2D, Conv2DTranspose
from scratchnn.nn.layers.depthwise import DepthwiseConv2D
from scratchnn.nn.memory import Array, Pass
from scratchnn.nn.network import Network

LAYERS: list[tuple[Layer, tuple[int, ...]]] = [
    (Conv2D(filters=3, kernel_size=3), (7, 6, 1)),
    (Conv2D(filters=3, kernel_size=3, padding="same"), (5, 6, 8)),
    (Conv2D(filters=3, kernel_size=3, stride=2, padding=2), (7, 6, 2)),
    (Conv2D(filters=4, kernel_size=[2, 3], stride=[2, 1], groups=2), (7, 6, 4)),
    (Conv2D(filters=4, kernel_size=1), (3, 4, 2)),
    (Conv1D(filters=3, kernel_size=3, padding="causal"), (9, 6)),
    (Conv2DTranspose(filters=2, kernel_size=3, stride=2, padding=1, output_padding=1), (4, 3, 2)),
    (DepthwiseConv2D(kernel_size=3, padding="same", depth_multiplier=2), (4, 5, 3)),
]


def results(layer: Layer, shape: tuple[int, ...], rows: int) -> list[Array]:
    """Outputs and every gradient, twice on the same arrays."""
    network = Network([layer], InputSpec(shape), dtype="float64")
    rng = np.random.default_rng(0)
    network.initialize(rng)
    workspace = network.workspace(7, input_gradient=True, poison=True)
    batch = workspace.batch(rows)
    found = []
    for _ in range(2):
        batch.inputs[...] = rng.standard_normal(batch.inputs.shape)
        found.append(batch.forward(Pass()).copy())
        batch.output_gradient[...] = rng.standard_normal(batch.outputs.shape)
        workspace.poison_scratch()
        network.arena.gradients.fill(np.nan)
        batch.backward(Pass())
        assert batch.input_gradient is not None
        found.append(batch.input_gradient.copy())
        found += [slot.view(network.arena.gradients).copy() for slot in network.arena.slots.values()]
    return found


@pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=lambda value: value.tag() if isinstance(value, Layer) else "")
@pytest.mark.parametrize(("block", "fewest"), [(1, 1), (300, 1), (1, 20), (1500, 1)])
def test_the_size_of_the_blocks_changes_nothing(
    layer: Layer, shape: tuple[int, ...], block: int, fewest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = results(layer, shape, 5)
    monkeypatch.setattr(windows, "BLOCK", block)
    monkeypatch.setattr(windows, "FEWEST_ROWS", fewest)
    monkeypatch.setattr(depthwise, "BLOCK", block)
    for ours, expected in zip(results(layer, shape, 5), whole, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-12)


def test_small_blocks_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "BLOCK", 1)
    monkeypatch.setattr(windows, "FEWEST_ROWS", 10)
    layer = Conv2D(filters=3, kernel_size=3, padding="same")
    found = layer.plan(InputSpec((6, 4, 8))).program.windows
    starts = [(part[0].start, *part[1:]) for part in found.parts(2)]
    assert starts == [(0, 0, 2), (0, 2, 2), (0, 4, 2), (1, 0, 2), (1, 2, 2), (1, 4, 2)]
    monkeypatch.setattr(windows, "FEWEST_ROWS", 50)
    found = layer.plan(InputSpec((6, 4, 8))).program.windows
    assert [(part[0].stop, *part[1:]) for part in found.parts(5)] == [(2, 0, 6), (4, 0, 6), (5, 0, 6)]


def test_room_does_not_grow_with_the_batch() -> None:
    plan = Conv2D(filters=64, kernel_size=3, padding="same").plan(InputSpec((32, 32, 32)))
    assert all(not buffer.per_sample for buffer in plan.scratch.values())
    assert sum(buffer.shape[-1] for buffer in plan.scratch.values()) < 4 * windows.BLOCK


def test_the_arithmetic_agrees_with_loops() -> None:
    """The formula of the module's docstring, number by number."""
    axes = windows.Axis.of(5, 2, 2, 2, 1), windows.Axis.of(4, 3, 1, 1, "same")
    program = correlation.Correlation(windows.Windows(*axes, 2, 2), 4)
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((2, 5, 4, 2)), rng.standard_normal((2, 3, 1, 4))
    expected = np.zeros((2, 3, 4, 4))
    for b, i, j, f, k, m in np.ndindex(2, 3, 4, 4, 2, 3):
        h, w, c = 2 * i + 2 * k - 1, j + m - 1, f // 2
        if 0 <= h < 5 and 0 <= w < 4:
            expected[b, i, j, f] += x[b, h, w, c] * weight[k, m, 0, f]
    layer = Conv2D(filters=4, kernel_size=[2, 3], stride=[2, 1], dilation=[2, 1], padding=[1, 1], groups=2, bias=False)
    assert layer.plan(InputSpec((5, 4, 2))).program == program
    network = Network([layer], InputSpec((5, 4, 2)), dtype="float64")
    network.arena.named_arrays()["0.weight"][...] = weight
    np.testing.assert_allclose(network.predict(x), expected, rtol=1e-12, atol=1e-12)
