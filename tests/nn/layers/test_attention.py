from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnn.errors import ConfigError, ShapeError
from scratchnn.nn.activations import Tanh
from scratchnn.nn.contracts import Copy, RaggedMask
from scratchnn.nn.layer import InputSpec, Layer
from scratchnn.nn.layers.attention import MultiHeadAttention
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.shape import Flatten
from scratchnn.nn.memory import Array, Memory, Pass
from scratchnn.nn.network import Network


@pytest.mark.parametrize(
    ("case", "layers"),
    [
        ("attention", [MultiHeadAttention(heads=2)]),
        ("attention_no_bias", [MultiHeadAttention(heads=4, bias=False)]),
        ("attention_causal", [MultiHeadAttention(heads=2, causal=True)]),
        ("attention_masked", [RaggedMask(), MultiHeadAttention(heads=2)]),
        ("attention_both", [RaggedMask(), MultiHeadAttention(heads=3, causal=True)]),
        ("attention_one", [MultiHeadAttention(heads=1)]),
        ("attention_grouped", [MultiHeadAttention(heads=4, key_heads=2, units=8)]),
        ("attention_grouped_causal", [MultiHeadAttention(heads=6, key_heads=1, units=6, causal=True)]),
    ],
)
def test_it_agrees_with_torch(case: str, layers: list[Layer], agree: Callable[..., None]) -> None:
    agree(case, layers)


def slowly(layer: MultiHeadAttention, x: Array, arrays: dict[str, Array], mask: Array | None) -> Array:
    """The formulas of the docstring, number by number."""
    units, heads = layer.units or x.shape[-1], layer.heads
    key_heads, d = layer.key_heads or heads, units // heads
    packed = x @ arrays["weight"] + arrays["bias"]
    out = np.zeros((*x.shape[:2], units))
    for b in range(len(x)):

        def vector(start: int, t: int, turned: bool, row: Array = packed[b]) -> Array:
            part = row[t, start : start + d].copy()
            if turned and layer.rotary:
                for i in range(d // 2):
                    c, s = np.cos(t * 10000 ** (-2 * i / d)), np.sin(t * 10000 ** (-2 * i / d))
                    part[2 * i : 2 * i + 2] = np.array([[c, -s], [s, c]]) @ part[2 * i : 2 * i + 2]
            return part

        for h in range(heads):
            k = h * key_heads // heads
            for t in range(x.shape[1]):
                seen = [s for s in range(x.shape[1]) if mask is None or mask[b, s]]
                seen = [s for s in seen if not layer.causal or s <= t]
                query = vector(h * d, t, True)
                scores = np.array([query @ vector(units + k * d, s, True) for s in seen]) / d**0.5
                values = np.array([vector(units + (key_heads + k) * d, s, False) for s in seen])
                out[b, t, h * d : h * d + d] = np.exp(scores) @ values / np.exp(scores).sum()
    return out @ arrays["output_weight"] + arrays["output_bias"]


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    "layer",
    [
        MultiHeadAttention(heads=2, rotary=True),
        MultiHeadAttention(heads=4, key_heads=2, units=8, rotary=True, causal=True),
        MultiHeadAttention(heads=3, key_heads=1, units=12, rotary=True),
        MultiHeadAttention(heads=2, causal=True),
    ],
)
def test_the_fast_way_equals_the_slow_one(layer: MultiHeadAttention, masked: bool) -> None:
    x = np.random.default_rng(1).standard_normal((3, 4, 8))
    mask = np.arange(4) < 4 - np.arange(3)[:, None] % 4 if masked else None
    network = Network([RaggedMask(), layer] if masked else [layer], InputSpec((4, 8)), dtype="float64")
    network.initialize(np.random.default_rng(0))
    named = network.arena.named_arrays()
    for array in named.values():
        array += 0.3 * np.random.default_rng(2).standard_normal(array.shape)
    arrays = {name.split(".")[1]: array for name, array in named.items()}
    np.testing.assert_allclose(network.predict(x), slowly(layer, x, arrays, mask), atol=1e-12)


