from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnn.errors import ConfigError, ShapeError
from scratchnn.nn.arena import Workspace
from scratchnn.nn.contracts import RaggedMask
from scratchnn.nn.initializers import Constant, HeNormal, Initializer, Ones, Orthogonal
from scratchnn.nn.layer import InputSpec, Layer
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.gru import GRU
from scratchnn.nn.layers.lstm import LSTM
from scratchnn.nn.layers.recurrent import Blocks, Recurrent, SimpleRNN
from scratchnn.nn.memory import Array, Memory, Pass
from scratchnn.nn.network import Network
from scratchnn.nn.samples import scatter

KINDS: list[type[Recurrent]] = [SimpleRNN, LSTM, GRU]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("case", "fields"),
    [
        ("last", {}),
        ("every", {"return_sequences": True, "bias": False}),
        ("packed_last", {}),
        ("deep_last", {"layers": 2, "bidirectional": True}),
        ("deep_every", {"layers": 2, "bidirectional": True, "return_sequences": True}),
        ("packed_deep_last", {"layers": 2, "bidirectional": True}),
        ("packed_deep_every", {"layers": 2, "bidirectional": True, "return_sequences": True}),
        ("windows", {"bidirectional": True, "return_sequences": True, "truncate": 2}),
        ("windows_padded", {"bidirectional": True, "return_sequences": True, "truncate": 3}),
    ],
)
def test_it_agrees_with_torch(
    kind: type[Recurrent], case: str, fields: dict[str, object], agree: Callable[..., None]
) -> None:
    mask = [RaggedMask()] if "pa" in case else []  # packed or padded
    agree(f"{kind.tag()}_{case}", [*mask, kind(units=3, **fields)])


def test_relu_agrees_with_torch(agree: Callable[..., None]) -> None:
    agree("simple_rnn_relu", [RaggedMask(), SimpleRNN(units=3, activation="relu", return_sequences=True)])


def ready(layers: list[Layer], shape: tuple[int, ...], dtype: str = "float64") -> Network:
    network = Network(layers, InputSpec(shape), dtype=dtype)
    scatter(network, np.random.default_rng(3))
    return network


def test_steps_worked_out_by_hand() -> None:
    """One unit, all weights 1: h1 = relu(1 + 2), h2 = relu(-1 + h1 + 2), and the sigmoid of 0 is a half."""
    network = Network([SimpleRNN(units=1, activation="relu", return_sequences=True)], InputSpec((3, 1)))
    network.arena.parameters.fill(1)
    network.arena.named_arrays()["0.0.forward.bias"].fill(2)
    np.testing.assert_array_equal(network.predict(np.array([[[1.0], [-1.0], [-9.0]]])), [[[3], [4], [0]]])

    network = Network([LSTM(units=1, return_sequences=True)], InputSpec((2, 1)), dtype="float64")
    network.arena.parameters.fill(0)
    network.arena.named_arrays()["0.0.forward.bias"][:] = [0, 0, np.arctanh(0.5), 0]
    found = network.predict(np.zeros((1, 2, 1))).ravel()  # c1 = 1/2 * 1/2, c2 = c1 / 2 + 1/4
    np.testing.assert_allclose(found, [0.5 * np.tanh(0.25), 0.5 * np.tanh(0.375)], rtol=1e-14)

    network = Network([GRU(units=1, return_sequences=True)], InputSpec((2, 1)), dtype="float64")
    network.arena.parameters.fill(0)
    network.arena.named_arrays()["0.0.forward.recurrent_bias"][:] = 2 * np.arctanh(0.5)
    found = network.predict(np.zeros((1, 2, 1))).ravel()  # n = tanh(r q) = 1/2, h1 = n / 2, h2 = n / 2 + h1 / 2
    np.testing.assert_allclose(found, [0.25, 0.375], rtol=1e-14)


class Masked(RaggedMask):
    """Says which steps are real."""

    real: list[list[bool]]

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        super().forward(x, y, mem, run)
        run.mask = np.array(self.real)


