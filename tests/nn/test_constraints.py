from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnn.errors import ConfigError
from scratchnn.nn.arena import Arena
from scratchnn.nn.constraints import Constraint
from scratchnn.nn.initializers import Normal, Zeros
from scratchnn.nn.layer import InputSpec, Layer, Param, Plan
from scratchnn.nn.layers.attention import MultiHeadAttention
from scratchnn.nn.layers.convolution import Conv1D, Conv2D, Conv2DTranspose
from scratchnn.nn.layers.dense import Dense
from scratchnn.nn.layers.depthwise import DepthwiseConv2D, SeparableConv2D
from scratchnn.nn.layers.embedding import Embedding, LearnedPositions, TiedEmbedding
from scratchnn.nn.layers.gru import GRU
from scratchnn.nn.layers.lstm import LSTM
from scratchnn.nn.network import Network
from scratchnn.nn.regularizers import Penalty, Regularization

WEIGHTS = [[3.0, 0.0, -0.6], [-4.0, 0.0, 0.8]]  # columns of norm 5, 0 and 1


def applied(settings: object, weights: object = WEIGHTS) -> np.ndarray:
    array = np.array(weights)
    Constraint.parse(settings).apply(Param(array.shape).by_unit(array))
    return array


def test_by_hand():
    np.testing.assert_array_equal(applied("non_negative"), [[3, 0, 0], [0, 0, 0.8]])
    np.testing.assert_allclose(applied({"type": "max_norm", "limit": 2.5}), [[1.5, 0, -0.6], [-2, 0, 0.8]])
    np.testing.assert_allclose(applied("unit_norm"), [[0.6, 0, -0.6], [-0.8, 0, 0.8]])


def test_a_vector_is_one_unit():
    np.testing.assert_allclose(applied("unit_norm", [3.0, 4.0]), [0.6, 0.8])
    np.testing.assert_allclose(applied({"type": "max_norm", "limit": 1.0}, [3.0, 4.0]), [0.6, 0.8])


@given(st.sampled_from(sorted(Constraint.members())), st.integers(0, 100), st.sampled_from(["float32", "float64"]))
def test_once_is_enough(tag, seed, dtype):
    weights = np.random.default_rng(seed).normal(size=(3, 3, 2, 4)).astype(dtype) * 3
    once = weights.copy()
    Constraint.parse(tag).apply(once)
    twice = once.copy()
    Constraint.parse(tag).apply(twice)
    np.testing.assert_allclose(twice, once, rtol=1e-6)
    assert not np.array_equal(once, weights)


def arena() -> Arena:
    params = {
        f"{layer}.{name}": Param(shape, None, init, (1, 1), decay=name == "weight")
        for layer in "01"
        for name, shape, init in (("weight", (2, 3), Normal()), ("bias", (3,), Zeros()))
    }
    made = Arena(Plan(InputSpec((1,)), params=params), np.dtype("float64"))
    for slot in made.slots.values():
        slot.view(made.parameters)[...] = np.array(WEIGHTS) if len(slot.shape) == 2 else [-3, 4, 0]
    return made


def test_patterns_choose_the_parameters():
    made = arena()
    entries = [
        {"match": "0.*", "constraint": {"type": "max_norm", "limit": 1.0}},
        {"match": "*.bias", "constraint": "non_negative"},
    ]
    Penalty(Regularization.model_validate({"constraints": entries}), made).constrain()
    arrays = made.named_arrays()
    np.testing.assert_allclose(arrays["0.weight"][:, 0], [0.6, -0.8])
    np.testing.assert_array_equal(arrays["1.weight"], WEIGHTS)
    np.testing.assert_allclose(arrays["0.bias"], [0, 0.8, 0])
    np.testing.assert_array_equal(arrays["1.bias"], [0, 4, 0])


def test_a_constraint_on_nothing_is_refused():
    settings = Regularization.model_validate({"constraints": [{"match": "kernel", "constraint": "unit_norm"}]})
    with pytest.raises(ConfigError) as caught:
        Penalty(settings, arena())
    assert caught.value.where == "regularization.constraints[0].match"


