"""Limits on the gradient; that of the norm is tested with the penalties, in test_regularizers.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scratchnn.nn.arena import Arena
from scratchnn.nn.clipping import clip_adaptive, clip_value
from scratchnn.nn.initializers import Normal, Zeros
from scratchnn.nn.layer import InputSpec, Param, Plan
from scratchnn.nn.regularizers import Penalty, Regularization

with np.load(Path(__file__).parents[1] / "fixtures" / "torch_optimizers.npz", allow_pickle=False) as archive:
    TORCH = {name: archive[name] for name in archive.files}


def test_by_value_equals_pytorch():
    gradient = TORCH["clip.gradient"].copy()
    clip_value(gradient, 0.4)
    np.testing.assert_array_equal(gradient, TORCH["clip.value"])
    assert (np.abs(TORCH["clip.gradient"]) > 0.4).any()


def test_adaptive_by_hand():
    """Brock et al. 2021, equation 3, a column at a time: norms 5, 0 (taken as 0.001) and 1 against 10, 1 and 0.05."""
    weights = np.array([[3.0, 0.0, 1.0], [4.0, 0.0, 0.0]])
    gradient = np.array([[6.0, 1.0, 0.03], [8.0, 0.0, 0.04]])
    clip_adaptive(weights, gradient, 0.1)
    np.testing.assert_allclose(gradient, [[0.3, 1e-4, 0.03], [0.4, 0, 0.04]], rtol=1e-12)


def test_adaptive_takes_a_vector_as_one_unit_and_a_kernel_by_its_outputs():
    gradient, vector = np.array([3.0, 4.0]), Param((2,))
    clip_adaptive(vector.by_unit(np.array([0.0, 2.0])), vector.by_unit(gradient), 0.5)
    np.testing.assert_allclose(gradient, [0.6, 0.8], rtol=1e-12)
    rng = np.random.default_rng(0)
    weights, kernel = rng.normal(size=(2, 3, 3, 2, 4))
    clip_adaptive(weights, kernel, 0.01)
    norms = [np.linalg.norm(kernel[..., f]) / np.linalg.norm(weights[..., f]) for f in range(4)]
    np.testing.assert_allclose(norms, 0.01, rtol=1e-12)


def test_adaptive_leaves_zero_gradients_and_float32():
    gradient = np.zeros((2, 2), np.float32)
    clip_adaptive(np.ones((2, 2), np.float32), gradient, 0.1)
    np.testing.assert_array_equal(gradient, 0)
    assert gradient.dtype == np.float32


def arena() -> Arena:
    params = {
        "weight": Param((2, 3), None, Normal(), (1, 1)),
        "bias": Param((3,), None, Zeros(), (1, 1), decay=False),
    }
    made = Arena(Plan(InputSpec((1,)), params=params), np.dtype("float64"))
    made.slots["weight"].view(made.parameters)[...] = [[3, 0, 1], [4, 0, 0]]
    made.slots["weight"].view(made.gradients)[...] = [[6, 1, 0.03], [8, 0, 0.04]]
    made.slots["bias"].view(made.gradients)[...] = [0.1, 0.2, 0.2]
    return made


def clipped(**settings: float) -> tuple[np.ndarray, np.ndarray]:
    made = arena()
    Penalty(Regularization.model_validate(settings), made).add()
    return tuple(made.slots[name].view(made.gradients) for name in ("weight", "bias"))


def test_each_limit_reaches_the_gradient():
    weight, bias = clipped(clip_value=0.15)
    np.testing.assert_allclose(weight, [[0.15, 0.15, 0.03], [0.15, 0, 0.04]])
    np.testing.assert_allclose(bias, [0.1, 0.15, 0.15])
    weight, bias = clipped(clip_parameter_norm=1.0)
    np.testing.assert_allclose(np.linalg.norm(weight), 1, rtol=1e-6)
    np.testing.assert_allclose(bias, [0.1, 0.2, 0.2])
    weight, bias = clipped(clip_adaptive=0.1)
    np.testing.assert_allclose(weight[:, 0], [0.3, 0.4])
    np.testing.assert_allclose(np.linalg.norm(bias), 1e-4)
    weight, bias = clipped(clip_norm=1.0)
    np.testing.assert_allclose(np.sqrt((weight**2).sum() + (bias**2).sum()), 1, rtol=1e-6)


def test_values_come_before_the_norm():
    weight, bias = clipped(clip_value=0.15, clip_norm=0.1)
    np.testing.assert_allclose(weight[0, 0], bias[1], rtol=1e-12)