def test_rotary_worked_out_by_hand() -> None:
    # Q = K = (0, 1, 0, 0) at both steps: step 1 sees step 0 at an angle of 1, itself at 0, both over sqrt(4).
    # If pairs were (i, i + 2), the angle would be 0.01. V is (1, 0, 0, 0) at step 0 and 0 at step 1.
    network = Network([MultiHeadAttention(heads=1, rotary=True, bias=False)], InputSpec((2, 4)), dtype="float64")
    arrays = network.arena.named_arrays()
    weight = arrays["0.weight"]
    weight[:2, 1] = weight[:2, 5] = 1
    weight[0, 8] = 1
    arrays["0.output_weight"][...] = np.eye(4)
    y = network.predict(np.eye(2, 4)[None])
    share = 1 / (1 + np.exp((1 - np.cos(1)) / 2))
    np.testing.assert_allclose(y[0], [[1 - share, 0, 0, 0], [share, 0, 0, 0]], atol=1e-12)
    assert share == pytest.approx(0.4428, abs=1e-4)


class NothingSeen(Copy):
    """All steps of the second sample are padding."""

    def forward(self, x: Array, y: Array, mem: Memory, run: Pass) -> None:
        super().forward(x, y, mem, run)
        run.mask = np.array([[True] * x.shape[1], [False] * x.shape[1]])


@pytest.mark.parametrize("causal", [False, True])
def test_a_sample_of_nothing_but_padding(causal: bool) -> None:
    network = Network([NothingSeen(), MultiHeadAttention(heads=2, causal=causal)], InputSpec((3, 4)), dtype="float64")
    network.initialize(np.random.default_rng(0))
    network.arena.named_arrays()["1.output_bias"][...] = 5
    batch = network.workspace(2, input_gradient=True, poison=True).batch(2)
    batch.inputs[...] = np.random.default_rng(0).standard_normal((2, 3, 4))
    assert np.all(batch.forward(Pass())[1] == 5)
    batch.output_gradient[...] = 1
    batch.backward(Pass())
    assert batch.input_gradient is not None
    assert np.all(batch.input_gradient[1] == 0)
    assert np.all(np.isfinite(batch.input_gradient))
    assert np.abs(batch.input_gradient[0]).max() > 0.01


def test_padding_has_no_influence() -> None:
    network = Network([RaggedMask(), MultiHeadAttention(heads=2)], InputSpec((4, 4)), dtype="float64")
    network.initialize(np.random.default_rng(0))
    x = np.random.default_rng(0).standard_normal((3, 4, 4))
    before = network.predict(x)
    x[2, 2:] = 1e3  # the last two steps of the third sample are padding
    np.testing.assert_array_equal(network.predict(x)[2, :2], before[2, :2])


def test_a_causal_step_does_not_see_later_ones() -> None:
    network = Network([MultiHeadAttention(heads=2, causal=True, rotary=True)], InputSpec((4, 4)), dtype="float64")
    network.initialize(np.random.default_rng(0))
    x = np.random.default_rng(0).standard_normal((1, 4, 4))
    before = network.predict(x)
    x[0, 2] += 1
    after = network.predict(x)
    np.testing.assert_array_equal(after[0, :2], before[0, :2])
    assert np.abs(after[0, 2:] - before[0, 2:]).min(axis=-1).min() > 0


def test_huge_scores_do_not_overflow() -> None:
    network = Network([MultiHeadAttention(heads=1, bias=False)], InputSpec((3, 2)))
    for array in network.arena.named_arrays().values():
        array[...] = 1
    y = network.predict(np.array([[[1e6, 1e6], [1.0, 1.0], [-1e6, -1e6]]]))
    assert np.all(np.isfinite(y))
    np.testing.assert_allclose(y[0, 0], [4e6, 4e6], rtol=1e-5)  # the first step sees nothing but itself