def one_step(kind: type[Recurrent], x: Array, h: Array, c: Array, params: dict[str, Array]) -> tuple[Array, Array]:
    """The slow clear version of a step of one sample, from the formulas alone: the new h and c."""
    inputs, state = x @ params["weight"] + params["bias"], h @ params["recurrent_weight"]
    if kind is SimpleRNN:
        return np.tanh(inputs + state), c
    if kind is LSTM:
        i, f, g, o = np.split(inputs + state, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(c), c
    (r, z, n), (state_r, state_z, state_n) = np.split(inputs, 3), np.split(state, 3)
    z = sigmoid(z + state_z)
    n = np.tanh(n + sigmoid(r + state_r) * (state_n + params["recurrent_bias"]))
    return (1 - z) * n + z * h, c


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def by_steps(layer: Recurrent, sample: Array, real: list[bool], arrays: dict[str, Array]) -> tuple[Array, Array]:
    """One sample through every layer: the outputs of the top one's steps, and its last output."""
    for index in range(layer.layers):
        sides = []
        for direction in layer.directions:
            prefix = f"1.{index}.{direction}."
            params = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
            outputs, h, c = np.zeros((len(sample), layer.units)), np.zeros(layer.units), np.zeros(layer.units)
            places = [place for place, is_real in enumerate(real) if is_real]
            for place in places if direction == "forward" else reversed(places):
                h, c = one_step(type(layer), sample[place], h, c, params)
                outputs[place] = h
            sides.append((outputs, h))
        sample = np.concatenate([outputs for outputs, _ in sides], axis=1)
    return sample, np.concatenate([last for _, last in sides])


SIZES = st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(1, 3), st.integers(1, 3))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(KINDS), SIZES, st.integers(1, 3), st.booleans(), st.booleans(), st.data())
def test_it_is_what_the_formulas_say(
    kind: type[Recurrent], sizes: tuple[int, ...], depth: int, bidirectional: bool, every: bool, data: st.DataObject
) -> None:
    samples, steps, features, units = sizes
    row = st.lists(st.booleans(), min_size=steps, max_size=steps)
    real = data.draw(st.lists(row, min_size=samples, max_size=samples))
    layer = kind(units=units, layers=depth, bidirectional=bidirectional, return_sequences=every)
    network = ready([Masked(real=real), layer], (steps, features))
    x = np.random.default_rng(0).standard_normal((samples, steps, features))
    arrays = network.arena.named_arrays()
    for sample, mask, found in zip(x, real, network.predict(x), strict=True):
        np.testing.assert_allclose(found, by_steps(layer, sample, mask, arrays)[not every], rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_padded_steps_change_nothing(kind: type[Recurrent]) -> None:
    """A padded sample gives what it gives alone, without its padding, wherever the padding lies."""

    layer = kind(units=3, layers=2, bidirectional=True, return_sequences=True)
    network = ready([Masked(real=[[True] * 6, [False, True, True, False, True, False]]), layer], (6, 2))
    alone = ready([layer], (3, 2))
    alone.arena.parameters[...] = network.arena.parameters
    x = np.random.default_rng(0).standard_normal((2, 6, 2))
    found = network.predict(x)
    places = [1, 2, 4]
    np.testing.assert_allclose(found[1, places], alone.predict(x[1:, places])[0], rtol=1e-12)
    np.testing.assert_array_equal(found[1, [0, 3, 5]], 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_mask_of_real_steps_alone_is_as_no_mask(kind: type[Recurrent]) -> None:
    layer = kind(units=3, return_sequences=True)
    x = np.random.default_rng(0).standard_normal((2, 4, 3))
    masked, plain = ready([Masked(real=[[True] * 4] * 2), layer], (4, 3)), ready([layer], (4, 3))
    np.testing.assert_array_equal(masked.predict(x), plain.predict(x))


def test_the_mask_goes_on_only_with_the_steps() -> None:
    def mask_after(layer: Layer) -> object:
        run = Pass()
        network = ready([RaggedMask(), layer], (4, 2))
        network.workspace(3).batch(3).forward(run)
        return run.mask

    kept = mask_after(GRU(units=2, return_sequences=True))
    assert isinstance(kept, np.ndarray)
    assert kept.sum(axis=1).tolist() == [4, 3, 2]
    assert mask_after(GRU(units=2)) is None


@pytest.mark.parametrize("kind", KINDS)
def test_stacking_is_listing(kind: type[Recurrent]) -> None:
    stacked = ready([kind(units=3, layers=2, bidirectional=True)], (5, 2))
    listed = ready(
        [kind(units=3, bidirectional=True, return_sequences=True), kind(units=3, bidirectional=True)], (5, 2)
    )
    for name, array in stacked.arena.named_arrays().items():
        _, index, rest = name.split(".", 2)
        listed.arena.named_arrays()[f"{index}.0.{rest}"][...] = array
    x = np.random.default_rng(0).standard_normal((4, 5, 2))
    np.testing.assert_allclose(stacked.predict(x), listed.predict(x), rtol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_a_window_as_long_as_the_sequence_cuts_nothing(kind: type[Recurrent]) -> None:
    def gradient(**fields: object) -> np.ndarray:
        network = ready([kind(units=3, **fields)], (4, 2))
        batch = network.workspace(2, input_gradient=True).batch(2)
        batch.inputs[...] = np.random.default_rng(0).standard_normal((2, 4, 2))
        batch.forward(Pass(True))
        batch.output_gradient.fill(1)
        batch.backward(Pass(True))
        return batch.input_gradient.copy()

    np.testing.assert_array_equal(gradient(truncate=4), gradient())
    cut = gradient(truncate=3)  # the last step begins a window
    np.testing.assert_array_equal(cut[:, :3], 0)
    np.testing.assert_array_equal(cut[:, 3], gradient()[:, 3])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fields", [{}, {"bidirectional": True, "layers": 2}])
def test_it_overfits_eight_samples(
    kind: type[Recurrent], fields: dict[str, object], overfit: Callable[..., float]
) -> None:
    assert overfit([RaggedMask(), kind(units=16, **fields), Dense(units=2)], InputSpec((5, 3))) < 1e-3


def test_how_parameters_start() -> None:
    network = Network([LSTM(units=40, bidirectional=True)], InputSpec((3, 200)), init=HeNormal())
    network.initialize(np.random.default_rng(0))
    arrays = network.arena.named_arrays()
    for side in ("forward", "reverse"):
        assert arrays[f"0.0.{side}.weight"].std() == pytest.approx((2 / 200) ** 0.5, rel=0.02)
        for gate in np.split(arrays[f"0.0.{side}.recurrent_weight"], 4, axis=1):
            np.testing.assert_allclose(gate.T @ gate, np.eye(40), atol=1e-5)
        assert [set(part.tolist()) for part in np.split(arrays[f"0.0.{side}.bias"], 4)] == [{0}, {1}, {0}, {0}]
    assert not np.array_equal(arrays["0.0.forward.weight"], arrays["0.0.reverse.weight"])
    layer = LSTM(units=1, forget_bias=2.5, bias_init=Ones(), init=Constant(value=3), recurrent_init=Constant(value=4))
    network = Network([layer], InputSpec((3, 1)))
    network.initialize(np.random.default_rng(0))
    values = [array.ravel().tolist() for array in network.arena.named_arrays().values()]
    assert values == [[3] * 4, [4] * 4, [1, 2.5, 1, 1]]


def test_glorot_takes_the_fans_of_one_gate() -> None:
    network = Network([GRU(units=50)], InputSpec((3, 100)))
    network.initialize(np.random.default_rng(0))
    weight = network.arena.named_arrays()["0.0.forward.weight"]
    assert np.abs(weight).max() == pytest.approx((6 / 150) ** 0.5, rel=0.01)


def test_blocks_are_filled_one_by_one() -> None:
    out = np.empty((2, 6))
    Blocks(inits=(Ones(), Constant(value=2), Orthogonal())).fill(out, (2, 2), np.random.default_rng(0))
    np.testing.assert_array_equal(out[:, :4], [[1, 1, 2, 2]] * 2)
    np.testing.assert_allclose(out[:, 4:] @ out[:, 4:].T, np.eye(2), atol=1e-12)
    assert "blocks" not in Initializer.members()


def test_only_weights_decay() -> None:
    network = Network([GRU(units=3, l2=0.5)], InputSpec((4, 2)))
    assert network.arena.decayed == 32 + 3 * 9  # 2 * 9 and 3 * 9 numbers; the first fill two cache lines
    assert [group.l2 for group in network.arena.groups] == [0.5]
    names = [name.removeprefix("0.0.forward.") for name in network.arena.slots]
    assert names == ["weight", "recurrent_weight", "bias", "recurrent_bias"]


def test_it_follows_the_arrays_that_it_is_given() -> None:
    layer = GRU(units=2, return_sequences=True)
    network = ready([layer], (4, 3))
    memory = Workspace(network.arena, network.plan, 5).memory(5).children["0"]
    batch = network.workspace(5, input_gradient=True).batch(5)
    rng = np.random.default_rng(1)
    for _ in range(2):
        x, y, dy = rng.standard_normal((5, 4, 3)), np.empty((5, 4, 2)), rng.standard_normal((5, 4, 2))
        batch.inputs[...] = x
        expected = batch.forward(Pass())
        batch.output_gradient[...] = dy
        batch.backward(Pass())
        dx = np.empty((5, 4, 3))
        layer.forward(x, y, memory, Pass())
        layer.backward(x, y, dy, dx, memory, Pass())
        np.testing.assert_array_equal(y, expected)
        np.testing.assert_array_equal(dx, batch.input_gradient)


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_allocates_nothing_the_size_of_a_batch(
    kind: type[Recurrent], step_memory: Callable[..., tuple[int, int]]
) -> None:
    layers = [RaggedMask(), kind(units=16, bidirectional=True, truncate=2), Dense(units=3)]
    network = ready(layers, (4, 16), "float32")
    batch = network.workspace(1024, input_gradient=True).batch(1024)
    batch.inputs[...] = np.random.default_rng(0).standard_normal((1024, 4, 16))
    peak, kept = step_memory(batch)
    # NumPy works on views of columns in buffers of its own, of up to 8192 numbers for each operand, at any batch size.
    assert peak < 3 * 32 * 1024 + 12 * 1024  # the states of one direction hold 256 KiB
    assert kept < 1024


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1e4, -1e4])
def test_large_inputs_neither_overflow_nor_warn(kind: type[Recurrent], size: float) -> None:
    network = ready([kind(units=3, return_sequences=True)], (3, 2), "float32")
    found = network.predict(np.full((2, 3, 2), size))
    assert np.isfinite(found).all()
    assert np.abs(found).max() <= 1


def test_flops_count_the_products() -> None:
    assert LSTM(units=5).plan(InputSpec((3, 2))).flops == 2 * 3 * 4 * 5 * (2 + 5)
    assert SimpleRNN(units=5, layers=2, bidirectional=True).plan(InputSpec((3, 2))).flops == 60 * (7 + 15)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (InputSpec((3,)), r"\(gru\) expects sequences \(T, F\), got \(3,\)\. Bring the inputs into T steps"),
        (InputSpec((2, 3, 4)), r"\(gru\) expects sequences \(T, F\), got \(2, 3, 4\)"),
        (InputSpec((3, 4), kind="ids"), r"\(gru\) expects numbers, got ids"),
    ],
)
def test_inputs_that_do_not_fit(inputs: InputSpec, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        Network([GRU(units=2)], inputs)


@pytest.mark.parametrize(
    "fields", [{}, {"units": 0}, {"units": 2, "layers": 0}, {"units": 2, "truncate": 0}, {"units": 2, "bias": 1}]
)
def test_wrong_settings(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Layer.parse({"type": "lstm", **fields})
