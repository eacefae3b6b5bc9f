from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.errors import ConfigError, DataError, ShapeError
from scratchnn.nn.activations import Tanh
from scratchnn.nn.contracts import Copy
from scratchnn.nn.initializers import Normal, Ones
from scratchnn.nn.layer import Column, InputSpec, Layer
from scratchnn.nn.layers.attention import MultiHeadAttention
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.embedding import Embedding, LearnedPositions, SinusoidalPositions, TiedEmbedding, sinusoids
from scratchnn.nn.layers.normalization import BatchNorm
from scratchnn.nn.layers.shape import Flatten
from scratchnn.nn.memory import Array, Memory, Pass
from scratchnn.nn.network import Batch, Network


def started(layers: list[Layer], inputs: InputSpec, rows: int) -> tuple[Network, Batch]:
    network = Network(layers, inputs, dtype="float64")
    network.initialize(np.random.default_rng(0))
    return network, network.workspace(rows, input_gradient=True, poison=True).batch(rows)


@pytest.mark.parametrize(
    ("case", "layer"),
    [
        ("embedding", Embedding(count=9, units=3)),
        ("embedding_padding", Embedding(count=5, units=4, padding_index=2)),
        ("embedding_tied", TiedEmbedding(count=6, units=3, layers=[Dense(units=3, activation=Tanh())])),
    ],
)
def test_it_agrees_with_torch(case: str, layer: Layer, torch_layers: dict[str, np.ndarray]) -> None:
    ids = torch_layers[f"{case}/x"]
    network, batch = started([layer], InputSpec(ids.shape[1:], kind="ids"), len(ids))
    theirs = {name: name.removeprefix("0.").replace("layers.0.", "inner.") for name in network.arena.slots}
    for name, array in network.arena.named_arrays().items():
        param = torch_layers[f"{case}/param/{theirs[name]}"]
        array[...] = param.T if "inner" in theirs[name] else param
    batch.inputs[...] = ids
    np.testing.assert_allclose(batch.forward(Pass()), torch_layers[f"{case}/y"], rtol=1e-9, atol=1e-9)
    batch.output_gradient[...] = torch_layers[f"{case}/dy"]
    batch.backward(Pass())
    for name, slot in network.arena.slots.items():
        expected = torch_layers[f"{case}/grad/{theirs[name]}"]
        expected = expected.T if "inner" in theirs[name] else expected
        np.testing.assert_allclose(slot.view(network.arena.gradients), expected, rtol=1e-9, atol=1e-9, err_msg=name)


class SeenMask(Copy):
    """Keeps the mask that it was given, as numbers, in y."""

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        y[...] = 2 if run.mask is None else run.mask[..., None]


@pytest.mark.parametrize(("padding", "seen"), [(None, [2, 2, 2]), (0, [1, 1, 0]), (4, [0, 1, 1])])
def test_padding_is_told_to_the_layers_after(padding: int | None, seen: list[int]) -> None:
    layer = Embedding(count=5, units=1, padding_index=padding)
    _, batch = started([layer, SeenMask()], InputSpec((3,), kind="ids"), 1)
    batch.inputs[...] = [[4, 1, 0]]
    assert batch.forward(Pass())[0, :, 0].tolist() == seen


def test_the_row_of_padding_stays_zero() -> None:
    network, batch = started([Embedding(count=3, units=2, padding_index=1, init=Ones())], InputSpec((2,), "ids"), 1)
    batch.inputs[...] = [[1, 2]]
    assert batch.forward(Pass()).tolist() == [[[0, 0], [1, 1]]]
    batch.output_gradient[...] = 7
    batch.backward(Pass())
    assert network.arena.slots["0.weight"].view(network.arena.gradients).tolist() == [[0, 0], [0, 0], [7, 7]]
    assert network.arena.named_arrays()["0.weight"].tolist() == [[1, 1], [0, 0], [1, 1]]


@pytest.mark.parametrize("wrong", [-1, 5, 2**40])
def test_ids_out_of_range(wrong: int) -> None:
    _, batch = started([Embedding(count=5, units=2)], InputSpec((3,), kind="ids"), 2)
    batch.inputs[...] = [[0, 4, 1], [2, wrong, 3]]
    with pytest.raises(DataError, match=rf"got the id {wrong}, expected ids from 0 to 4\. Raise `count`"):
        batch.forward(Pass())


