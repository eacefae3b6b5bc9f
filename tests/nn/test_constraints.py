from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnn.errors import ConfigError
from scratchnn.nn.arena import Arena
from scratchnn.nn.constraints import Constraint
from scratchnn.nn.initializers import Normal, Zeros
from scratchnn.nn.layer import InputSpec, Param, Plan
from scratchnn.nn.regularizers import Penalty, Regularization

WEIGHTS = [[3.0, 0.0, -0.6], [-4.0, 0.0, 0.8]]  # columns of norm 5, 0 and 1


def applied(settings: object, weights: object = WEIGHTS) -> np.ndarray:
    array = np.array(weights)
    Constraint.parse(settings).apply(array)
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
