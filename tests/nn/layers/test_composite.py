from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal

import numpy as np
import pytest

from scratchnn.errors import ConfigError, ShapeError
from scratchnn.nn.activations import SiLU, Tanh
from scratchnn.nn.contracts import Copy, RaggedMask
from scratchnn.nn.initializers import Ones
from scratchnn.nn.layer import InputSpec, Layer
from scratchnn.nn.layers.activation import ActivationLayer
from scratchnn.nn.layers.composite import Parallel, Repeat, Residual, Sequential
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.dropout import Dropout
from scratchnn.nn.layers.normalization import BatchNorm
from scratchnn.nn.layers.row_normalization import LayerNorm
from scratchnn.nn.layers.shape import Flatten
from scratchnn.nn.memory import Array, Memory, Pass
from scratchnn.nn.network import Network

RELU = Layer.parse("relu")
BRANCHES = [[Dense(units=3, activation=Tanh())], [], [Dense(units=5), RELU, Dense(units=3)]]
MERGES: list[Literal["add", "concat", "multiply", "average", "max"]] = ["add", "concat", "multiply", "average", "max"]


@pytest.mark.parametrize(
    ("case", "layer"),
    [
        ("repeat", Repeat(times=3, layers=[Dense(units=3, activation=Tanh())])),
        ("residual", Residual(layers=[Dense(units=3, activation=Tanh())])),
        ("residual_projection", Residual(layers=[Dense(units=4), BatchNorm(), RELU])),
        ("residual_shortcut", Residual(layers=[Dense(units=2)], shortcut=[Dense(units=2, activation=SiLU())])),
        *((f"parallel_{merge}", Parallel(branches=BRANCHES, merge=merge)) for merge in MERGES),
    ],
)
def test_it_agrees_with_torch(case: str, layer: Layer, agree: Callable[..., None]) -> None:
    agree(case, [layer])
    agree(case, [Sequential(layers=[layer])])


@pytest.mark.parametrize(
    "layer",
    [
        Repeat(times=2, layers=[Dense(units=16, activation=Tanh())]),
        Residual(layers=[LayerNorm(), Dense(units=16, activation=Tanh())]),
        *(Parallel(branches=[[Dense(units=8)], [Dense(units=8), RELU]], merge=merge) for merge in MERGES),
    ],
)
def test_it_overfits_eight_samples(layer: Layer, overfit: Callable[..., float]) -> None:
    assert overfit([Dense(units=16, activation=Tanh()), layer, Dense(units=2)], InputSpec((4,))) < 1e-3


def test_every_copy_has_parameters_of_its_own() -> None:
    network = Network([RELU, Repeat(times=2, layers=[RELU, Dense(units=3)])], InputSpec((4,)))
    network.initialize(np.random.default_rng(0))
    arrays = network.arena.named_arrays()
    shapes = {name: array.shape for name, array in arrays.items()}
    assert shapes == {"1.0.1.weight": (4, 3), "1.0.1.bias": (3,), "1.1.1.weight": (3, 3), "1.1.1.bias": (3,)}
    assert not np.array_equal(arrays["1.0.1.weight"][:3], arrays["1.1.1.weight"])


def test_auto_reaches_the_last_layer() -> None:
    auto = Dense(units="auto")
    for layer in (Sequential(layers=[RELU, auto]), Repeat(times=2, layers=[auto]), Residual(layers=[RELU, auto])):
        assert layer.with_outputs(3).layers[-1] == Dense(units=3)
        assert layer.with_outputs(3).layers[:-1] == layer.layers[:-1]


def test_the_first_of_equal_branches_takes_the_gradient_of_the_maximum() -> None:
    branch = [Dense(units=2, init=Ones(), bias=False)]
    network = Network([Parallel(branches=[branch, branch], merge="max")], InputSpec((3,)))
    network.initialize(np.random.default_rng(0))
    batch = network.workspace(1).batch(1)
    batch.inputs[...] = [1, 2, 3]
    batch.forward(Pass())
    batch.output_gradient[...] = 1
    batch.backward(Pass())
    first, second = (slot.view(network.arena.gradients) for slot in network.arena.slots.values())
    assert (first.tolist(), second.tolist()) == ([[1, 1], [2, 2], [3, 3]], [[0, 0], [0, 0], [0, 0]])


class Seen(Copy):
    """Notes the mask that it sees, and leaves another one."""

    seen: ClassVar[list[Array | None]] = []

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        super().forward(x, y, mem, run)
        self.seen.append(run.mask)
        run.mask = None if run.mask is None else ~run.mask