def test_a_layers_own_constraint_wins_over_patterns():
    own = Constraint.parse({"type": "max_norm", "limit": 1.0})
    params = {"own": Param((2, 3), constraint=own), "other": Param((2, 3))}
    made = Arena(Plan(InputSpec((1,)), params=params), np.dtype("float64"))
    for array in made.named_arrays().values():
        array[...] = WEIGHTS
    entries = [{"match": "o*", "constraint": "non_negative"}]
    penalty = Penalty(Regularization.model_validate({"constraints": entries}), made)
    assert penalty.constrains
    penalty.constrain()
    np.testing.assert_allclose(made.named_arrays()["own"], [[0.6, 0, -0.6], [-0.8, 0, 0.8]])
    np.testing.assert_array_equal(made.named_arrays()["other"], [[3, 0, 0], [0, 0, 0.8]])


UNITS = {
    "dense": (Dense(units=3), InputSpec((4,)), "weight", lambda w: [w[:, o] for o in range(3)]),
    "conv1d": (Conv1D(filters=4, kernel_size=3, groups=2), InputSpec((5, 2)), "weight", lambda w: list(w.T)),
    "conv2d": (
        Conv2D(filters=4, kernel_size=[2, 3], groups=2),
        InputSpec((4, 4, 6)),
        "weight",
        lambda w: [w[..., f] for f in range(4)],
    ),
    "conv2d_transpose": (  # filter f of group g, on the channels 3 g, ..., 3 g + 2
        Conv2DTranspose(filters=4, kernel_size=2, groups=2),
        InputSpec((3, 3, 6)),
        "weight",
        lambda w: [w[:, :, f, 3 * g : 3 * g + 3] for f in range(2) for g in range(2)],
    ),
    "depthwise_conv2d": (
        DepthwiseConv2D(kernel_size=3, depth_multiplier=2),
        InputSpec((4, 4, 3)),
        "weight",
        lambda w: [w[:, :, c, m] for c in range(3) for m in range(2)],
    ),
    "lstm, of the inputs": (LSTM(units=2), InputSpec((3, 4)), "0.forward.weight", lambda w: list(w.T)),
    "lstm, of the state": (LSTM(units=2), InputSpec((3, 4)), "0.forward.recurrent_weight", lambda w: list(w.T)),
    "attention": (MultiHeadAttention(heads=2), InputSpec((3, 4)), "weight", lambda w: list(w.T)),
    "embedding": (Embedding(count=5, units=3), InputSpec((2,), "ids"), "weight", list),
    "tied_embedding": (
        TiedEmbedding(count=5, units=3, layers=[Dense(units=3)]),
        InputSpec((2,), "ids"),
        "weight",
        list,
    ),
    "learned_positions": (LearnedPositions(), InputSpec((4, 3)), "weight", list),
}


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_what_leads_to_one_output_or_the_vector_of_an_id(name):
    layer, inputs, parameter, split = UNITS[name]
    made = Network([layer], inputs, dtype="float64").arena
    array = made.named_arrays()[f"0.{parameter}"]
    array[...] = np.random.default_rng(0).normal(size=array.shape)
    before = array.copy()
    entries = [{"match": f"0.{parameter}", "constraint": "unit_norm"}]
    Penalty(Regularization.model_validate({"constraints": entries}), made).constrain()
    for unit, was in zip(split(array), split(before), strict=True):
        np.testing.assert_allclose(unit, was / np.sqrt((was**2).sum()), rtol=1e-12)


@pytest.mark.parametrize(
    ("layer", "shape", "constrained"),
    [
        (Dense(units=3, constraint="unit_norm"), (4,), ["weight"]),
        (Conv2D(filters=2, kernel_size=2, constraint="unit_norm"), (3, 3, 1), ["weight"]),
        (SeparableConv2D(filters=2, kernel_size=2, constraint="unit_norm"), (3, 3, 2), ["0.weight", "1.weight"]),
        (GRU(units=2, constraint="unit_norm"), (3, 4), ["0.forward.weight", "0.forward.recurrent_weight"]),
        (MultiHeadAttention(heads=2, constraint="unit_norm"), (3, 4), ["weight", "output_weight"]),
        (Embedding(count=5, units=3, constraint="unit_norm"), (4,), ["weight"]),
    ],
    ids=lambda value: value.tag() if isinstance(value, Layer) else None,
)
def test_a_layers_constraint_is_on_its_weights_alone(layer, shape, constrained):
    params = Network([layer], InputSpec(shape, "ids" if isinstance(layer, Embedding) else "float")).arena.params
    assert [name[2:] for name, param in params.items() if param.constraint is not None] == constrained
