from __future__ import annotations

import math
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from scratchnn.nn.arena import Arena
from scratchnn.nn.clipping import clip_norm
from scratchnn.nn.initializers import Normal, Zeros
from scratchnn.nn.layer import InputSpec, Param, Plan
from scratchnn.nn.regularizers import Penalty, Regularization

with np.load(Path(__file__).parents[1] / "fixtures" / "torch_training.npz", allow_pickle=False) as archive:
    TORCH = {name: archive[name] for name in archive.files}


def arena_of(*overrides: tuple[float | None, float | None], size: int = 5, dtype: str = "float64") -> Arena:
    """A weight of `size` numbers for each pair of l1 and l2, and a bias; all parameters random, all gradients 1."""
    params = {
        f"weight{i}": Param((size,), None, Normal(), (1, 1), l1=l1, l2=l2) for i, (l1, l2) in enumerate(overrides)
    }
    params["bias"] = Param((3,), None, Zeros(), (1, 1), decay=False)
    arena = Arena(Plan(InputSpec((1,)), params=params), np.dtype(dtype))
    rng = np.random.default_rng(0)
    for slot in arena.slots.values():
        slot.view(arena.parameters)[...] = rng.normal(size=slot.shape)
        slot.view(arena.gradients)[...] = 1
    return arena


def weights_of(arena: Arena, name: str) -> np.ndarray:
    return arena.slots[name].view(arena.parameters)


def gradients_of(arena: Arena, name: str) -> np.ndarray:
    return arena.slots[name].view(arena.gradients)


def test_value_and_gradient():
    arena = arena_of((None, None), (None, None))
    penalty = Penalty(Regularization(l1=0.3, l2=0.5), arena)
    w = np.concatenate([weights_of(arena, "weight0"), weights_of(arena, "weight1")])
    assert penalty.active
    assert penalty.value() == pytest.approx(0.3 * np.abs(w).sum() + 0.25 * (w**2).sum(), rel=1e-14)
    penalty.add()
    for name in ("weight0", "weight1"):
        w = weights_of(arena, name)
        np.testing.assert_allclose(gradients_of(arena, name), 1 + 0.3 * np.sign(w) + 0.5 * w, rtol=1e-14)
    np.testing.assert_array_equal(gradients_of(arena, "bias"), 1)


def test_the_gradient_is_the_derivative_of_the_value():
    arena = arena_of((None, None), (0.7, None), (None, 0.9))
    penalty = Penalty(Regularization(l1=0.2, l2=0.4), arena)
    arena.gradients[...] = 0
    penalty.add()
    for name, slot in arena.slots.items():
        for place in range(slot.size):
            values = []
            for step in (1e-6, -2e-6):
                slot.view(arena.parameters)[place] += step
                values.append(penalty.value())
            slot.view(arena.parameters)[place] += 1e-6
            expected = (values[0] - values[1]) / 2e-6
            assert gradients_of(arena, name)[place] == pytest.approx(expected, abs=1e-8)


def test_a_layer_overrides_the_global_factors():
    arena = arena_of((0.0, 0.0), (2.0, None), (None, None))
    Penalty(Regularization(l1=0.1, l2=0.3), arena).add()
    w1, w2 = weights_of(arena, "weight1"), weights_of(arena, "weight2")
    np.testing.assert_array_equal(gradients_of(arena, "weight0"), 1)
    np.testing.assert_allclose(gradients_of(arena, "weight1"), 1 + 2 * np.sign(w1) + 0.3 * w1, rtol=1e-14)
    np.testing.assert_allclose(gradients_of(arena, "weight2"), 1 + 0.1 * np.sign(w2) + 0.3 * w2, rtol=1e-14)


def test_equal_neighbours_are_one_span():
    arena = arena_of((None, None), (None, 0.3), (0.1, 0.3))
    spans = Regularization(l1=0.1, l2=0.3).spans(arena)
    assert spans == [(slice(0, arena.decayed), 0.1, 0.3)]


def test_unequal_neighbours_stay_apart():
    arena = arena_of((None, None), (0.0, 0.0), (0.5, None), (0.1, 0.0), (0.1, 0.3))
    spans = Regularization(l1=0.1, l2=0.0).spans(arena)
    covered = {
        name: [(l1, l2) for span, l1, l2 in spans if span.start <= slot.start < span.stop]
        for name, slot in arena.slots.items()
    }
    assert covered == {
        "weight0": [(0.1, 0.0)],
        "weight1": [],
        "weight2": [(0.5, 0.0)],
        "weight3": [(0.1, 0.0)],
        "weight4": [(0.1, 0.3)],
        "bias": [],
    }


def test_nothing_set_is_not_active():
    arena = arena_of((None, None))
    penalty = Penalty(Regularization(), arena)
    penalty.add()
    assert not penalty.active
    assert penalty.value() == 0
    np.testing.assert_array_equal(gradients_of(arena, "weight0"), 1)


def test_a_layer_alone_makes_it_active():
    assert Penalty(Regularization(), arena_of((None, 0.1), (None, None))).active


@pytest.mark.parametrize("limit", [0.001, 1.0, 100.0])
def test_clipping_equals_pytorch(limit):
    gradient = TORCH["clip.gradient"].copy()
    assert clip_norm(gradient, limit) == pytest.approx(float(TORCH[f"clip.norm.{limit}"]), rel=1e-13)
    np.testing.assert_allclose(gradient, TORCH[f"clip.{limit}"], rtol=1e-12)
    # The 1e-6 beside the norm is seen: without it the result differs by 1e-7 and more.
    plain = TORCH["clip.gradient"] * min(1, limit / np.linalg.norm(TORCH["clip.gradient"]))
    assert limit == 100.0 or np.max(np.abs(gradient / plain - 1)) > 1e-8


def test_clipping_counts_the_penalty_and_the_biases():
    arena = arena_of((None, None))
    Penalty(Regularization(l2=10.0, clip_norm=0.5), arena).add()
    assert np.linalg.norm(arena.gradients) == pytest.approx(0.5, rel=1e-5)
    expected = 1 + 10 * weights_of(arena, "weight0")
    ratio = gradients_of(arena, "weight0") / expected
    np.testing.assert_allclose(ratio, gradients_of(arena, "bias")[0], rtol=1e-12)


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_a_norm_too_large_for_float32_is_clipped_not_dropped():
    gradient = np.array([3e30, 4e30], np.float32)
    assert clip_norm(gradient, 1.0) == pytest.approx(5e30, rel=1e-6)
    np.testing.assert_allclose(gradient, [0.6, 0.8], rtol=1e-6)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_a_gradient_that_is_not_finite_stays_so(bad):
    gradient = np.array([1.0, bad], np.float32)
    assert not math.isfinite(clip_norm(gradient, 1.0))
    assert not np.isfinite(gradient).all()


@pytest.mark.parametrize("name", ["l1", "l2", "clip_norm"])
def test_settings_out_of_range(name):
    for value in (-1.0, math.inf):
        with pytest.raises(ValidationError, match=name):
            Regularization.model_validate({name: value})


def test_add_allocates_nothing():
    arena = arena_of((None, None), (0.5, None), size=50_000)
    penalty = Penalty(Regularization(l1=0.1, l2=0.1, clip_norm=1.0), arena)
    tracemalloc.start()
    try:
        penalty.add()
        penalty.value()
        assert tracemalloc.get_traced_memory()[1] < 4096
    finally:
        tracemalloc.stop()