@pytest.mark.parametrize(
    ("layer", "looks"),
    [
        (Parallel(branches=[[Seen(), Seen()], [Seen()], [Seen()]]), [1, 0, 1, 1, 1]),
        (Parallel(branches=[[Seen()], [Seen(), Seen()]]), [1, 1, 0, 0]),
        (Residual(layers=[Seen()], shortcut=[Seen(), Seen()]), [1, 1, 0, 0]),
        (Residual(layers=[Seen()]), [1, 0]),
    ],
)
def test_every_branch_starts_from_the_same_mask_and_the_first_one_decides(layer: Layer, looks: list[int]) -> None:
    network = Network([RaggedMask(), layer, Seen()], InputSpec((3, 2)))
    network.initialize(np.random.default_rng(0))
    Seen.seen.clear()
    network.workspace(2).batch(2).forward(Pass())
    real = np.array([[True, True, True], [True, True, False]])
    for mask, look in zip(Seen.seen, looks, strict=True):
        np.testing.assert_array_equal(mask, real if look else ~real)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (
            Residual(layers=[Flatten()]),
            r"model\.layers\[0\]: \(residual\) layers turn \(2, 3\) into \(6,\); .* Add a `shortcut` with layers",
        ),
        (
            Residual(layers=[RELU], shortcut=[Dense(units=2)]),
            r"layers give \(2, 3\), the shortcut gives \(2, 2\)\. Let both give the same shape",
        ),
        (
            Residual(layers=[RELU], shortcut=[Flatten(), Dense(units="auto")]),
            r"model\.layers\[0\]\.shortcut\[1\]: \(dense\) units: auto",
        ),
        (
            Parallel(branches=[[RELU], [Dense(units=2)]]),
            r"model\.layers\[0\]\.branches\[1\]: gives \(2, 2\), the first branch \(2, 3\)\. For add all",
        ),
        (
            Parallel(branches=[[RELU], [Flatten()]], merge="concat"),
            r"model\.layers\[0\]\.branches\[1\]: gives \(6,\), .* For concat all axes but the last must agree",
        ),
        (Parallel(branches=[[], [RELU, Dense(units="auto")]]), r"model\.layers\[0\]\.branches\[1\]\[1\]: \(dense\)"),
        (
            Repeat(times=2, layers=[Dense(units=3), Residual(layers=[Flatten()])]),
            r"model\.layers\[0\]\.layers\[1\]: \(residual\)",
        ),
        (  # the first copy is flat already, so that the second fails
            Repeat(times=3, layers=[LayerNorm(axes=2), Flatten()]),
            r"model\.layers\[0\]\.layers\[0\]: \(layer_norm\) expects 2 axes or more, got \(6,\)",
        ),
    ],
)
def test_layers_that_do_not_fit(layer: Layer, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        Network([layer], InputSpec((2, 3)))


def test_ids_cannot_be_merged() -> None:
    with pytest.raises(ShapeError, match=r"branches\[0\]: gives ids: only numbers can be merged\. Add \"embedding\""):
        Network([Parallel(branches=[[Flatten()]])], InputSpec((2, 3), "ids"))


def test_an_error_while_running_names_the_layer_of_a_copy() -> None:
    network = Network([Repeat(times=2, layers=[Dense(units=2), BatchNorm()])], InputSpec((3,)))
    network.initialize(np.random.default_rng(0))
    with pytest.raises(ShapeError) as caught:
        network.workspace(1).batch(1).forward(Pass(training=True))
    assert caught.value.where == "model.layers[0].layers[1]"
    assert network.plan.fewest_samples == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "sequential"},
        {"type": "sequential", "layers": []},
        {"type": "repeat", "times": 0, "layers": ["relu"]},
        {"type": "residual", "layers": ["relu"], "shortcut": []},
        {"type": "parallel", "branches": []},
        {"type": "parallel", "branches": [["relu"]], "merge": "sum"},
    ],
)
def test_wrong_settings(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Layer.parse(fields)


def test_composites_can_be_written_short_and_nested() -> None:
    nested = {"type": "repeat", "times": 2, "layers": [{"type": "residual", "layers": ["tanh", "dropout"]}, "relu"]}
    inner = Residual(layers=[ActivationLayer(function=Tanh()), Dropout()])
    assert Layer.parse(nested) == Repeat(times=2, layers=[inner, RELU])


def test_flops_are_those_of_all_parts() -> None:
    dense = Dense(units=3)
    assert Repeat(times=4, layers=[dense]).plan(InputSpec((3,))).flops == 4 * 18
    assert Residual(layers=[dense]).plan(InputSpec((3,))).flops == 18 + 3
    assert Parallel(branches=[[dense], [dense]]).plan(InputSpec((3,))).flops == 2 * 18 + 3


def test_a_step_allocates_nothing_the_size_of_a_batch(step_memory: Callable[..., tuple[int, int]]) -> None:
    branches: list[list[Layer]] = [[], [Dense(units=64), Dropout()], [BatchNorm(), RELU]]
    layers: list[Layer] = [
        *(Parallel(branches=branches, merge=merge) for merge in MERGES if merge != "concat"),
        Parallel(branches=branches, merge="concat"),
        Residual(layers=[Dense(units=64)]),
        Residual(layers=[Repeat(times=2, layers=[Dense(units=64, activation=Tanh())])]),
    ]
    network = Network(layers, InputSpec((64,)))
    network.initialize(np.random.default_rng(0))
    batch = network.workspace(512, input_gradient=True).batch(512)
    batch.inputs[...] = np.random.default_rng(0).standard_normal((512, 64))
    peak, kept = step_memory(batch)
    assert batch.inputs.nbytes == 128 * 1024
    assert peak < 100 * 1024  # NumPy's own buffers for casts: 8192 numbers, whatever the size of the batch
    assert kept < 1024
