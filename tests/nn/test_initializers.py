from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnn.errors import ConfigError, ShapeError
from scratchnn.nn.initializers import Initializer

SHAPE = (300, 200)
FANS = (300, 200)


def draw(init: object, shape: tuple[int, ...] = SHAPE, dtype: str = "float64", seed: int = 0) -> np.ndarray:
    out = np.full(shape, np.nan, dtype)
    Initializer.parse(init).fill(out, FANS, np.random.default_rng(seed))
    return out


@pytest.mark.parametrize(("init", "value"), [("zeros", 0), ("ones", 1), (0.25, 0.25), (-3, -3)])
def test_constants(init: object, value: float) -> None:
    assert (draw(init) == value).all()


@pytest.mark.parametrize(
    ("init", "limit"),
    [
        ("glorot_uniform", math.sqrt(6 / 500)),
        ("he_uniform", math.sqrt(6 / 300)),
        ("lecun_uniform", math.sqrt(3 / 300)),
        ({"type": "variance_scaling", "scale": 3, "mode": "fan_out", "distribution": "uniform"}, math.sqrt(9 / 200)),
        ("uniform", 0.05),
    ],
)
def test_uniform_laws_fill_their_range(init: object, limit: float) -> None:
    values = draw(init)
    assert abs(values).max() <= limit
    assert values.max() == pytest.approx(limit, rel=1e-3)
    assert values.min() == pytest.approx(-limit, rel=1e-3)
    assert values.std() == pytest.approx(limit / math.sqrt(3), rel=0.01)
    assert abs(values.mean()) < 0.01 * limit


@pytest.mark.parametrize(
    ("init", "mean", "deviation"),
    [
        ("glorot_normal", 0, math.sqrt(2 / 500)),
        ("he_normal", 0, math.sqrt(2 / 300)),
        ("lecun_normal", 0, math.sqrt(1 / 300)),
        ({"type": "variance_scaling", "scale": 3, "mode": "fan_out"}, 0, math.sqrt(3 / 200)),
        ({"type": "normal", "mean": 1, "deviation": 0.5}, 1, 0.5),
        ({"type": "truncated_normal", "mean": 1, "deviation": 0.5}, 1, 0.5 * 0.879625611),
    ],
)
def test_normal_laws_have_their_moments(init: object, mean: float, deviation: float) -> None:
    values = draw(init)
    assert values.mean() == pytest.approx(mean, abs=0.02 * deviation)
    assert values.std() == pytest.approx(deviation, rel=0.01)


def test_the_six_named_laws_are_not_truncated() -> None:
    assert abs(draw("he_normal")).max() > 4 * math.sqrt(2 / 300)


def test_a_truncated_normal_ends_at_two_deviations() -> None:
    values = draw({"type": "truncated_normal", "mean": 3, "deviation": 2})
    assert 3.98 < abs(values - 3).max() <= 4


def test_uniform_takes_limits() -> None:
    values = draw({"type": "uniform", "low": 2, "high": 3})
    assert (values.min(), values.max()) == pytest.approx((2, 3), abs=1e-3)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=2, max_size=4), st.floats(0.1, 3), st.integers(0, 5))
def test_an_orthogonal_matrix_is_orthogonal(shape: list[int], gain: float, seed: int) -> None:
    values = draw({"type": "orthogonal", "gain": gain}, tuple(shape), seed=seed).reshape(-1, shape[-1])
    rows, columns = values.shape
    product = values.T @ values if rows >= columns else values @ values.T
    np.testing.assert_allclose(product, gain**2 * np.eye(min(rows, columns)), atol=1e-12)


def test_an_orthogonal_matrix_favours_no_sign() -> None:
    corners = [draw("orthogonal", (3, 3), seed=seed)[0, 0] for seed in range(400)]
    assert abs(np.mean(corners)) < 0.1  # without fixed signs the mean is -0.5


def test_the_identity() -> None:
    np.testing.assert_array_equal(draw({"type": "identity", "gain": 2}, (2, 3)), [[2, 0, 0], [0, 2, 0]])


@pytest.mark.parametrize("tag", sorted(set(Initializer.members()) - {"constant"}))
def test_a_float32_network_starts_from_the_same_numbers(tag: str) -> None:
    shape = (3, 10, 20) if tag == "dirac" else (30, 20)
    np.testing.assert_array_equal(draw(tag, shape, "float32"), draw(tag, shape).astype("float32"))