def test_dropout_keeps_the_mean_and_works_on_the_weights() -> None:
    network = Network([MultiHeadAttention(heads=1, dropout=0.25, bias=False)], InputSpec((4, 1)), dtype="float64")
    arrays = network.arena.named_arrays()
    arrays["0.weight"][...] = [[0, 0, 1]]  # every step sees every step with the weight 1 / 4, and V = x
    arrays["0.output_weight"][...] = 1
    batch = network.workspace(2000, poison=True).batch(2000)
    batch.inputs[...] = 1
    y = batch.forward(Pass(True, np.random.Generator(np.random.PCG64(0)))).reshape(-1)
    assert set(np.round(y, 6)) == {0, 0.333333, 0.666667, 1, 1.333333}
    assert y.mean() == pytest.approx(1, abs=0.02)
    assert np.all(batch.forward(Pass(False)) == 1)


@pytest.mark.parametrize(
    ("layer", "inputs", "message"),
    [
        (
            MultiHeadAttention(heads=4),
            InputSpec((3, 6)),
            r"cannot share 6 units among 4 heads\. Choose a number of heads",
        ),
        (MultiHeadAttention(heads=4, key_heads=3), InputSpec((3, 8)), r"cannot share 3 key_heads among 4 heads"),
        (
            MultiHeadAttention(heads=2, rotary=True),
            InputSpec((3, 6)),
            r"rotary needs an even number of units a head, got 3",
        ),
        (MultiHeadAttention(heads=2), InputSpec((6,)), r"expects steps of numbers \(T, F\), got \(6,\)"),
        (MultiHeadAttention(heads=2), InputSpec((6,), kind="ids"), r"expects numbers, got ids"),
    ],
)
def test_inputs_that_do_not_fit(layer: Layer, inputs: InputSpec, message: str) -> None:
    with pytest.raises(ShapeError, match=r"model\.layers\[0\]: \(multi_head_attention\) " + message):
        Network([layer], inputs)


@pytest.mark.parametrize("fields", [{}, {"heads": 0}, {"heads": 2, "units": 0}, {"heads": 2, "dropout": 1.0}])
def test_wrong_settings(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        Layer.parse({"type": "multi_head_attention", **fields})


def test_steps_allocate_nothing_the_size_of_a_batch(step_memory: Callable[..., tuple[int, int]]) -> None:
    layer = MultiHeadAttention(heads=4, key_heads=2, causal=True, rotary=True, dropout=0.1)
    network = Network([layer], InputSpec((32, 64)))
    network.initialize(np.random.default_rng(0))
    batch = network.workspace(128, input_gradient=True).batch(128)
    batch.inputs[...] = np.random.default_rng(0).standard_normal((128, 32, 64))
    peak, _ = step_memory(batch)
    assert batch.inputs.nbytes == 1024 * 1024
    assert peak < 250 * 1024  # NumPy's own buffers: 8192 numbers each, whatever the size of the batch


def test_flops_count_the_products() -> None:
    plan = MultiHeadAttention(heads=2, key_heads=1, units=8).plan(InputSpec((3, 5)))
    assert plan.flops == 2 * 3 * (5 * 16 + 8 * 8) + 2 * 2 * (3 * 3 * 8)


def test_biases_start_at_0_and_are_never_decayed() -> None:
    network = Network([MultiHeadAttention(heads=2)], InputSpec((3, 4)))
    network.initialize(np.random.default_rng(0))
    arena = network.arena
    decayed = {name: slot.start < arena.decayed for name, slot in arena.slots.items()}
    assert decayed == {"0.weight": True, "0.output_weight": True, "0.bias": False, "0.output_bias": False}
    assert not arena.parameters[arena.decayed :].any()


def test_the_fans_are_those_of_one_matrix_not_of_the_pack() -> None:
    network = Network([MultiHeadAttention(heads=4)], InputSpec((2, 256)))
    network.initialize(np.random.default_rng(0))
    assert network.arena.named_arrays()["0.weight"].std() == pytest.approx((2 / 512) ** 0.5, rel=0.01)


def test_it_overfits_eight_samples(overfit: Callable[..., float]) -> None:
    layers = [Dense(units=8, activation=Tanh()), MultiHeadAttention(heads=2, causal=True), Flatten(), Dense(units=2)]
    assert overfit(layers, InputSpec((3, 4))) < 1e-3