def test_sinusoids_by_their_formula() -> None:
    for t, i in ((0, 0), (7, 1), (99, 2)):
        angle = t / 10000 ** (2 * i / 5)
        assert sinusoids(100, 5)[t, 2 * i] == pytest.approx(np.sin(angle), abs=1e-14)
        if i < 2:  # an odd number of features ends with a sine
            assert sinusoids(100, 5)[t, 2 * i + 1] == pytest.approx(np.cos(angle), abs=1e-14)


@pytest.mark.parametrize("layer", [SinusoidalPositions(), LearnedPositions()])
def test_positions_are_added_to_every_sample(layer: Layer) -> None:
    network, batch = started([layer], InputSpec((3, 4)), 2)
    x = np.random.default_rng(0).standard_normal((2, 3, 4))
    batch.inputs[...] = x
    positions = network.arena.named_arrays().get("0.weight", sinusoids(3, 4))
    assert np.abs(positions).max() > 0.01
    np.testing.assert_allclose(batch.forward(Pass()), x + positions, atol=1e-15)


def test_learned_positions_sum_their_gradient_over_the_batch() -> None:
    network, batch = started([LearnedPositions()], InputSpec((2, 1)), 3)
    batch.inputs.fill(0)
    batch.forward(Pass())
    batch.output_gradient[...] = [[[1], [2]], [[10], [20]], [[100], [200]]]
    batch.backward(Pass())
    assert network.arena.slots["0.weight"].view(network.arena.gradients).tolist() == [[111], [222]]
    assert batch.input_gradient is not None
    assert batch.input_gradient[:, 1, 0].tolist() == [2, 20, 200]