@pytest.mark.parametrize(
    ("gain", "value"),
    [
        ("linear", 1),
        ("sigmoid", 1),
        ("tanh", 5 / 3),
        ("relu", 2**0.5),
        ("leaky_relu", 1.4141428569978354),
        ("selu", 0.75),
        (3, 3),
    ],
)
def test_a_gain_is_a_number_or_that_of_an_activation(gain: object, value: float) -> None:
    """The numbers of torch.nn.init.calculate_gain in PyTorch 2.13."""
    weights = draw({"type": "orthogonal", "gain": gain}, (6, 4))
    np.testing.assert_allclose(weights.T @ weights, value**2 * np.eye(4), rtol=1e-8, atol=1e-12)
    for distribution in ("normal", "uniform"):
        law = {"type": "variance_scaling", "distribution": distribution}
        np.testing.assert_allclose(draw({**law, "gain": gain}), value * draw(law), rtol=1e-8)


@pytest.mark.parametrize(("sparsity", "zeros"), [(0.9, 27), (0.5, 15), (0.31, 10), (0, 0)])
def test_sparse_weights_leave_each_output_as_many_inputs(sparsity: float, zeros: int) -> None:
    values = draw({"type": "sparse", "sparsity": sparsity, "deviation": 2}, (5, 6, 400))
    np.testing.assert_array_equal((values == 0).sum(axis=(0, 1)), np.full(400, zeros))
    assert values[values != 0].std() == pytest.approx(2, rel=0.06)
    if 0 < zeros < 30:
        where = (values == 0).mean(axis=2)
        assert abs(where - zeros / 30).max() < 0.1  # no input is favoured: 4 deviations of 400 draws


@pytest.mark.parametrize(
    ("shape", "groups", "ones"),
    [
        ((3, 2, 4), 1, [(1, 0, 0), (1, 1, 1)]),
        ((4, 3, 2), 1, [(2, 0, 0), (2, 1, 1)]),
        ((3, 2, 5), 1, [(1, 0, 0), (1, 1, 1)]),
        ((3, 3, 2, 6), 2, [(1, 1, 0, 0), (1, 1, 1, 1), (1, 1, 0, 3), (1, 1, 1, 4)]),
        ((1, 2, 2, 2, 2), 2, [(0, 1, 1, 0, 0), (0, 1, 1, 0, 1)]),
    ],
)
def test_dirac_passes_channels_on(shape: tuple[int, ...], groups: int, ones: list[tuple[int, ...]]) -> None:
    """As torch.nn.init.dirac_ in PyTorch 2.13 places them, with its axes (F, C / groups, K, ...) moved to ours."""
    values = draw({"type": "dirac", "groups": groups}, shape)
    assert [tuple(map(int, place)) for place in np.argwhere(values)] == sorted(ones)
    assert values.sum() == len(ones)


@pytest.mark.parametrize(
    ("init", "first"),
    [
        ("normal", [0.015235854, -0.051999205, 0.03752256]),
        ("uniform", [0.027395605, -0.006112156, 0.035859792]),
        ("truncated_normal", [0.015235854, -0.051999205, 0.03752256]),
        ("glorot_uniform", [0.060020763, -0.013391063, 0.078564868]),
        ("he_normal", [0.024880045, -0.084914347, 0.061274084]),
        ("orthogonal", [0.01976085, -0.057915296, 0.050414197]),
    ],
)
def test_the_draws_stay_the_same_from_version_to_version(init: str, first: list[float]) -> None:
    """Made by this package with NumPy 2.4 and seed 42; NumPy keeps the streams of PCG64."""
    np.testing.assert_allclose(draw(init, seed=42).reshape(-1)[:3], first, atol=1e-8)


@pytest.mark.parametrize(
    ("init", "shape", "message"),
    [
        ("orthogonal", (3,), r"\(orthogonal\) expects two axes or more, got \(3,\)"),
        ("identity", (2, 2, 2), r"\(identity\) expects a matrix, got \(2, 2, 2\)"),
        ("sparse", (3,), r"\(sparse\) expects two axes or more, got \(3,\)"),
        ("dirac", (2, 2), r"\(dirac\) expects a kernel for filters in 1 equal groups, got \(2, 2\)"),
        ({"type": "dirac", "groups": 2}, (3, 2, 3), r"\(dirac\) expects a kernel for filters in 2 equal groups"),
    ],
)
def test_shapes_that_do_not_fit(init: str, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        draw(init, shape)


@pytest.mark.parametrize(
    "init",
    [
        {"type": "uniform", "low": 1, "high": 1},
        {"type": "normal", "deviation": 0},
        {"type": "orthogonal", "gain": "softmax"},
        {"type": "sparse", "sparsity": 1},
        {"type": "constant"},
        "gaussian",
        True,
    ],
)
def test_wrong_settings(init: object) -> None:
    with pytest.raises(ConfigError):
        Initializer.parse(init)