@pytest.mark.parametrize(
    ("layer", "inputs", "message"),
    [
        (Embedding(count=3, units=2), InputSpec((4,)), r"\(embedding\) expects ids, got \(4,\)"),
        (
            Embedding(units=2),
            InputSpec((4,), columns=(Column("age"), Column("note", codes=5, width=3, sequence=True))),
            r'expects ids, got \(4,\)\. Put \{type: select, columns: \["note"\]\} before it, in a branch of its own',
        ),
        (
            Embedding(count=3, units=2),
            InputSpec((4, 2), "ids"),
            r"\(embedding\) expects a row of ids \(T,\), got \(4, 2\)",
        ),
        (
            TiedEmbedding(count=3, units=2, layers=[Dense(units=5)]),
            InputSpec((4,), "ids"),
            r"\(tied_embedding\) layers give \(4, 5\), expected 2 numbers on the last axis\. Add a dense layer",
        ),
        (
            TiedEmbedding(count=3, units=2, layers=[Flatten(), LearnedPositions()]),
            InputSpec((4,), "ids"),
            r"model\.layers\[0\]\.layers\[1\]: \(learned_positions\) expects steps of numbers",
        ),
        (LearnedPositions(), InputSpec((4,)), r"\(learned_positions\) expects steps of numbers \(T, F\), got \(4,\)"),
        (LearnedPositions(), InputSpec((4,), "ids"), r"\(learned_positions\) expects numbers, got ids"),
        (SinusoidalPositions(), InputSpec((2, 3, 4)), r"\(sinusoidal_positions\) expects steps of numbers"),
    ],
)
def test_inputs_that_do_not_fit(layer: Layer, inputs: InputSpec, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        Network([layer], inputs)


@pytest.mark.parametrize(
    "fields", [{"count": 0, "units": 1}, {"count": 2}, {"count": 2, "units": 1, "padding_index": 2}]
)
def test_wrong_settings(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Layer.parse({"type": "embedding", **fields})


def test_how_vectors_start_is_not_for_the_model_to_say() -> None:
    network = Network([Embedding(count=100, units=50), LearnedPositions()], InputSpec((40,), kind="ids"), init=Ones())
    network.initialize(np.random.default_rng(0))
    arrays = network.arena.named_arrays()
    assert arrays["0.weight"].std() == pytest.approx(1, rel=0.03)  # as in PyTorch
    assert arrays["1.weight"].std() == pytest.approx(0.02, rel=0.05)


def test_penalties_of_its_own() -> None:
    network = Network([Embedding(count=3, units=2, l1=0.5, l2=0.25)], InputSpec((4,), kind="ids"))
    assert [(group.l1, group.l2) for group in network.arena.groups] == [(0.5, 0.25)]


def test_steps_allocate_nothing_the_size_of_a_batch(step_memory: Callable[..., tuple[int, int]]) -> None:
    layers = [Embedding(count=50, units=32, padding_index=0), LearnedPositions(), SinusoidalPositions()]
    _, batch = started(layers, InputSpec((64,), kind="ids"), 128)
    batch.inputs[...] = np.random.default_rng(0).integers(50, size=(128, 64))
    peak, _ = step_memory(batch)
    assert batch.outputs.nbytes == 2048 * 1024
    assert peak < 200 * 1024  # NumPy's own buffers: 8192 numbers each, whatever the size of the batch


@pytest.mark.parametrize("positions", [SinusoidalPositions(), LearnedPositions()])
def test_it_overfits_eight_samples(positions: Layer, overfit: Callable[..., float]) -> None:
    layers = [Embedding(count=2, units=8), positions, MultiHeadAttention(heads=2), Flatten(), Dense(units=2)]
    assert overfit(layers, InputSpec((12,), kind="ids")) < 1e-3


def test_tied_vectors_are_one_parameter_worked_out_by_hand() -> None:
    # E = (1, 2, 3), b = 0, one layer h = 10 e: y = 10 e E'. dE gets 10 e dy of the output, and 10 (dy . E) for the id.
    layer = TiedEmbedding(count=3, units=1, layers=[Dense(units=1, bias=False)])
    network, batch = started([layer], InputSpec((1,), kind="ids"), 1)
    arrays = network.arena.named_arrays()
    assert list(arrays) == ["0.weight", "0.bias", "0.layers.0.weight"]
    arrays["0.weight"][:, 0], arrays["0.layers.0.weight"][...] = [1, 2, 3], 10
    batch.inputs[...] = 1
    assert batch.forward(Pass()).tolist() == [[[20, 40, 60]]]
    batch.output_gradient[...] = [[[1, 0, 2]]]
    batch.backward(Pass())
    gradients = network.arena.gradients
    assert network.arena.slots["0.weight"].view(gradients)[:, 0].tolist() == [20, 70, 40]
    assert network.arena.slots["0.bias"].view(gradients).tolist() == [1, 0, 2]
    assert network.arena.slots["0.layers.0.weight"].view(gradients).tolist() == [[14]]


def test_the_logit_of_padding_is_its_bias() -> None:
    layer = TiedEmbedding(count=3, units=2, padding_index=2, bias_init=Ones(), layers=[LearnedPositions()])
    network, batch = started([layer], InputSpec((4,), kind="ids"), 2)
    batch.inputs[...] = [[0, 1, 2, 2], [1, 1, 0, 0]]
    y = batch.forward(Pass())
    assert np.all(y[..., 2] == 1)
    assert np.all(y[..., :2] != 1)
    assert network.arena.named_arrays()["0.weight"][2].tolist() == [0, 0]


def test_a_tied_network_overfits_eight_samples(overfit: Callable[..., float]) -> None:
    layers = [MultiHeadAttention(heads=2, rotary=True), Flatten(), Dense(units=8)]
    tied = TiedEmbedding(count=4, units=8, init=Normal(deviation=0.5), layers=layers)
    assert overfit([tied], InputSpec((12,), kind="ids")) < 1e-3


def test_the_plan_of_a_tied_network_counts_what_is_inside() -> None:
    inside = [Dense(units=2), BatchNorm()]
    plan = TiedEmbedding(count=5, units=2, layers=[Flatten(), *inside]).plan(InputSpec((3,), "ids"))
    assert plan.fewest_samples == inside[1].plan(InputSpec((2,))).fewest_samples == 2
    assert plan.flops == 2 * 6 * 2 + inside[1].plan(InputSpec((2,))).flops + 2 * 2 * 5
    assert [param.decay for param in plan.params.values()] == [True, False]
